package gatewaytest

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
)

// Extproc is a running `headgate extproc`, for an Envoy that is not Headgate's own.
type Extproc struct {
	*Process
	Socket string
	Policy string // file of it

	t testing.TB
}

// StartExtproc serves a policy until the test ends, and returns when it is ready.
func StartExtproc(t testing.TB, policy string) *Extproc {
	t.Helper()
	dir := shortFolder(t)
	e := &Extproc{t: t, Socket: filepath.Join(dir, "s"), Policy: filepath.Join(dir, "policy.yaml")}
	t.Cleanup(func() { e.Stop() })
	e.Serve(policy)
	return e
}

// Serve starts the process with a policy, after another one has ended.
func (e *Extproc) Serve(policy string) {
	t := e.t
	t.Helper()
	Overwrite(t, e.Policy, policy)
	operations := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	e.Process = StartProcess(t, nil, Binary(t), "extproc", "-f", e.Policy, "--socket", e.Socket, "--operations", operations)
	Eventually(t, "ext_proc", func() bool { return e.ended() || up("http://"+operations+"/readyz") })
	if e.ended() {
		t.Fatal("ext_proc ended before it was ready")
	}
}

// Stop ends the process and waits for it.
func (e *Extproc) Stop() {
	e.t.Helper()
	e.Process.Stop(e.t, syscall.SIGTERM)
}
