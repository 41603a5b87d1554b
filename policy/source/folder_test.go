package source

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// record appends a change whose revision is given.
func record(h History, revision string) error {
	number := 1
	if all := h.Changes(); len(all) > 0 {
		number = all[len(all)-1].Number + 1
	}
	d, err := h.Draft(Change{Number: number, Revision: revision, Origin: FromPush, Author: "a", At: time.Unix(1, 2).UTC(), Files: files(revision)})
	if err != nil {
		return err
	}
	defer d.Discard()
	return d.Commit()
}

func revisions(h History) string {
	var all []string
	for _, c := range slices.Backward(h.Changes()) {
		all = append(all, c.Revision)
	}
	return strings.Join(all, " ")
}

func TestFolderIsReadBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	h := history(t, folder)
	for _, revision := range []string{"one", "two", "three"} {
		must(t, record(h, revision))
	}
	again := history(t, folder)
	if diff := cmp.Diff(h.Changes(), again.Changes()); diff != "" || revisions(again) != "three two one" {
		t.Errorf("read back as %s (-recorded +read):\n%s", revisions(again), diff)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	must(t, err)
	hidden, err := filepath.Glob(filepath.Join(folder, ".*"))
	must(t, err)
	if len(names) != 3 || filepath.Base(names[2]) != "000003.json" || len(hidden) != 0 {
		t.Errorf("the folder holds %q and %q", names, hidden)
	}
}

func TestFolderFaults(t *testing.T) {
	tests := []struct {
		name   string
		damage func(folder string) error
		want   string
	}{
		{"a file that is missing between others", func(f string) error { return os.Remove(filepath.Join(f, "000002.json")) }, "000002.json: file does not exist, but "},
		{"another change under this number", func(f string) error {
			return os.Rename(filepath.Join(f, "000002.json"), filepath.Join(f, "000001.json"))
		}, "000001.json: does not hold change 1"},
		{"a change of a later release", func(f string) error {
			return os.WriteFile(filepath.Join(f, "000003.json"), withSum([]byte("{\n  \"number\": \"3\"")), 0o600)
		}, "000003.json: json: cannot unmarshal"},
		{"a folder", func(f string) error {
			return errors.Join(os.Remove(filepath.Join(f, "000003.json")), os.Mkdir(filepath.Join(f, "000003.json"), 0o700))
		}, "000003.json: is a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			h := history(t, folder)
			for _, revision := range []string{"one", "two", "three"} {
				must(t, record(h, revision))
			}
			must(t, tt.damage(folder))
			if _, err := OpenFolder(folder, whole(t)); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), folder) {
				t.Errorf("OpenFolder returned %v, want %s", err, tt.want)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "")
	if _, err := OpenFolder(path, whole(t)); err == nil || !strings.HasPrefix(err.Error(), "opening the policy's history: ") {
		t.Errorf("OpenFolder of a file returned %v", err)
	}
}

func TestFolderWithoutItsOldest(t *testing.T) {
	folder := t.TempDir()
	h := history(t, folder)
	for _, revision := range []string{"one", "two", "three"} {
		must(t, record(h, revision))
	}
	must(t, os.Remove(filepath.Join(folder, "000001.json")))
	h = history(t, folder)
	must(t, record(h, "four"))
	h.Mark(1, MarkTaken, "")
	h.Mark(3, MarkRejected, "no")
	for _, h := range []History{h, history(t, folder)} {
		if all := h.Changes(); all[0].Rejected != "" || all[1].Rejected != "no" || all[0].Taken {
			t.Errorf("the marks are not those of change 3: %+v", all)
		}
	}
	if newest := h.Changes()[2].Number; revisions(h) != "four three two" || newest != 4 {
		t.Errorf("the history is %s up to %d", revisions(h), newest)
	}
}

// TestFolderSweepsDrafts holds that what a killed process left is no change and goes
// away, and that a draft that may still be written stays.
func TestFolderSweepsDrafts(t *testing.T) {
	folder := t.TempDir()
	must(t, record(history(t, folder), "one"))
	old, young := filepath.Join(folder, draftPrefix+"old"), filepath.Join(folder, draftPrefix+"young")
	write(t, old, `{"number": 2, "revi`)
	write(t, young, `{"number": 2, "revi`)
	long := time.Now().Add(-2 * abandoned)
	must(t, os.Chtimes(old, long, long))
	if h := history(t, folder); revisions(h) != "one" {
		t.Errorf("the history is %s", revisions(h))
	}
	_, gone := os.Stat(old)
	_, kept := os.Stat(young)
	if !os.IsNotExist(gone) || kept != nil {
		t.Errorf("the old draft: %v, the young one: %v", gone, kept)
	}
}

func TestDraftThatCannotBeWritten(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "history")
	h := history(t, folder)
	must(t, os.RemoveAll(folder))
	if err := record(h, "one"); err == nil || revisions(h) != "" {
		t.Errorf("recorded in no folder: %v, %s", err, revisions(h))
	}
}
