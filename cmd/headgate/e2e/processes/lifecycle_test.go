package processes

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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
	if _, stop, _ := strings.Cut(g.Log(), "stopping: "); stop == "" || strings.Contains(stop, "WARN") || strings.Contains(stop, "ERROR") {
		t.Errorf("a clean stop warns:\n%s", stop)
	}
	if row := g.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "ok" {
		t.Errorf("row %+v", row)
	}
}

// TestWhatOutlastsTheGraceIsCut holds that a stream that does not end is cut after --grace, and that
// its row says who did it.
func TestWhatOutlastsTheGraceIsCut(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, ""), gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}, Args: []string{"--grace", "1s"}})
	s := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "endless", true), "tokens=1000;pause=60ms"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	g.Interrupt()
	for {
		if _, err := s.Next(); err != nil {
			break
		}
	}
	if code := g.Exited(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if row := g.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "drained" || row.By != "gateway" || row.Tokens == nil {
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
	if row := g.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "gateway_error" || row.By != "gateway" || row.Tokens == nil {
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
	sockets, err := os.Readlink(filepath.Join(data, "sockets"))
	if err != nil {
		t.Fatal(err)
	}
	g.Process.Kill()
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
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the sockets of the killed gateway are still there: %v", err)
	}
	second.Stop()
	if left, err := os.Readlink(filepath.Join(data, "sockets")); err == nil {
		t.Errorf("a gateway that has stopped leaves a link to %s", left)
	}
	after, err := os.ReadFile(records)
	if err != nil || !strings.HasPrefix(string(after), string(b)) || len(after) <= len(b) {
		t.Errorf("%v: %d bytes of records became %d", err, len(b), len(after))
	}
}

// TestAProxyIsNotAsked holds that the gateway asks itself whether it is ready, even if it
// listens beyond loopback and the environment names a proxy.
func TestAProxyIsNotAsked(t *testing.T) {
	t.Parallel()
	port := gatewaytest.FreePort(t)
	proxy := fmt.Sprintf("http://127.0.0.1:%d", gatewaytest.FreePort(t)) // nothing listens there
	g := gatewaytest.Launch(t, fmt.Sprintf("listen: 0.0.0.0:%d\nanonymous: true\nversion: 1\nbackends: {s: {provider: simulated}}\nmodels: {m: s/gpt-4o-mini}\n", port),
		gatewaytest.Options{Env: []string{"HTTP_PROXY=" + proxy, "http_proxy=" + proxy}})
	g.WaitReady()
}

// TestAHangupEndsNoPair holds that a signal by which others read their policy again does
// not end a process that has nothing to read.
func TestAHangupEndsNoPair(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nobody := fmt.Sprintf("127.0.0.1:%d", gatewaytest.FreePort(t))
	p := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), "extproc", "--socket", filepath.Join(dir, "s"), "--xds", nobody,
		"--state", "", "--access-log", filepath.Join(dir, "log"), "--operations", "127.0.0.1:0")
	gatewaytest.Eventually(t, "the start", func() bool { return strings.Contains(p.Log(), "serving ext_proc") })
	p.Hangup()
	gatewaytest.Eventually(t, "the signal", func() bool {
		return strings.Contains(p.Log(), "the policy is the control plane's, so it is not read again")
	})
	p.Terminate()
	if code := p.Exited(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
