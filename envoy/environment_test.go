package envoy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
)

// TestEnvoyGetsNoKey holds what of this process's environment a child has.
func TestEnvoyGetsNoKey(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-of-nobody")
	t.Setenv("TZ", "UTC")
	dir := t.TempDir()
	script, seen := filepath.Join(dir, "envoy"), filepath.Join(dir, "seen")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nenv > "+seen+".new\nmv "+seen+".new "+seen+"\nexec sleep 60\n"), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	c := Start(ChildOptions{Path: script, Admin: filepath.Join(dir, "admin"), Log: zap.NewNop()})
	text := eventually(t, seen)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "sk-of-nobody") || !strings.Contains(text, "TZ=UTC\n") || !strings.Contains(text, "PATH=") {
		t.Errorf("the child's environment:\n%s", text)
	}
	if passed := childEnvironment([]string{"HOME=/", "HOMER=x", "A=b", "PATH"}); !slices.Equal(passed, []string{"HOME=/", "PATH"}) {
		t.Errorf("passed on are %v", passed)
	}
	if childEnvironment(nil) == nil {
		t.Error("an empty environment would be that of this process")
	}
}

// eventually is the text of a file that will be there.
func eventually(t *testing.T, path string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil {
			return string(text)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
