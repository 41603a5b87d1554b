package envoy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"github.com/headgate/headgate/envoy"
)

// pidFile is the environment variable that makes this test binary the parent that is
// killed.
const pidFile = "HEADGATE_TEST_PID_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(pidFile); file != "" {
		script := fmt.Sprintf("echo $$ > %[1]s.part; mv %[1]s.part %[1]s; exec sleep 60", file)
		envoy.Start(envoy.ChildOptions{Path: "/bin/sh", Config: script, Log: zap.NewNop()})
		select {}
	}
	os.Exit(m.Run())
}

// TestKilledParentLeavesNoEnvoy holds that a parent that had no time to stop its child
// does not leave it to itself.
func TestKilledParentLeavesNoEnvoy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), pidFile+"="+file)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		_ = parent.Wait()
	})
	pid := readPID(t, file)
	if !running(pid) {
		t.Fatal("the child does not run")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child's end", func() bool { return !running(pid) })
}
