package processes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestLogFilesBeginAnew holds that after SIGHUP what follows is in new files, of the modes of the
// first, and nothing more in those that somebody has renamed.
func TestLogFilesBeginAnew(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	ask := func(mark string) string {
		a := g.Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", mark, false), ""))
		gatewaytest.MustOK(t, a)
		return a.Exchange()
	}
	before := ask("before")
	names := []string{"access.jsonl", "envoy-access.jsonl"}
	has := func(file, exchange string) bool {
		text, _ := os.ReadFile(filepath.Join(g.Data, file))
		return strings.Contains(string(text), exchange)
	}
	for _, name := range names {
		g.Eventually("the first exchange in "+name, func() bool { return has(name, before) })
		if err := os.Rename(filepath.Join(g.Data, name), filepath.Join(g.Data, name+".theirs")); err != nil {
			t.Fatal(err)
		}
	}
	g.Process.Hangup()
	for _, name := range names {
		g.Eventually("a new "+name, func() bool { _, err := os.Stat(filepath.Join(g.Data, name)); return err == nil })
	}
	var after string
	g.Eventually("an exchange in both new files", func() bool { // Envoy opens its own a moment after it is asked to
		after = ask("after")
		g.Eventually("its row", func() bool { return has(names[0], after) || has(names[0]+".theirs", after) })
		return has(names[0], after) && has(names[1], after)
	})
	for _, name := range names {
		info, err := os.Stat(filepath.Join(g.Data, name))
		if err != nil || info.Mode().Perm()&0o027 != 0 || has(name, before) || has(name+".theirs", after) {
			t.Errorf("%s: %v, %v; it has the first exchange: %v", name, info, err, has(name, before))
		}
	}
}

// TestLogsGoToStandardOutput holds that access records and Envoy's own log go to the standard output
// if they are to, each line whole, and to no file.
func TestLogsGoToStandardOutput(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Args: []string{"--access-log", "-", "--envoy-access-log", "-"},
	})
	g.Process.Hangup()
	const asked = 60
	exchanges := make([]string, asked)
	var asking sync.WaitGroup
	for i := range asked {
		asking.Go(func() {
			a := g.Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "", false), ""))
			exchanges[i] = a.Exchange()
		})
	}
	asking.Wait()
	for _, exchange := range exchanges {
		g.Eventually("both lines of an exchange", func() bool { return strings.Count(g.Log(), `"`+exchange+`"`) == 2 })
	}
	for line := range strings.Lines(g.Log()) {
		if strings.HasPrefix(line, "{") && !json.Valid([]byte(line)) {
			t.Errorf("the line %q is no JSON", line)
		}
	}
	if files, err := filepath.Glob(filepath.Join(g.Data, "*.jsonl")); err != nil || len(files) > 0 {
		t.Errorf("the folder has %q, %v", files, err)
	}
	if strings.Contains(g.Log(), "cannot be opened anew") {
		t.Error("SIGHUP fails")
	}
}
