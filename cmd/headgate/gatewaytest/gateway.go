// Package gatewaytest starts the real gateway for black-box tests: the built
// binary, a real Envoy as its child, and simulated providers whose logs say what
// reached them. Tests see what a client, a provider and an operator see.
package gatewaytest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
)

// patience bounds every wait of a test.
const patience = 20 * time.Second

// Binary returns the path of the headgate binary: HEADGATE_BIN, or one that is
// built now, once for the test process.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HEADGATE_BIN"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "headgate")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "headgate")
	build := exec.Command("go", "build", "-o", path, "./cmd/headgate")
	build.Dir = Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building headgate: %w\n%s", err, out)
	}
	return path, nil
})

// Root returns the repository's root.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Envoy fails the test, or skips it outside CI, if no Envoy can be had.
func Envoy(t testing.TB) {
	t.Helper()
	path := os.Getenv("HEADGATE_ENVOY")
	if path == "" {
		path, _ = exec.LookPath("envoy")
	}
	if path == "" {
		path = filepath.Join(Root(), ".tools", "envoy-1.40.0", "envoy")
	}
	if _, err := os.Stat(path); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Envoy: run make envoy")
	}
	t.Skip("no Envoy: run make envoy, or name one with HEADGATE_ENVOY")
}

// FreePort returns a port of 127.0.0.1 that nothing listens on now.
func FreePort(t testing.TB) int {
	t.Helper()
	return int(envoytest.FreePort(t))
}

// Gateway is a running gateway.
type Gateway struct {
	t       testing.TB
	URL     string // http://127.0.0.1:port
	Ops     string // of the operations port
	Data    string // folder with records and logs
	Policy  string // its file
	Process *Process
	client  *http.Client // nil: that of all
}

// Options are what a test may say about a gateway beside its policy.
type Options struct {
	Env  []string // NAME=value, beside the test's own environment
	Args []string // further flags

	Descriptors int // most files that each of its processes may have open; 0: as many as the test
}

// Start runs `headgate run` with a policy and waits until it says that it is
// ready. The policy must not say where to listen: Start does. The gateway ends
// with the test, which fails if it does not end.
func Start(t testing.TB, policy string, o Options) *Gateway {
	t.Helper()
	g := Launch(t, fmt.Sprintf("listen: 127.0.0.1:%d\n%s", FreePort(t), policy), o)
	g.WaitReady()
	if len(o.Args) == 0 { // else the records may be elsewhere
		// The gateway's own probe leaves a row, which tests that count must not meet later.
		g.Eventually("the row of the probe", func() bool { return len(g.Rows()) > 0 })
	}
	return g
}

// Launch runs `headgate run` and returns at once.
func Launch(t testing.TB, policy string, o Options) *Gateway {
	t.Helper()
	Envoy(t)
	dir := shortFolder(t)
	file := filepath.Join(dir, "policy.yaml")
	Overwrite(t, file, policy)
	ops := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	args := append([]string{"run", "-f", file, "--operations", ops, "--admin", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--envoy-concurrency", "1", "--tools", filepath.Join(Root(), ".tools")}, o.Args...)
	g := &Gateway{t: t, Ops: "http://" + ops, Data: filepath.Join(dir, "data"), Policy: file}
	for line := range strings.Lines(policy) {
		if at, ok := strings.CutPrefix(line, "listen: "); ok {
			g.URL = urlOf(strings.TrimSpace(at))
		}
	}
	env := append([]string{"TMPDIR=" + dir}, o.Env...) // what a killed gateway leaves goes with it
	path := Binary(t)
	if o.Descriptors > 0 {
		path, args = "/bin/sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, o.Descriptors), path}, args...)
	}
	g.Process = StartProcess(t, env, path, args...)
	t.Cleanup(func() {
		g.Stop()
		if t.Failed() {
			if b, err := os.ReadFile(filepath.Join(g.Data, "envoy-access.jsonl")); err == nil {
				t.Logf("envoy's access log:\n%s", tail(string(b), 4000))
			}
		}
	})
	return g
}

// urlOf is where clients find a gateway whose policy says so.
func urlOf(listen string) string {
	at, secured := strings.CutPrefix(listen, `{address: "`)
	if !secured {
		return "http://" + listen
	}
	at, _, _ = strings.Cut(at, `"`)
	return "https://" + at
}

// StartAgain starts a gateway that has ended as it was started before, and waits until it is
// ready.
func (g *Gateway) StartAgain() {
	g.t.Helper()
	before := g.Process
	g.Process = StartProcess(g.t, before.Env, before.Path, before.Args[1:]...)
	g.WaitReady()
}

// WaitReady waits until the gateway says that it is ready.
func (g *Gateway) WaitReady() {
	g.t.Helper()
	g.Eventually("readiness", func() bool { return up(g.Ops + "/readyz") })
}

// Answers reports whether the gateway answers for itself, even if it wants a key.
func (g *Gateway) Answers() bool {
	resp, err := http.Get(g.URL + "/v1/models")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized
}

// Eventually polls until cond holds, and fails the test if it does not within
// a bounded time or the gateway's process ends first, if it has one of its own.
func (g *Gateway) Eventually(what string, cond func() bool) {
	g.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var exited chan struct{}
	if g.Process != nil {
		exited = g.Process.exited
	}
	for !cond() {
		select {
		case <-exited:
			g.t.Fatalf("waiting for %s: the gateway ended: %v", what, g.Process.ProcessState)
		case <-tick.C:
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("waiting for %s: nothing after %v", what, patience)
		}
	}
}

// Exited waits for the process to end by itself and returns its exit code.
func (g *Gateway) Exited() int {
	g.t.Helper()
	return g.Process.Exited(g.t)
}

// Log returns what the gateway wrote to its outputs.
func (g *Gateway) Log() string { return g.Process.Log() }

// Interrupt sends what Ctrl-C sends.
func (g *Gateway) Interrupt() { g.Process.Signal(syscall.SIGINT) }

// Stop ends the gateway as Ctrl-C does and fails the test if it does not end.
func (g *Gateway) Stop() {
	g.t.Helper()
	g.Process.Stop(g.t, syscall.SIGINT)
}
