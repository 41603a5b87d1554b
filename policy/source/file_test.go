package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/policy"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReloadKeepsTheLastGoodSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "version: 1")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	first := f.Latest()
	steps := []struct {
		name    string
		change  func()
		changed bool
		err     string
		body    int64
	}{
		{"a comment changes nothing", func() { write(t, path, "version: 1 # yes") }, false, "", 32 << 20},
		{"a limit does", func() { write(t, path, "version: 1\nlimits: {body: 1MiB}") }, true, "", 1 << 20},
		{"a faulty document does not count", func() { write(t, path, "version: 2") }, false, path + ":1:10 version: must be 1", 1 << 20},
		{"nor does a missing file", func() { os.Remove(path) }, false, "reading policy: ", 1 << 20},
		{"a good one follows", func() { write(t, path, "version: 1\nlimits: {body: 2MiB}") }, true, "", 2 << 20},
	}
	for _, s := range steps {
		s.change()
		changed, err := f.Reload()
		if changed != s.changed || s.err == "" && err != nil || s.err != "" && (err == nil || !strings.Contains(err.Error(), s.err)) {
			t.Fatalf("%s: Reload returned %v, %v", s.name, changed, err)
		}
		if got := f.Latest().BodyLimit; got != s.body {
			t.Fatalf("%s: the limit is %d, want %d", s.name, got, s.body)
		}
	}
	if first.BodyLimit != 32<<20 {
		t.Error("a Set changed after it was published")
	}
}

func TestOpenFaults(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(filepath.Join(folder, "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(folder); err == nil || !strings.HasPrefix(err.Error(), "reading policy: ") {
		t.Errorf("folder: %v", err)
	}
	path := filepath.Join(folder, "policy.yaml")
	write(t, path, "version: 1\nlisten: 1\nmodles: {}")
	var faults *policy.Faults
	if _, err := Open(path); !errors.As(err, &faults) || len(faults.Faults) != 2 || faults.Faults[0].File != path {
		t.Errorf("faulty document: %v", err)
	}
	write(t, path, "version: 1\n#"+strings.Repeat("x", policy.MaxDocument))
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("document too large: %v", err)
	}
}

func TestLatestWhileReloading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, "version: 1")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "version: 1\nanonymous: true")
	var wg sync.WaitGroup
	var changes [4]bool
	for i := range changes {
		wg.Go(func() {
			changes[i], _ = f.Reload()
			if f.Latest() == nil {
				t.Error("no Set")
			}
		})
	}
	wg.Wait()
	count := 0
	for _, c := range changes {
		if c {
			count++
		}
	}
	if count != 1 || !f.Latest().Anonymous {
		t.Errorf("%d reloads saw the change, want exactly one", count)
	}
}
