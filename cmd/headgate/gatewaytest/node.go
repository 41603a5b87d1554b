package gatewaytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Node returns the folder whose node_modules has the official clients for Node: the one
// that HEADGATE_NODE names, else that of make node. In CI a missing one fails the test,
// elsewhere it skips.
func Node(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("HEADGATE_NODE")
	if folder == "" {
		folder = filepath.Join(Root(), ".tools", "node")
	}
	_, missing := exec.LookPath("node")
	if missing == nil {
		_, missing = os.Stat(filepath.Join(folder, "node_modules", "openai", "package.json"))
	}
	if missing == nil {
		return folder
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no Node with the official clients: run make node (%v)", missing)
	}
	t.Skipf("no Node with the official clients: run make node, or name their folder with HEADGATE_NODE (%v)", missing)
	return ""
}
