package source

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

func TestPushRefusals(t *testing.T) {
	var e effects
	s := open(t, Options{Path: policyFile(t, text(1)), Apply: e.apply})
	broken := errors.New("port in use")
	tests := []struct {
		name    string
		push    Proposal
		apply   error // what Apply says
		want    string
		is      error
		refused bool
	}{
		{"without an author", Proposal{Files: files(text(2)), Reason: "x"}, nil, "the proposal is incomplete: it does not say author", ErrIncomplete, false},
		{"without author and reason", Proposal{Files: files(text(2)), Author: " "}, nil, "the proposal is incomplete: it does not say author and reason", ErrIncomplete, false},
		{"without files", Proposal{Author: "ada", Reason: "x"}, nil, "the proposal is incomplete: it holds no files", ErrIncomplete, false},
		{"against another revision", push(text(2), revision(3)), nil, "another revision is in effect: expected " + revision(3) + ", in effect is " + revision(1), ErrConflict, false},
		{"faulty, against another revision", push(bad, revision(3)), nil, "expected " + revision(3), ErrConflict, false},
		{"faulty", push(bad, ""), nil, "pushed.yaml:2:16 limits.body: ", nil, true},
		{"that cannot take effect", push(text(2), ""), broken, "applying revision " + revision(2) + ": port in use", broken, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.refused.Store(nil)
			e.refuse = tt.apply
			_, err := s.Push(tt.push)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Push returned %v, want %s", err, tt.want)
			}
			if r := s.Refused(); (r != nil) != tt.refused || r != nil && (*r != Refusal{FromPush, err.Error(), noon}) {
				t.Errorf("Refused returned %v", r)
			}
			inEffect(t, s, 1, 1, FromFile)
			if len(s.History()) != 1 || !cmp.Equal(e.all, []int64{1}) {
				t.Errorf("the history has %d changes, applied were %v", len(s.History()), e.all)
			}
		})
	}
	var faults *policy.Faults
	if _, err := s.Push(push(bad, "")); !errors.As(err, &faults) || len(faults.Faults) != 2 {
		t.Errorf("the faults are lost: %v", err)
	}
	e.refuse = nil
	if _, err := s.Push(push(text(2), revision(1))); err != nil || s.Refused() != nil {
		t.Errorf("after a good push, %v, still refused: %v", err, s.Refused())
	}
}

func TestPushOfWhatIsInEffect(t *testing.T) {
	var e effects
	s := open(t, Options{Path: policyFile(t, text(1)), Apply: e.apply})
	c, err := s.Push(push(text(1)+"# the same\n", revision(1)))
	if diff := cmp.Diff(s.Current(), c); err != nil || diff != "" || len(s.History()) != 1 || len(e.all) != 1 {
		t.Errorf("Push returned %+v, %v; the history has %d changes, %d were applied", c, err, len(s.History()), len(e.all))
	}
}

func TestRollback(t *testing.T) {
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path})
	by := Proposal{Author: "bob", Reason: "worse"}
	if _, err := s.Rollback("", by); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("with nothing before: %v", err)
	}
	for _, step := range []string{"push 2", "file 2", "push 3"} {
		change(t, s, path, step)
	}
	rolled := func(to string, n, number int) {
		t.Helper()
		c, err := s.Rollback(to, by)
		must(t, err)
		inEffect(t, s, n, number, FromRollback)
		if diff := cmp.Diff(s.Current(), c); diff != "" {
			t.Errorf("Rollback returned another change than the current:\n%s", diff)
		}
	}
	rolled("", 2, 5)
	rolled("", 1, 6)
	rolled(revision(1), 1, 6)
	if _, err := s.Rollback("", by); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("further back than there is: %v", err)
	}
	rolled(revision(3), 3, 7)
	rolled("", 2, 8)
	rolled(revision(1), 1, 9)
	if c, err := s.Rollback(revision(1), by); err != nil || c.Number != 9 {
		t.Errorf("to what is in effect: change %d, %v", c.Number, err)
	}
	if _, err := s.Rollback("none", by); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("to an unknown revision: %v", err)
	}
	if _, err := s.Rollback("", Proposal{Author: "bob"}); !errors.Is(err, ErrIncomplete) {
		t.Errorf("without a reason: %v", err)
	}
	by.Expect = revision(9)
	if _, err := s.Rollback("", by); !errors.Is(err, ErrConflict) {
		t.Errorf("against another revision: %v", err)
	}
	inEffect(t, s, 1, 9, FromRollback)
}

// TestFileThatSaysTheSame holds that a file that was read with the current revision
// in it changes nothing, and is no step of its own for a rollback.
func TestFileThatSaysTheSame(t *testing.T) {
	path := policyFile(t, text(1))
	var e effects
	s := open(t, Options{Path: path, Apply: e.apply})
	change(t, s, path, "push 2")
	change(t, s, path, "file 2")
	inEffect(t, s, 2, 3, FromFile)
	change(t, s, path, "rollback")
	inEffect(t, s, 1, 4, FromRollback)
	if !cmp.Equal(e.all, []int64{1, 2, 1}) {
		t.Errorf("applied were %v", e.all)
	}
}

func TestSyncTakesOverWhatOthersRecorded(t *testing.T) {
	folder := seeded(t)
	var e effects
	a := open(t, Options{History: history(t, folder)})
	b := open(t, Options{History: history(t, folder), Apply: e.apply})
	change(t, a, "", "push 2")
	change(t, a, "", "push 3")
	e.refuse = errors.New("port in use")
	if changed, err := b.Sync(); changed || !errors.Is(err, e.refuse) || b.Refused() == nil {
		t.Errorf("Sync returned %v, %v; refused is %v", changed, err, b.Refused())
	}
	inEffect(t, b, 1, 1, FromFile)
	e.refuse = nil
	if changed, err := b.Sync(); !changed || err != nil || b.Refused() != nil {
		t.Errorf("Sync returned %v, %v; refused is %v", changed, err, b.Refused())
	}
	inEffect(t, b, 3, 3, FromPush)
	if changed, err := b.Sync(); changed || err != nil {
		t.Errorf("Sync of nothing new returned %v, %v", changed, err)
	}
	if !cmp.Equal(e.all, []int64{1, 3}) {
		t.Errorf("applied were %v", e.all)
	}
}

// TestExpectationsHoldAcrossSources pushes at a Source that has not heard of the
// latest change.
func TestExpectationsHoldAcrossSources(t *testing.T) {
	folder := seeded(t)
	a, b := open(t, Options{History: history(t, folder)}), open(t, Options{History: history(t, folder)})
	change(t, a, "", "push 2")
	if _, err := b.Push(push(text(3), revision(1))); !errors.Is(err, ErrConflict) {
		t.Errorf("a stale expectation was met: %v", err)
	}
	inEffect(t, b, 2, 2, FromPush)
	_, err := b.Push(push(text(3), revision(2)))
	must(t, err)
	inEffect(t, b, 3, 3, FromPush)
}

// TestSeveralReadersOfOneFile holds that replicas with the same file record it once.
func TestSeveralReadersOfOneFile(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, text(1))
	a := open(t, Options{Path: path, History: history(t, folder)})
	b := open(t, Options{Path: path, History: history(t, folder)})
	write(t, path, text(2))
	for _, s := range []*Source{a, b, a} {
		if _, err := s.Reload(); err != nil {
			t.Error(err)
		}
	}
	for _, s := range []*Source{a, b} {
		_, err := s.Sync()
		must(t, err)
		inEffect(t, s, 2, 2, FromFile)
	}
}

// TestNotRecordedIsNotInEffect takes the history's folder away during Apply.
func TestNotRecordedIsNotInEffect(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "history")
	var e effects
	vanish := false
	s := open(t, Options{Path: policyFile(t, text(1)), History: history(t, folder), Apply: func(set *policy.Set) error {
		if vanish {
			must(t, os.RemoveAll(folder))
		}
		return e.apply(set)
	}})
	vanish = true
	if _, err := s.Push(push(text(2), "")); err == nil || !strings.Contains(err.Error(), "recording revision "+revision(2)) {
		t.Errorf("Push returned %v", err)
	}
	inEffect(t, s, 1, 1, FromFile)
	if !cmp.Equal(e.all, []int64{1, 2, 1}) || s.Refused() == nil {
		t.Errorf("applied were %v, refused is %v", e.all, s.Refused())
	}
}

func TestUnreadableHistoryStopsChanges(t *testing.T) {
	folder := seeded(t)
	s := open(t, Options{History: history(t, folder)})
	write(t, filepath.Join(folder, "000002.json"), string(withSum([]byte("{\n  \"number\": \"of a later release\""))))
	_, synced := s.Sync()
	_, pushed := s.Push(push(text(2), ""))
	for _, err := range []error{synced, pushed} {
		if err == nil || !strings.Contains(err.Error(), "000002.json") {
			t.Errorf("got %v", err)
		}
	}
	inEffect(t, s, 1, 1, FromFile)
}
