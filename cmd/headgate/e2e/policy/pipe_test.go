package policy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestCheckReadsPipes holds that a policy may come from a pipe of the shell, and that a
// command which waits for one ends when a signal says so.
func TestCheckReadsPipes(t *testing.T) {
	t.Parallel()
	out, errs, code := run("bash", "-c", "exec "+gatewaytest.Binary(t)+" check -q <(cat testdata/check/sound.yaml)")
	if code != 0 || !strings.Contains(out, "valid, revision") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	p := gatewaytest.StartProcess(t, nil, gatewaytest.Binary(t), "check", pipe)
	var writer *os.File
	gatewaytest.Eventually(t, "a reader", func() (there bool) {
		var err error
		writer, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
		return err == nil
	})
	defer writer.Close()
	_ = p.Cmd.Process.Signal(syscall.SIGTERM)
	if code := p.Exited(t); code != 2 || !strings.Contains(p.Log(), "waiting for "+pipe) {
		t.Errorf("exit code %d: %s", code, p.Log())
	}
}

func run(name string, args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestAPipeAtThePolicysPath holds that who watches the policy refuses a pipe in its
// place, takes what comes after it, and ends as ever.
func TestAPipeAtThePolicysPath(t *testing.T) {
	t.Parallel()
	s := gatewaytest.NewEditions(t, 3)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: gatewaytest.Edition(1, s.URLs)})
	if err := syscall.Mkfifo(f.Policy+".pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Policy+".pipe", f.Policy); err != nil {
		t.Fatal(err)
	}
	gatewaytest.Eventually(t, "the refusal", func() bool { return strings.Contains(f.XDS[0].Log(), "is no regular file but a pipe") })
	f.Write(gatewaytest.Edition(2, s.URLs))
	f.Pairs[0].AwaitRevision(gatewaytest.RevisionOf(t, gatewaytest.Edition(2, s.URLs)))
	f.XDS[0].Terminate()
	if code := f.XDS[0].Exited(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
