// Package envoytest runs a real Envoy in tests.
//
// The promise: an Envoy that was started here ends with its test, and its log is shown if
// the test failed. The trap: if no Envoy is found, tests are skipped unless CI=true, so that
// a green run on a bare machine proves little.
package envoytest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/envoy"
)

// Path returns the Envoy that tests run, as envoy.Find does: HEADGATE_ENVOY, one on PATH, or
// the fetched one. Without any the test is skipped; with CI=true it fails.
func Path(t testing.TB) string {
	t.Helper()
	root, err := root()
	if err != nil {
		t.Fatal(err)
	}
	path, _, err := envoy.Find(context.Background(), os.Getenv, filepath.Join(root, ".tools"))
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
	return ""
}

// Oldest returns the oldest Envoy that is accepted: HEADGATE_ENVOY_139, or the one
// that fetch.sh 1.39.3 puts beside the pinned one. Without either the test is skipped.
func Oldest(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("HEADGATE_ENVOY_139"); path != "" {
		return path
	}
	root, err := root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, ".tools", "envoy-1.39.3", "envoy")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no Envoy 1.39: run envoy/fetch.sh 1.39.3, or name one with HEADGATE_ENVOY_139")
	}
	return path
}

// root finds the folder of go.mod above the test's own.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = parent
	}
}

// Validate has the Envoy at a path check a bootstrap, as JSON or YAML, without
// running it. The error holds Envoy's own words; a warning, such as of a deprecated
// field, is one too.
func Validate(t testing.TB, path string, config []byte) error {
	t.Helper()
	var complaints bytes.Buffer
	cmd := exec.Command(path, "--mode", "validate", "--log-level", "warn", "-c", write(t, config))
	cmd.Stderr = &complaints
	if out, err := cmd.Output(); err != nil {
		return fmt.Errorf("envoy --mode validate: %w: %s %s", err, bytes.TrimSpace(out), bytes.TrimSpace(complaints.Bytes()))
	}
	if complaints.Len() > 0 {
		return fmt.Errorf("envoy --mode validate warns: %s", bytes.TrimSpace(complaints.Bytes()))
	}
	return nil
}

// write writes a configuration to a file. Envoy chooses the format by the file's name; it
// is YAML's, which includes JSON.
func write(t testing.TB, config []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
