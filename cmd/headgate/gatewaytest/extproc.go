package gatewaytest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Extproc is a running `headgate extproc`, for an Envoy that is not Headgate's own.
type Extproc struct {
	Socket string
	Policy string // file of it

	t       testing.TB
	process *exec.Cmd
	log     *lockedBuffer
	exited  chan struct{} // closed when the process has ended
}

// StartExtproc serves a policy until the test ends, and returns when it is ready.
func StartExtproc(t testing.TB, policy string) *Extproc {
	t.Helper()
	dir, err := os.MkdirTemp("", "hg") // short: Unix socket paths are bounded
	if err != nil {
		t.Fatal(err)
	}
	e := &Extproc{t: t, Socket: filepath.Join(dir, "s"), Policy: filepath.Join(dir, "policy.yaml"), log: &lockedBuffer{}, exited: make(chan struct{})}
	if err := os.WriteFile(e.Policy, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	operations := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	e.process = exec.Command(Binary(t), "extproc", "-f", e.Policy, "--socket", e.Socket, "--operations", operations)
	e.process.Stdout, e.process.Stderr = e.log, e.log
	if err := e.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = e.process.Wait()
		close(e.exited)
	}()
	t.Cleanup(func() {
		e.Stop()
		if t.Failed() {
			t.Logf("ext_proc's log:\n%s", tail(e.log.String(), 8000))
		}
		_ = os.RemoveAll(dir)
	})
	e.awaitReady("http://" + operations + "/readyz")
	return e
}

func (e *Extproc) awaitReady(url string) {
	e.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		select {
		case <-e.exited:
			e.t.Fatal("ext_proc ended before it was ready")
		case <-deadline:
			e.t.Fatalf("ext_proc was not ready after %v", patience)
		case <-tick.C:
		}
		resp, err := http.Get(url)
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
}

// Hangup makes the process read the policy again.
func (e *Extproc) Hangup() { _ = e.process.Process.Signal(syscall.SIGHUP) }

// Log returns what the process wrote to its outputs.
func (e *Extproc) Log() string { return e.log.String() }

// Stop ends the process and waits for it.
func (e *Extproc) Stop() {
	e.t.Helper()
	_ = e.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.exited:
	case <-time.After(patience):
		_ = e.process.Process.Kill()
		<-e.exited
		e.t.Errorf("ext_proc did not end within %v", patience)
	}
}
