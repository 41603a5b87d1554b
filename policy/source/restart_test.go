package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRestart holds what is in effect after a restart with a history.
func TestRestart(t *testing.T) {
	folder := t.TempDir()
	tests := []struct {
		name   string
		before []string // "file N", "push N" or "rollback", in order
		file   string   // when it starts again; empty: missing
		n      int
		number int
		origin Origin
		faults int // lines of Refused
	}{
		{"the file stayed", []string{"file 1"}, text(1), 1, 1, FromFile, 0},
		{"a push outlives a restart", []string{"file 1", "push 2"}, text(1), 2, 2, FromPush, 0},
		{"a file with another comment is the same", []string{"file 1", "push 2"}, text(1) + "# more", 2, 2, FromPush, 0},
		{"a file that changed meanwhile is newer", []string{"file 1", "push 2"}, text(3), 3, 3, FromFile, 0},
		{"so is one that changed to what was pushed", []string{"file 1", "push 2"}, text(2), 2, 3, FromFile, 0},
		{"a push outlives a file that became what was pushed before", []string{"file 1", "push 2", "file 2", "push 3"}, text(2), 3, 4, FromPush, 0},
		{"a rollback outlives a restart", []string{"file 1", "file 2", "rollback"}, text(2), 1, 3, FromRollback, 0},
		{"a file may go back", []string{"file 1", "file 2", "push 3"}, text(1), 1, 4, FromFile, 0},
		{"a bad file leaves the newest", []string{"file 1", "push 2"}, bad, 2, 2, FromPush, 2},
		{"so does a missing one", []string{"file 1", "push 2"}, "", 2, 2, FromPush, 1},
		{"a bad file leaves what the file was", []string{"file 1"}, bad, 1, 1, FromFile, 2},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path, folder := policyFile(t, text(1)), filepath.Join(folder, fmt.Sprint(i))
			s := open(t, Options{Path: path, History: history(t, folder)})
			for _, step := range tt.before[1:] {
				change(t, s, path, step)
			}
			must(t, os.Remove(path))
			if tt.file != "" {
				write(t, path, tt.file)
			}
			var e effects
			s = open(t, Options{Path: path, History: history(t, folder), Apply: e.apply})
			inEffect(t, s, tt.n, tt.number, tt.origin)
			if !cmp.Equal(e.all, []int64{int64(tt.n)}) {
				t.Errorf("applied were %v", e.all)
			}
			lines := 0
			if r := s.Refused(); r != nil {
				lines = strings.Count(r.Reason, "\n") + 1
				if r.Origin != FromFile || !r.At.Equal(noon) {
					t.Errorf("refused was %+v", r)
				}
			}
			if lines != tt.faults {
				t.Errorf("Refused returned %v, want %d faults", s.Refused(), tt.faults)
			}
		})
	}
}

func change(t *testing.T, s *Source, path, step string) {
	t.Helper()
	var n int
	kind, number, _ := strings.Cut(step, " ")
	_, _ = fmt.Sscan(number, &n) // a rollback has none
	var err error
	switch kind {
	case "file":
		write(t, path, text(n))
		_, err = s.Reload()
	case "push":
		_, err = s.Push(push(text(n), ""))
	case "rollback":
		_, err = s.Rollback("", Proposal{Author: "bob", Reason: "test"})
	}
	must(t, err)
}

// TestAFileThatWasNeverGoodStartsNoOther holds that a faulty or missing file does not start what
// another one has brought, but for the file of a history, however its path is written.
func TestAFileThatWasNeverGoodStartsNoOther(t *testing.T) {
	path, folder := policyFile(t, text(1)), t.TempDir()
	open(t, Options{Path: path, History: history(t, folder)})
	for name, other := range map[string]string{"faulty": policyFile(t, bad), "missing": filepath.Join(t.TempDir(), "none.yaml")} {
		_, err := Open(Options{Path: other, History: history(t, folder)})
		if err == nil || !strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), "another policy file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(t, path, bad)
	dir, file := filepath.Split(path)
	s := open(t, Options{Path: dir + "./" + file, History: history(t, folder)})
	inEffect(t, s, 1, 1, FromFile)
	s = open(t, Options{Path: policyFile(t, text(2)), History: history(t, folder)})
	inEffect(t, s, 2, 2, FromFile)
}
