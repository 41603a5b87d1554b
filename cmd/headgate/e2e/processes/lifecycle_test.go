package processes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// slow is a stream that is still under way when a test acts, and whole soon after.
func slow(mark string) gatewaytest.Request {
	return gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", mark, true), "tokens=20;pause=60ms")
}

func TestInterruptLetsStreamsEnd(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	s := g.Stream(slow("interrupted"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	g.Interrupt()
	g.Eventually("new connections to be refused", func() bool { return g.RefusesConnections() })
	if len(p.Served()) != 0 {
		t.Fatal("the stream had ended before: the test shows nothing")
	}
	var last string
	for {
		ev, err := s.Next()
		if err != nil {
			if ev != "" || !strings.Contains(last, "x-headgate-cost-usd=") {
				t.Errorf("the stream ended with %v after %q", err, last)
			}
			break
		}
		last = ev
	}
	if code := g.Exited(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if row := g.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// TestSecondInterruptEndsAtOnce holds that who does not want to wait for answers under
// way need not, and that no Envoy stays.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	pid := g.EnvoyPID()
	s := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "endless", true), "tokens=1000;pause=60ms"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	g.Interrupt()
	g.Eventually("new connections to be refused", func() bool { return g.RefusesConnections() })
	g.Interrupt()
	g.Exited()
	gatewaytest.Eventually(t, "Envoy's end", func() bool { return !gatewaytest.Alive(pid) })
	s.Close()
}

func TestEnvoyIsStartedAgain(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	const restarts = "headgate_envoy_restarts_total"
	if n := g.Metric(restarts); n != 0 {
		t.Fatalf("%v restarts at the start", n)
	}
	pid := g.EnvoyPID()
	if pid == 0 {
		t.Fatal("no Envoy runs")
	}
	s := g.Stream(slow("Envoy is killed"))
	for range 4 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rest(); err == nil {
		t.Error("the stream ended cleanly although Envoy was killed")
	}
	g.Eventually("an answer again", func() bool {
		a, err := g.Try(t.Context(), gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "again", false), ""))
		return err == nil && a.Status == 200
	})
	if n := g.Metric(restarts); n != 1 {
		t.Errorf("%v restarts counted", n)
	}
	if !strings.Contains(g.Log(), "Envoy ended; starting it again") || g.EnvoyPID() == pid {
		t.Errorf("the log does not say it, or the old Envoy is there")
	}
	if row := g.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "cut" || row.By != "unknown" || row.Tokens == nil {
		t.Errorf("row %+v", row)
	}
}

func TestKilledGatewayLeavesNoEnvoy(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	data := t.TempDir()
	options := gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Args: []string{"--data", data}}
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), options)
	pid := g.EnvoyPID()
	a := g.Chat(gatewaytest.ChatBody("plain", "before the kill", false), "")
	gatewaytest.MustOK(t, a)
	records := filepath.Join(data, "access.jsonl")
	g.Eventually("the record", func() bool { b, _ := os.ReadFile(records); return strings.Contains(string(b), a.Exchange()) })
	s := g.Stream(slow("killed"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	_ = g.Process.Process.Kill()
	g.Exited()
	gatewaytest.Eventually(t, "Envoy's end", func() bool { return !gatewaytest.Alive(pid) && g.RefusesConnections() })
	b, err := os.ReadFile(records)
	if err != nil || !strings.HasSuffix(string(b), "}\n") {
		t.Fatalf("%v: the records end in %q", err, b)
	}
	for line := range strings.Lines(string(b)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no whole record: %q", line)
		}
	}
	// The same folder serves a second life, and keeps the first one's records.
	second := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), options)
	gatewaytest.MustOK(t, second.Chat(gatewaytest.ChatBody("plain", "a second life", false), ""))
	second.Stop()
	after, err := os.ReadFile(records)
	if err != nil || !strings.HasPrefix(string(after), string(b)) || len(after) <= len(b) {
		t.Errorf("%v: %d bytes of records became %d", err, len(b), len(after))
	}
}

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
		{"operations beyond loopback", "listen: " + free + "\n" + good, []string{"--operations", "0.0.0.0:0"}, 1, []string{"0.0.0.0:0", "loopback"}},
		{"beyond loopback without saying so", "listen: 0.0.0.0:18080\n" + good, nil, 1, []string{"policy.yaml:1:9", "anonymous: true"}},
		{"a credential is missing", "listen: " + free + "\nversion: 1\nbackends: {o: {provider: openai, credential: {env: HEADGATE_E2E_UNSET}}}\nmodels: {m: o/gpt-4o-mini}\n", nil, 1,
			[]string{`"o"`, "HEADGATE_E2E_UNSET"}},
		{"every fault is told", "listen: " + free + "\nversion: 2\nbackends: {o: {provider: opnai}}\nmodels: {m: p/x}\nlimts: {}\n", nil, 5,
			[]string{"policy.yaml:2:10 version", "policy.yaml:3:", "policy.yaml:4:", "policy.yaml:5:1: unknown key", "limts", `"limits"`}},
		{"no such log level", "listen: " + free + "\n" + good, []string{"--log-level", "loud"}, 1, []string{"loud"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			g := gatewaytest.Launch(t, c.policy, gatewaytest.Options{Args: c.args})
			code := g.Exited()
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			want := 1
			if strings.Contains(c.name, "log level") || strings.Contains(c.name, "operations beyond") {
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

func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yaml", "version: 1\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n")
	open := write("open.yaml", "version: 1\nlisten: 0.0.0.0:8080\nanonymous: true\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n")
	bad := write("bad.yaml", "version: 1\nbackends: {s: {provider: simulated, regin: eu}}\nmodels: {m: t/gpt-4o-mini}\n")
	for _, c := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr []string
	}{
		{"valid", []string{"check", good}, 0, []string{"good.yaml: valid", "1 model,", "1 backend"}, nil},
		{"beyond loopback, said twice", []string{"check", open}, 0, []string{"valid"}, nil},
		{"faults", []string{"check", bad}, 1, []string{"bad.yaml:2:", "regin", `"region"`, "bad.yaml:3:", `"t"`}, []string{"2 faults"}},
		{"no such file", []string{"check", filepath.Join(dir, "none.yaml")}, 2, nil, []string{"none.yaml"}},
		{"no file named", []string{"check"}, 2, nil, []string{"arg"}},
		{"unknown command", []string{"chekc"}, 2, nil, []string{"chekc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := gatewaytest.Run(t, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for text, says := range map[string][]string{stdout: c.stdout, stderr: c.stderr} {
				for _, want := range says {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in %q", want, text)
					}
				}
			}
		})
	}
}
