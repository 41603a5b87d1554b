package callers

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestThePrintedCommandIsServed holds that the command which the gateway prints to be tried gets an
// answer, as it stands, in a shell that has the gateway's environment.
func TestThePrintedCommandIsServed(t *testing.T) {
	t.Parallel()
	r := start(t, "")
	var printed string
	r.Eventually("the command", func() bool {
		_, after, _ := strings.Cut(r.Process.Log(), "\nTry it:\n\n")
		var whole bool
		printed, _, whole = strings.Cut(after, "\n\n")
		return whole
	})
	shell := exec.Command("sh", "-c", printed)
	shell.Env = append(os.Environ(), "CI_KEY="+ciKey)
	out, err := shell.Output()
	if err != nil || !strings.Contains(string(out), "200 OK") || !strings.Contains(string(out), "chat.completion") {
		t.Errorf("%v: %s\n%s", err, printed, out)
	}
}
