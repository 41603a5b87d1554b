package processes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestStartsThatFail holds that a start that cannot work ends at once, with what
// is wrong as its last words and nothing left running.
func TestStartsThatFail(t *testing.T) {
	t.Parallel()
	taken := gatewaytest.OccupyPort(t)
	free := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	const good = "version: 1\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n"
	for _, c := range []struct {
		name, policy string
		args         []string
		lines        int // of the log
		says         []string
	}{
		{"the gateway's port is taken", "listen: " + taken + "\n" + good, nil, 1, []string{"gateway port: " + taken + " is taken by ", "choose another address with listen: in ", "policy.yaml"}},
		{"the operations port is taken", "listen: " + free + "\n" + good, []string{"--operations", taken}, 1, []string{"operations port: " + taken + " is taken by ", "choose another address with --operations"}},
		{"the admin port is taken", "listen: " + free + "\n" + good, []string{"--admin", taken}, 1, []string{"admin port: " + taken + " is taken by ", "choose another address with --admin"}},
		{"operations nowhere", "listen: " + free + "\n" + good, []string{"--operations", "nowhere"}, 1, []string{`operations address "nowhere"`}},
		{"beyond loopback without saying so", "listen: 0.0.0.0:18080\n" + good, nil, 1, []string{"policy.yaml:1:9", "anonymous: true"}},
		{"a credential is missing", "listen: " + free + "\nversion: 1\nbackends: {o: {provider: openai, credential: {env: HEADGATE_E2E_UNSET}}}\nmodels: {m: o/gpt-4o-mini}\n", nil, 2,
			[]string{"policy.yaml:3:46 backends.o.credential: ", "HEADGATE_E2E_UNSET"}},
		{"every fault is reported", "listen: " + free + "\nversion: 2\nbackends: {o: {provider: opnai}}\nmodels: {m: p/x}\nlimts: {}\n", nil, 5,
			[]string{"policy.yaml:2:10 version", "policy.yaml:3:", "policy.yaml:4:", "policy.yaml:5:1: unknown key", "limts", `"limits"`}},
		{"no such log level", "listen: " + free + "\n" + good, []string{"--log-level", "loud"}, 1, []string{"loud"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			g := gatewaytest.Launch(t, c.policy, gatewaytest.Options{Args: c.args})
			code := g.Exited()
			if took := time.Since(began); took > 10*time.Second { // one that waits takes 30 s
				t.Errorf("it took %v", took)
			}
			want := 1
			if strings.Contains(c.name, "log level") || strings.Contains(c.name, "operations nowhere") {
				want = 2
			}
			text := strings.TrimSpace(g.Log())
			if code != want || strings.Contains(text, "Headgate is ready") {
				t.Errorf("exit code %d, want %d", code, want)
			}
			for _, says := range c.says {
				if !strings.Contains(text, says) {
					t.Errorf("%q is not in:\n%s", says, text)
				}
			}
			if n := strings.Count(text, "\n") + 1; n > c.lines {
				t.Errorf("%d lines, want %d:\n%s", n, c.lines, text)
			}
		})
	}
}

// TestADataFolderServesOneGateway holds that a gateway does not start on the data folder of
// one that runs: the history is in it, and so the first would serve the second's policy.
func TestADataFolderServesOneGateway(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	key := []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}
	first := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{Env: key})
	second := gatewaytest.Launch(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{Env: key, Args: []string{"--data", first.Data}})
	if code, text := second.Exited(), second.Log(); code != 1 || strings.Count(text, "\n") != 1 || !strings.Contains(text,
		fmt.Sprintf("data folder: %s is used by headgate run (process %d): stop that, or choose another folder with --data", first.Data, first.Process.Pid())) {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	gatewaytest.MustOK(t, first.Chat(gatewaytest.ChatBody("plain", "after", false), ""))
	if text := first.Log(); strings.Contains(text, "policy changed") {
		t.Errorf("the first gateway took the second's policy:\n%s", text)
	}
}
