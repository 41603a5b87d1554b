package gatewaytest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// releaseFile names the commit of the release before this version.
const releaseFile = "policy/testdata/release"

// Release returns the path of the headgate binary of the release before. It is built of
// the repository's history, and kept in .tools for the next time.
func Release(t testing.TB) string {
	t.Helper()
	path, err := release()
	if err != nil {
		t.Fatalf("the release before: %v", err)
	}
	return path
}

// ReleaseAt is Release for a commit.
func ReleaseAt(t testing.TB, commit string) string {
	t.Helper()
	path, err := releaseAt(commit)
	if err != nil {
		t.Fatalf("the release %s: %v", commit, err)
	}
	return path
}

var release = sync.OnceValues(func() (string, error) {
	named, err := os.ReadFile(filepath.Join(Root(), releaseFile))
	if err != nil {
		return "", err
	}
	return releaseAt(strings.TrimSpace(string(named)))
})

// releaseAt builds the binary of a commit, unless that is there.
func releaseAt(commit string) (string, error) {
	folder := filepath.Join(Root(), ".tools", "releases", commit)
	path := filepath.Join(folder, "headgate")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	return path, buildCommit(commit, path)
}

// buildCommit builds headgate as it was at a commit. Of several processes that do so at a
// time each replaces the binary by the same one.
func buildCommit(commit, path string) error {
	if _, err := run(Root(), "git", "-c", "safe.directory=*", "cat-file", "-e", commit+"^{commit}"); err != nil {
		return fmt.Errorf("commit %s (%s names that of the last release) is not in this clone: fetch the whole history (git fetch --unshallow): %w", commit, releaseFile, err)
	}
	source, err := os.MkdirTemp(filepath.Dir(path), "source-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(source) }() // else it is in nobody's way
	archive, built := filepath.Join(source, "source.tar"), filepath.Join(source, "headgate.bin")
	for _, command := range [][]string{
		{"git", "-c", "safe.directory=*", "-C", Root(), "archive", "--output", archive, commit},
		{"tar", "--no-same-owner", "-xf", archive},
		{"go", "build", "-trimpath", "-buildvcs=false", "-o", built, "./cmd/headgate"},
	} {
		if _, err := run(source, command[0], command[1:]...); err != nil {
			return err
		}
	}
	return os.Rename(built, path)
}

// run runs a command in a folder. Its error holds what the command wrote.
func run(folder, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, out)
	}
	return out, nil
}

// either returns a binary, or that of all if none is given.
func either(t testing.TB, path string) string {
	t.Helper()
	if path != "" {
		return path
	}
	return Binary(t)
}
