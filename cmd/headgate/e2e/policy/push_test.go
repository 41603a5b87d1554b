package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPushesToAControlPlane holds the commands against headgate xds, and that what is
// pushed outlives a kill, until the file changes.
func TestPushesToAControlPlane(t *testing.T) {
	t.Parallel()
	url := gatewaytest.NewEditions(t, 0).URLs[0]
	text := func(k int) string {
		return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\nmodels:\n  m: b/v%d\n", url, k)
	}
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: text(0)})
	pair := f.Pairs[0]
	awaits := func(revision string) { pair.AwaitRevision(revision) }
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	commands(t, o, text, awaits)
	pushed, file := gatewaytest.RevisionOf(t, text(3)), gatewaytest.RevisionOf(t, text(4))
	o.Push(0, text(3), nil, pushed)
	awaits(pushed)
	f.XDS[0].Kill()
	f.StartXDS(0)
	pair.AwaitLink()
	o.Says(0, []string{"status"}, pushed, "push")
	awaits(pushed)
	f.Write(text(4))
	awaits(file)
	o.Says(0, []string{"policy", "history"}, file, pushed, "cheaper models")
}

// TestPushesToARunningGateway holds the commands against headgate run, which refuses a
// policy for which a credential is not set, or that reads what neither its file does nor a flag
// allows.
func TestPushesToARunningGateway(t *testing.T) {
	t.Parallel()
	url := gatewaytest.NewEditions(t, 0).URLs[0]
	admin := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	text := func(k int) string {
		return fmt.Sprintf("version: 1\nunpriced: flag\nbackends:\n  b: {provider: openai-compatible, url: %q}\nmodels:\n  m: b/v%d\n", url, k)
	}
	g := gatewaytest.Start(t, text(0), gatewaytest.Options{Args: []string{"--admin", admin, "--allow", "env:HEADGATE_E2E_UNSET=" + url[:strings.LastIndex(url, "/")]}})
	listen := "listen: " + strings.TrimPrefix(g.URL, "http://") + "\n"
	o := gatewaytest.NewOperator(t, admin)
	listening := func(k int) string { return listen + text(k) }
	awaits := func(revision string) { g.AwaitRevision(revision) }
	commands(t, o, listening, awaits)
	keyed := strings.Replace(listening(1), "models:\n", fmt.Sprintf("  keyed: {provider: openai, url: %q, credential: {env: HEADGATE_E2E_UNSET}}\nmodels:\n  k: keyed/x\n", url), 1)
	o.Push(1, keyed, nil, "HEADGATE_E2E_UNSET", `"keyed"`, "not set")
	o.Push(1, keyed, []string{"-o", "json"}, `"unfit_policy"`)
	o.Says(0, []string{"status"}, "refused a change by push", "HEADGATE_E2E_UNSET")
	for from, to := range map[string]string{"env: HEADGATE_E2E_UNSET": "env: HOME", url + `", c`: `http://127.0.0.1:1/v1", c`} {
		o.Push(1, strings.Replace(keyed, from, to, 1), nil, "pushed.yaml:6:", "backends.keyed.credential", "--allow env:", "1 fault; nothing changed")
	}
	awaits(gatewaytest.RevisionOf(t, listening(0)))
	if b, err := os.ReadFile(g.Policy); err != nil || string(b) != listening(0) {
		t.Errorf("the file is changed: %q, %v", b, err)
	}
}

// commands changes a policy in every way, and holds what the commands say of it. The
// policy in effect is text(0); awaits waits until requests meet a revision.
func commands(t *testing.T, o *gatewaytest.Operator, text func(k int) string, awaits func(revision string)) {
	t.Helper()
	zero, one, two := gatewaytest.RevisionOf(t, text(0)), gatewaytest.RevisionOf(t, text(1)), gatewaytest.RevisionOf(t, text(2))
	o.Push(0, text(1), nil, one, zero)
	awaits(one)
	o.Says(0, []string{"policy", "history"}, one, "push", "ann", "cheaper models", zero, "file")
	o.Says(0, []string{"policy", "show"}, text(1))
	o.Says(0, []string{"policy", "show", zero}, text(0))
	o.Push(1, text(2), []string{"--expect", zero}, one, zero, "--expect "+one)
	o.Push(1, "version: 2\nbackends: {b: {provider: opnai}}\nlimts: {}\n", nil, "pushed.yaml:1:10 version", "pushed.yaml:2:", "opnai", "pushed.yaml:3:1: unknown key", "3 faults; nothing changed")
	o.Says(0, []string{"status"}, one, "ann", "cheaper models", "refused a change by push", "opnai")
	awaits(one)
	path := filepath.Join(t.TempDir(), "next.yaml")
	gatewaytest.Overwrite(t, path, text(2))
	o.Says(0, []string{"policy", "diff", path}, one, two, "models.m", "v1", "v2")
	o.Push(0, text(2), []string{"--expect", one}, two)
	awaits(two)
	if status := o.Says(0, []string{"status"}, two); strings.Contains(status, "refused") {
		t.Errorf("a refusal stays after a good change: %s", status)
	}
	o.Says(0, []string{"policy", "rollback", "--author", "bob", "--reason", "worse answers"}, one, two)
	awaits(one)
	o.Says(0, []string{"policy", "rollback", zero, "--author", "bob", "--reason", "further back"}, zero)
	awaits(zero)
	o.Says(0, []string{"policy", "history"}, "rollback", "bob", "worse answers", "further back")
	o.Says(1, []string{"policy", "rollback", "0123456789ab", "--author", "bob", "--reason", "nowhere"}, "0123456789ab")
}
