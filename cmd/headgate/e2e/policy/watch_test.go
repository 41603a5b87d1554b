package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// folder is a policy of two files, as a ConfigMap mounts it: the names in it lead
// through a link that is replaced by another one with each change.
type folder struct {
	t    *testing.T
	path string
	n    int
}

func newFolder(t *testing.T) *folder {
	f := &folder{t: t, path: t.TempDir()}
	for _, name := range []string{"backends.yaml", "models.yaml"} {
		f.link(filepath.Join("..data", name), name)
	}
	return f
}

func (f *folder) link(target, name string) {
	f.t.Helper()
	if err := os.Symlink(target, filepath.Join(f.path, name)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) swap(backends, models string) {
	f.t.Helper()
	f.n++
	version := fmt.Sprintf("..version-%d", f.n)
	if err := os.Mkdir(filepath.Join(f.path, version), 0o700); err != nil {
		f.t.Fatal(err)
	}
	gatewaytest.Overwrite(f.t, filepath.Join(f.path, version, "backends.yaml"), backends)
	gatewaytest.Overwrite(f.t, filepath.Join(f.path, version, "models.yaml"), models)
	f.link(version, "..next")
	if err := os.Rename(filepath.Join(f.path, "..next"), filepath.Join(f.path, "..data")); err != nil {
		f.t.Fatal(err)
	}
}

// halves are the files of a policy that differs by k.
func halves(k int, url string) (backends, models string) {
	return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\n", url),
		fmt.Sprintf("version: 1\nmodels:\n  m: b/v%d\n", k)
}

// TestChangesTakeEffect measures how long a change of the files takes until a request
// meets it, for each way in which files change. No test of
// this package runs meanwhile, because it measures.
func TestChangesTakeEffect(t *testing.T) {
	const changes = 10
	url := gatewaytest.NewEditions(t, 0).URLs[0]
	text := func(k int) string {
		backends, models := halves(k, url)
		return backends + strings.TrimPrefix(models, "version: 1\n")
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: text(0)})
	configMap := newFolder(t)
	configMap.swap(halves(0, url))
	g := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{PolicyFolder: configMap.path})
	k := 0
	for _, way := range []struct {
		name   string
		fleet  *gatewaytest.Fleet
		change func(k int)
	}{
		{"saved by renaming", f, func(k int) { f.Write(text(k)) }},
		{"written in place", f, func(k int) { gatewaytest.Overwrite(t, f.Policy, text(k)) }},
		{"a ConfigMap swapped", g, func(k int) { configMap.swap(halves(k, url)) }},
		{"written, with SIGHUP", f, func(k int) { gatewaytest.Overwrite(t, f.Policy, text(k)); f.XDS[0].Hangup() }},
	} {
		t.Run(way.name, func(t *testing.T) {
			pair := way.fleet.Pairs[0].With(t)
			var took []time.Duration
			for range changes {
				k++
				want, began := gatewaytest.RevisionOf(t, text(k)), time.Now()
				way.change(k)
				pair.AwaitRevision(want)
				took = append(took, time.Since(began).Round(time.Millisecond))
			}
			slices.Sort(took)
			t.Logf("a request meets a change after %v in the middle, %v at most", took[changes/2], took[changes-1])
			if took[changes/2] > 2*time.Second {
				t.Error("that is too long")
			}
		})
	}
	if n := strings.Count(f.XDS[0].Log(), "SIGHUP: reading the policy again"); n != changes {
		t.Errorf("%d of %d SIGHUPs were seen", n, changes)
	}
}

// TestABadChange holds that a faulty policy changes nothing, and that every place at
// which an operator may look says each of its faults until a good one follows, or the
// edit is undone.
func TestABadChange(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 3)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	pair, control := f.Pairs[0], f.XDS[0]
	first, second := gatewaytest.RevisionOf(t, gatewaytest.Edition(1, s.URLs)), gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs))
	pair.AwaitPolicy(first)
	clear := func() {
		t.Helper()
		if _, text := control.Readyz(); strings.Contains(text, "refused") || control.Metric("headgate_policy_refused") != 0 || strings.Contains(control.Status(), "refused a change") {
			t.Errorf("something is refused:\n%s\n%s", text, control.Status())
		}
	}
	clear()
	f.Write("version: 2\nbackends: {b: {provider: opnai}}\nmodels: {m: c/x}\nlimts: {}\n")
	gatewaytest.Eventually(t, "the refusal", func() bool { return strings.Contains(control.Log(), "policy refused") })
	if n := control.Metric("headgate_policy_refused"); n != 1 {
		t.Errorf("refused is %v", n)
	}
	status, ready := control.Readyz()
	if status != 200 || !strings.HasPrefix(ready, "ready\n") {
		t.Errorf("/readyz answers %d, %q", status, ready)
	}
	for place, text := range map[string]string{"the log": control.Log(), "/readyz": ready, "headgate status": control.Status()} {
		for _, fault := range []string{"policy.yaml:2:", "opnai", "policy.yaml:1:10 version", "policy.yaml:3:", "policy.yaml:4:1: unknown key", "limts"} {
			if !strings.Contains(text, fault) {
				t.Errorf("%s does not say %q:\n%s", place, fault, text)
			}
		}
	}
	if n := strings.Count(control.Log(), "policy refused"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
	if got := pair.Meets(); got != first {
		t.Errorf("a request meets %q, not the old policy", got)
	}
	gatewaytest.Overwrite(t, f.Policy, gatewaytest.Edition(1, s.URLs))
	gatewaytest.Eventually(t, "the end of the refusal", func() bool { return strings.Contains(control.Log(), "the policy file is good again") })
	clear()
	f.Write("version: 2\n")
	gatewaytest.Eventually(t, "the second refusal", func() bool { return strings.Count(control.Log(), "policy refused") == 2 })
	f.Write(gatewaytest.Edition(2, s.URLs))
	pair.AwaitRevision(second)
	clear()
}
