package gatewaytest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/envoy/envoytest"
)

// Run runs the headgate binary to its end and returns its outputs and exit code.
func Run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return RunBinary(t, Binary(t), args...)
}

// RunBinary is Run for another binary.
func RunBinary(t testing.TB, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// Process is a process that ends with the test.
type Process struct {
	*exec.Cmd
	log    *envoytest.Buffer
	exited chan struct{} // closed when it has ended
}

// StartProcess starts a program with its arguments and further environment.
func StartProcess(t testing.TB, env []string, path string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(path, args...), log: &envoytest.Buffer{}, exited: make(chan struct{})}
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = p.log, p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s %s:\n%s", filepath.Base(path), args[0], tail(p.Log(), 8000))
		}
	})
	return p
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.Cmd.Process.Pid }

// Log returns what the process wrote to its outputs.
func (p *Process) Log() string { return p.log.String() }

// ended reports whether the process has ended.
func (p *Process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// Exited waits for the process to end by itself and returns its exit code.
func (p *Process) Exited(t testing.TB) int {
	t.Helper()
	Eventually(t, "the end of the process", p.ended)
	return p.ProcessState.ExitCode()
}

// Kill ends the process as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.exited
}

// Terminate ends the process as an orchestrator does, and waits for its end.
func (p *Process) Terminate() {
	p.Signal(syscall.SIGTERM)
	<-p.exited
}

// Stop ends the process by a signal. One that does not end in its time is killed, and
// fails the test.
func (p *Process) Stop(t testing.TB, signal os.Signal) {
	t.Helper()
	p.Signal(signal)
	select {
	case <-p.exited:
	case <-time.After(2 * patience): // a gateway lets answers end
		p.Kill()
		t.Errorf("%s did not stop by itself", p.Args[1])
	}
}

// Freeze stops the process where it is, until Thaw.
func (p *Process) Freeze() { p.Signal(syscall.SIGSTOP) }

// Thaw lets a process go on.
func (p *Process) Thaw() { p.Signal(syscall.SIGCONT) }

// Hangup makes the process read its files again.
func (p *Process) Hangup() { p.Signal(syscall.SIGHUP) }

// Signal sends a signal to the process, if it still runs.
func (p *Process) Signal(signal os.Signal) { _ = p.Cmd.Process.Signal(signal) }

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}

// EnvoyPID returns the process id of the gateway's Envoy, 0 if none runs. It
// reads /proc, and skips the test if there is none.
func (g *Gateway) EnvoyPID() int {
	g.t.Helper()
	if runtime.GOOS != "linux" {
		g.t.Skip("process ids of children are read from /proc")
	}
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", g.Process.Process.Pid))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, list := range lists {
		b, _ := os.ReadFile(list) // a thread may be gone by now
		for _, field := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(field); err == nil && Alive(pid) {
				return pid
			}
		}
	}
	return 0
}

// Alive reports whether a process runs; one that ended and waits to be reaped does
// not.
func Alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, ok := strings.Cut(string(b), ") ")
	return ok && !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
