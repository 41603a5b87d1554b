package app

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

func textOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestALogBeginsAnew holds that a log stays below its size, whole lines go to one file, so many
// files are kept, and their mode.
func TestALogBeginsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	r, err := openRotating(path, 8)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range 7 {
		for range 2 {
			if _, err := r.Write([]byte(strconv.Itoa(i) + "..\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, want := range []string{"6..\n6..\n", "5..\n5..\n", "4..\n4..\n", "3..\n3..\n", "2..\n2..\n"} {
		name := path
		if i > 0 {
			name += "." + strconv.Itoa(i)
		}
		if got := textOf(t, name); got != want {
			t.Errorf("%s has %q, want %q", filepath.Base(name), got, want)
		}
	}
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(all) != 1+keptLogs {
		t.Errorf("there are %v, %v", all, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o027 != 0 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

// TestALogIsReopened holds that after others have renamed its file, lines go to a new one from reopen
// on, and that one line larger than the bound is written.
func TestALogIsReopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	r, err := openRotating(path, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	write := func(text string) {
		if _, err := r.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("longer than that\n")
	if err := os.Rename(path, path+".theirs"); err != nil {
		t.Fatal(err)
	}
	if err := r.reopen(); err != nil {
		t.Fatal(err)
	}
	write("b\n")
	if got := []string{textOf(t, path+".theirs"), textOf(t, path)}; !slices.Equal(got, []string{"longer than that\n", "b\n"}) {
		t.Errorf("the files have %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write("c\n")
	write("d\n") // which has no room beside it
	if got := textOf(t, path); got != "d\n" {
		t.Errorf("after it was removed, the file has %q", got)
	}
}
