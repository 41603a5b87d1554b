package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRead holds which files are read, and that none is waited for.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"empty": "", "most": "12345678", "more": "123456789"} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Mkfifo(at("pipe"), 0o600), os.Symlink("most", at("link")), os.Symlink("loop", at("loop")), os.WriteFile(at("sparse"), nil, 0o600), os.Truncate(at("sparse"), 1<<40)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want, fault string }{
		{at("empty"), "", ""},
		{at("most"), "12345678", ""},
		{at("link"), "12345678", ""},
		{at("more"), "", "larger than 8 bytes"},
		{at("sparse"), "", "larger than 8 bytes"},
		{at("pipe"), "", "not a regular file"},
		{at("loop"), "", "too many levels of symbolic links"},
		{dir, "", "not a regular file"},
		{"/dev/zero", "", "not a regular file"},
		{"/proc/self/environ", "", "larger than 8 bytes"}, // which says that it is empty
		{at("none"), "", "no such file"},
	} {
		got, err := Read(c.path, 8)
		if string(got) != c.want || (err != nil) != (c.fault != "") || err != nil && (!strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), c.path)) {
			t.Errorf("%s: %q, %v", c.path, got, err)
		}
	}
	if _, err := Read(at("none"), 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}
