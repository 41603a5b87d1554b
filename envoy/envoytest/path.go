// Package envoytest runs a real Envoy in tests.
//
// The promise: an Envoy that was started here ends with its test, and what it
// logged is shown where the test failed. The trap: where no Envoy is found tests
// are skipped, unless CI=true, so that a green run on a bare machine proves little.
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

// Path returns the Envoy that tests run, as envoy.Find has it: HEADGATE_ENVOY,
// one on PATH, or the fetched one. Without any the test is skipped, or fails where
// CI=true.
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
// running it. The error holds Envoy's own words.
func Validate(t testing.TB, path string, config []byte) error {
	t.Helper()
	out, err := exec.Command(path, "--mode", "validate", "--log-level", "warn", "-c", write(t, config)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("envoy --mode validate: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// write puts a configuration where Envoy reads it. YAML includes JSON, but not
// the other way round, and Envoy goes by the name.
func write(t testing.TB, config []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
