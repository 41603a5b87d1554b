package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.yaml.in/yaml/v3"
)

// What was refused here is asked for again as soon as a file that its policy names has
// changed, and otherwise after retryFirst, each time twice as late up to retryMax: what else
// was missing, such as a port, cannot be watched.
const (
	retryFirst = 30 * time.Second
	retryMax   = 10 * time.Minute
)

// retry says when a revision that was refused here is asked for again.
type retry struct {
	version string        // of the policy
	reason  string        // for which it was refused
	wait    time.Duration // until the next time
	due     time.Time     // when that is; zero: never
	files   []string      // that the policy names
	state   string        // of the files, as they were refused
}

// after is when a revision that is refused now is asked for again, if this is what came of
// it the last time; the zero value: it was not refused the last time.
func (r retry) after(b *bundle, now time.Time) retry {
	wait := retryFirst
	if r.version == b.version {
		wait = min(2*r.wait, retryMax)
	}
	files := filesNamed(b.policy.GetDocument())
	return retry{version: b.version, wait: wait, due: now.Add(wait), files: files, state: seen(files)}
}

// retryRefused asks again for what was refused here, when it is time to.
func (a *Agent) retryRefused() {
	r := a.rejected
	if r == nil || a.up == nil || a.retry.due.IsZero() {
		return
	}
	why, level := "a while has passed", zap.DebugLevel // which is so again and again
	switch {
	case r.files:
		if r.bundle.open(a.log) != nil {
			return
		}
		why, level = "its certificate files can be used", zap.InfoLevel
	case seen(a.retry.files) != a.retry.state:
		why, level = "a file that it names has changed", zap.InfoLevel
	case a.now.Before(a.retry.due):
		return
	}
	a.log.Log(level, "asking the control plane again for a policy that was refused here: "+why, zap.String("revision", r.bundle.policy.GetRevision()))
	for id := range a.envoys {
		a.hub.Forget(id, r.bundle.set)
	}
	a.rejected = nil
	a.up.end()
}

// filesNamed returns what could be paths of files among the values of a document.
func filesNamed(document []byte) (paths []string) {
	var root yaml.Node
	if yaml.NewDecoder(bytes.NewReader(document)).Decode(&root) != nil {
		return nil
	}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && filepath.IsAbs(n.Value) && !strings.ContainsAny(n.Value, "\n*") {
			paths = append(paths, n.Value)
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&root)
	return paths
}

// seen is another text after a file was written, replaced, removed, or made readable.
func seen(paths []string) string {
	var b strings.Builder
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintln(&b, "none")
			continue
		}
		fmt.Fprintln(&b, info.ModTime().UnixNano(), info.Size(), info.Mode())
	}
	return b.String()
}
