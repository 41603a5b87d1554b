package gatewaytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Python names an interpreter with the official clients, and fails, or outside CI
// skips, the test if there is none.
func Python(t testing.TB) string {
	t.Helper()
	path := os.Getenv("HEADGATE_PYTHON")
	if path == "" {
		path = filepath.Join(Root(), ".tools", "venv", "bin", "python")
	}
	if exec.Command(path, "-c", "import openai, anthropic").Run() == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Python with the official clients: run make venv")
	}
	t.Skip("no Python with the official clients: run make venv, or name one with HEADGATE_PYTHON")
	return ""
}
