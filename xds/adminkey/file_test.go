package adminkey_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/key"
)

func open(t *testing.T, path string) *adminkey.File {
	t.Helper()
	f, err := adminkey.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, path string) string {
	t.Helper()
	secret, err := adminkey.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// TestTheFirstKeyIsMadeOnce holds that it is there after a start, for its owner alone, and the
// same after another, also of several at once.
func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", adminkey.FileName)
	var opening sync.WaitGroup
	for range 8 {
		opening.Go(func() {
			if _, err := adminkey.OpenFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
	secret := read(t, path)
	if f := open(t, path); f.Path() != path || f.Exposed() || read(t, path) != secret {
		t.Errorf("the file at %s is exposed: %v, or has another key", f.Path(), f.Exposed())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || len(secret) < 30 {
		t.Errorf("mode %v, %v, a key of %d characters", info.Mode(), err, len(secret))
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("the folder has %v, %v", all, err)
	}
	if err := os.Chmod(path, 0o640); err != nil || !open(t, path).Exposed() {
		t.Error("others can read the file, and it is not exposed", err)
	}
}

// TestAFileWithoutAKeyIsRefused holds so, and that an error does not quote it.
func TestAFileWithoutAKeyIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "hga_local_short", "password-of-somebody", "hga_other_aaaaaaaaaaaaaaaaaaaaaaaaaa", strings.Repeat("x", 1<<20)} {
		path := filepath.Join(t.TempDir(), adminkey.FileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := adminkey.OpenFile(path); err == nil || text != "" && strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), path) {
			t.Errorf("%.40q: %.200v", text, err)
		}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := adminkey.ReadFile(pipe); err == nil {
		t.Error("a pipe is a key")
	}
	if _, err := adminkey.OpenFile(filepath.Join(pipe, "below")); err == nil {
		t.Error("a file below a pipe is made")
	}
}

// TestTheFilesKey holds that the key in the file may change everything, no other is taken, and
// that what is in the file now counts.
func TestTheFilesKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), adminkey.FileName)
	keys := adminkey.New(open(t, path), directory{})
	find := keys.Find
	first := read(t, path)
	if k, err := find(first); err != nil || k.ID != adminkey.Local || k.Role != key.Write {
		t.Errorf("the file's key is %+v, %v", k, err)
	}
	for _, secret := range []string{"", "x", "hga_", "hga__", "hga_local", "hga_local_", first[:len(first)-1], first + "x", strings.ToUpper(first), strings.Replace(first, "local", "other", 1)} {
		if k, err := find(secret); !errors.Is(err, adminkey.ErrUnknown) {
			t.Errorf("%q is %+v, %v", secret, k, err)
		}
	}
	second := strings.Map(func(r rune) rune {
		if r == 'a' {
			return 'b'
		}
		return 'a'
	}, first[len("hga_local_"):])
	if err := os.WriteFile(path, []byte("hga_local_"+second+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := find(first); !errors.Is(err, adminkey.ErrUnknown) {
		t.Errorf("the key before is taken: %v", err)
	}
	if _, err := find("hga_local_" + second); err != nil {
		t.Errorf("the key in the file is not: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"", "hga_local_", "hga_local_" + second} {
		if _, err := find(secret); !errors.Is(err, adminkey.ErrUnknown) {
			t.Errorf("without a file %q is taken: %v", secret, err)
		}
	}
	if _, err := adminkey.New(nil, directory{}).Find(first); !errors.Is(err, adminkey.ErrUnknown) {
		t.Errorf("without a folder: %v", err)
	}
}

// TestAKeyIsShownToWhoKnowsIt holds that a command shows the key in a file to nobody but who
// proves to know it, at the port that the command asks.
func TestAKeyIsShownToWhoKnowsIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), adminkey.FileName)
	f, challenge := open(t, path), adminkey.NewChallenge()
	hint := f.Hint(challenge, "8081")
	if secret, err := hint.Secret(challenge, "8081"); err != nil || secret != read(t, path) {
		t.Errorf("the key is not found: %v", err)
	}
	for name, ask := range map[string]func() (string, error){
		"another port":      func() (string, error) { return hint.Secret(challenge, "8082") },
		"another challenge": func() (string, error) { return hint.Secret(adminkey.NewChallenge(), "8081") },
		"no proof":          func() (string, error) { return (&adminkey.Hint{File: path}).Secret(challenge, "8081") },
	} {
		if secret, err := ask(); !errors.Is(err, adminkey.ErrUnproven) || secret != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&adminkey.Hint{File: path + "x", Proof: hint.Proof}).Secret(challenge, "8081"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another file: %v", err)
	}
	if h := f.Hint("", "8081"); h != nil {
		t.Errorf("nobody asked: %+v", h)
	}
	if h := adminkey.New(nil, directory{}).Hint(challenge, "8081"); h != nil {
		t.Errorf("there is no file: %+v", h)
	}
}
