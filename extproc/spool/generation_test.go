package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
)

// TestProcessesShareAFolder holds that each process has files of its own, and that what one
// leaves that ends, however it does, is shipped by one that lives, once.
func TestProcessesShareAFolder(t *testing.T) {
	for name, end := range map[string]func(*Spool) error{"killed": func(s *Spool) error { s.die(); return nil }, "closed": (*Spool).Close} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			first, second := begin(t, folder, 1<<30, policy.DurableFast), begin(t, folder, 1<<30, policy.DurableFast)
			first.Take(row("1", "ok"))
			first.Open(row("2", "open"))
			second.Take(row("3", "ok"))
			if got := shipped(t, second, true); !slices.Equal(got, []string{"3=ok"}) {
				t.Errorf("beside a living process %q is shipped", got)
			}
			if err := end(first); err != nil {
				t.Fatal(err)
			}
			var got []string
			for deadline := time.Now().Add(time.Minute); len(got) < 2 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
				got = append(got, shipped(t, second, true)...)
			}
			if slices.Sort(got); !slices.Equal(got, []string{"1=ok", "2=open"}) {
				t.Errorf("what the other left is %q", got)
			}
			if err := second.Close(); err != nil {
				t.Fatal(err)
			}
			if files := list(t, folder); len(files) > 0 {
				t.Errorf("%q are left", files)
			}
		})
	}
}

func list(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestGenerationsFollowEachOther has processes die one after the other before anything is
// shipped: the last one ships the rows of all, in the order of the processes. No clock is asked
// for that order.
func TestGenerationsFollowEachOther(t *testing.T) {
	folder := t.TempDir()
	var want []string
	for i := range 12 { // more than one digit
		s := begin(t, folder, 1<<30, policy.DurableFast)
		s.Take(row(fmt.Sprintf("closed-%02d", i), "ok"))
		s.Open(row(fmt.Sprintf("open-%02d", i), "cut"))
		want = append(want, fmt.Sprintf("closed-%02d=ok", i), fmt.Sprintf("open-%02d=cut", i))
		s.die()
	}
	s := begin(t, folder, 1<<30, policy.DurableFast)
	if got := shipped(t, s, true); !slices.Equal(got, want) {
		t.Errorf("shipped %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files := list(t, folder); len(files) > 0 {
		t.Errorf("%q are left", files)
	}
}

// TestFilesOfOthersStay holds that what is no file of a spool is left alone, and that one which
// cannot be read keeps no process from starting.
func TestFilesOfOthersStay(t *testing.T) {
	folder := t.TempDir()
	names := []string{"1.spool", "README", "00000001-00000000.spool", "x-00000001.spool", "7.lock", "00000003-00000001.spool", "00000003-00000002.spool"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("of another version"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Take(row("1", "ok"))
	if got := shipped(t, s, true); !slices.Equal(got, []string{"1=ok"}) {
		t.Errorf("shipped %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left := list(t, folder)
	for _, name := range names {
		if !slices.Contains(left, name) {
			t.Errorf("%s is gone", name)
		}
	}
}

// TestFilesThatWereNeverBegunGo holds that what a process leaves that is killed as it makes a file
// goes away, beside files that have rows or are alone.
func TestFilesThatWereNeverBegunGo(t *testing.T) {
	folder := t.TempDir()
	s := begin(t, folder, 1<<30, policy.DurableFast)
	s.Take(row("1", "ok"))
	s.die()
	for name, size := range map[string]int64{"00000001-00000009.spool": 0, "00000002-00000001.spool": 0, "00000003-00000001.spool": segmentSize} {
		if err := os.WriteFile(filepath.Join(folder, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = begin(t, folder, 1<<30, policy.DurableFast)
	if got := shipped(t, s, true); !slices.Equal(got, []string{"1=ok"}) {
		t.Errorf("shipped %q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files := list(t, folder); len(files) > 0 {
		t.Errorf("%q are left", files)
	}
}
