package envoy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/envoy/envoytest"
)

// child is a supervised process under test.
type child struct {
	*envoy.Child
	logs      *observer.ObservedLogs
	restarted chan struct{}
}

// supervise runs a child until the test ends.
func supervise(t *testing.T, o envoy.ChildOptions) *child {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	c := &child{logs: logs, restarted: make(chan struct{}, 100)}
	o.Log = zap.New(core)
	o.Restarted = func() { c.restarted <- struct{}{} }
	c.Child = envoy.Start(o)
	t.Cleanup(func() { c.end(t) })
	return c
}

// shell supervises a shell script in Envoy's place: both take what they run after
// a -c.
func shell(t *testing.T, script string) *child {
	t.Helper()
	return supervise(t, envoy.ChildOptions{Path: "/bin/sh", Config: script, Admin: filepath.Join(t.TempDir(), "none")})
}

func (c *child) end(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), envoytest.Patience)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func (c *child) awaitRestarts(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(envoytest.Patience)
	for range n {
		select {
		case <-c.restarted:
		case <-deadline:
			t.Fatal("the child was not started again")
		}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(envoytest.Patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", envoytest.Patience, what)
		}
	}
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// startEnvoy supervises a real Envoy whose control plane never answers.
func startEnvoy(t *testing.T) *child {
	t.Helper()
	dir, err := os.MkdirTemp("", "child") // a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b := envoy.Bootstrap{NodeID: "test", Cluster: "test", ExtProc: filepath.Join(dir, "e"), Admin: filepath.Join(dir, "a")}
	config, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	c := supervise(t, envoy.ChildOptions{Path: envoytest.Path(t), Config: file, Admin: b.Admin, Concurrency: 1})
	eventually(t, "the admin interface", func() bool { _, err := os.Stat(b.Admin); return err == nil })
	return c
}

// TestKilledEnvoyIsStartedAgain holds that one Envoy follows the other, and that
// Stop leaves none.
func TestKilledEnvoyIsStartedAgain(t *testing.T) {
	c := startEnvoy(t)
	first := c.PID()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.awaitRestarts(t, 1)
	eventually(t, "another process", func() bool { return c.PID() != 0 && c.PID() != first })
	second := c.PID()
	if alive(first) || !alive(second) {
		t.Errorf("first alive: %v, second alive: %v", alive(first), alive(second))
	}
	ended := c.logs.FilterMessage("Envoy ended; starting it again").All()
	if len(ended) != 1 || !strings.Contains(ended[0].ContextMap()["error"].(string), "killed") {
		t.Errorf("log of the end: %+v", ended)
	}
	c.end(t)
	if alive(second) {
		t.Error("Envoy outlived Stop")
	}
}

// TestTwoEnvoysAtOnce holds that a second Envoy of this machine does not meet the
// first one's shared memory.
func TestTwoEnvoysAtOnce(t *testing.T) {
	a, b := startEnvoy(t), startEnvoy(t)
	if !alive(a.PID()) || !alive(b.PID()) || len(a.restarted)+len(b.restarted) > 0 {
		t.Errorf("pids %d and %d, restarts %d and %d", a.PID(), b.PID(), len(a.restarted), len(b.restarted))
	}
}

// TestBackOff holds that a child that ends at once is tried less and less often.
func TestBackOff(t *testing.T) {
	c := shell(t, "exit 3")
	c.awaitRestarts(t, 4)
	c.end(t)
	var waits []time.Duration
	for _, e := range c.logs.FilterMessage("Envoy ended; starting it again").All()[:4] {
		waits = append(waits, e.ContextMap()["in"].(time.Duration))
		if e.ContextMap()["error"] != "exit status 3" {
			t.Errorf("cause %q", e.ContextMap()["error"])
		}
	}
	want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}
	if d := cmp.Diff(want, waits); d != "" {
		t.Errorf("waits (-want +got):\n%s", d)
	}
}

// TestMissingBinary holds that a child that cannot be started says so.
func TestMissingBinary(t *testing.T) {
	c := supervise(t, envoy.ChildOptions{Path: "/no/such/envoy"})
	c.awaitRestarts(t, 1)
	if e := c.logs.All()[0].ContextMap()["error"].(string); !strings.Contains(e, "/no/such/envoy") {
		t.Errorf("error %q does not name the binary", e)
	}
}

// TestStubbornChildIsKilled holds that Stop ends a child that does not want to.
func TestStubbornChildIsKilled(t *testing.T) {
	c := shell(t, `trap '' TERM; printf 'info\tx\tready\n'; exec sleep 60`)
	eventually(t, "the child", func() bool { return c.logs.FilterMessage("ready").Len() == 1 })
	pid := c.PID()
	c.end(t)
	if alive(pid) {
		t.Error("the child outlived Stop")
	}
}

// TestLinesKeepTheirLevel holds that what Envoy logs is logged at the same level,
// whatever it looks like, that blank lines are left out, and that a monstrous line loses
// none of the next ones.
func TestLinesKeepTheirLevel(t *testing.T) {
	c := shell(t, `printf 'debug\ta\tone\ninfo\tb\ttwo\nwarning\tc\tthree\nerror\td\tfour\ncritical\te\tfive\n\n \nloose\n' >&2
printf 'info\tlong\t'; head -c 2000000 /dev/zero | tr '\0' x; printf '\ninfo\tlast\tend\n'; exec sleep 60`)
	eventually(t, "the last line", func() bool { return c.logs.FilterMessage("end").Len() == 1 })
	type line struct {
		Level zapcore.Level
		Text  string
		Name  any
		Cut   any
	}
	var got []line
	for _, e := range c.logs.All() {
		fields := e.ContextMap()
		got = append(got, line{e.Level, strings.TrimRight(e.Message, "x"), fields["logger"], fields["cut"]})
	}
	want := []line{
		{zapcore.DebugLevel, "one", "a", nil},
		{zapcore.InfoLevel, "two", "b", nil},
		{zapcore.WarnLevel, "three", "c", nil},
		{zapcore.ErrorLevel, "four", "d", nil},
		{zapcore.ErrorLevel, "five", "e", nil},
		{zapcore.WarnLevel, "loose", nil, nil},
		{zapcore.InfoLevel, "", "long", true},
		{zapcore.InfoLevel, "end", "last", nil},
	}
	if d := cmp.Diff(want, slices.Clip(got)); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}
