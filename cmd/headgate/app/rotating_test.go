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

// TestALogOfTwoProcessesBeginsAnewOnce holds that a process that shares its log with another one
// goes on in the file that the other has begun, and renames nothing then.
func TestALogOfTwoProcessesBeginsAnewOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var all [2]*rotating
	for i := range all {
		r, err := openRotating(path, 10)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		all[i] = r
	}
	for i, line := range []string{"first 1\n", "second1\n", "first 2\n", "second2\n"} {
		if _, err := all[i%2].Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{path + ".1": "first 1\nsecond1\n", path: "first 2\nsecond2\n"} {
		if b, err := os.ReadFile(name); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v, want %q", filepath.Base(name), b, err, want)
		}
	}
	if _, err := os.Stat(path + ".2"); err == nil {
		t.Error("the file that the other had begun was renamed")
	}
}
