package planes

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestLoopbackIsDecidedOnce holds that nothing but its package decides what is loopback:
// two answers to that question would be a hole.
func TestLoopbackIsDecidedOnce(t *testing.T) {
	t.Parallel()
	var deciding []string
	root := gatewaytest.Root()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("IsLoopback(")) {
			deciding = append(deciding, strings.TrimPrefix(path, root+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(deciding) != 1 || deciding[0] != "policy/loopback/loopback.go" {
		t.Errorf("what is loopback is decided in %q", deciding)
	}
}
