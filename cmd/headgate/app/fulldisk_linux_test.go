package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAStartOnAFullDisk holds that a process which finds a torn access record on a full disk starts
// all the same, and that no row is joined to the torn one.
func TestAStartOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k"); err != nil {
		t.Skipf("mounting takes privileges: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	path := filepath.Join(dir, "access.jsonl")
	torn := strings.Repeat("x", os.Getpagesize())
	if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
		t.Fatal(err)
	}
	var l lifecycle
	t.Cleanup(func() { _ = l.stop(t.Context()) })
	if err := reserveFolder(&l, dir); err != nil {
		t.Error(err)
	}
	r, err := openRecords(&l, recordsTo{path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write([]byte("{}\n")); err == nil {
		t.Fatal("the disk is not full")
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size=64k"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Write([]byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "{}\n", path + ".1": torn} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s holds %.9q…, %v", name, got, err)
		}
	}
}
