package source

import (
	"errors"
	"testing"
	"time"
)

// TestWhatWasTakenIsKnownLater holds that a process that starts with a policy that
// nobody has taken yet knows the newest one that somebody had.
func TestWhatWasTakenIsKnownLater(t *testing.T) {
	path, folder := policyFile(t, text(1)), t.TempDir()
	s := open(t, Options{Path: path, History: history(t, folder)})
	good := func(want string) {
		t.Helper()
		revision := ""
		if set, ok := open(t, Options{History: history(t, folder)}).Good(); ok {
			revision = set.Revision
		}
		if revision != want {
			t.Errorf("the good one is %q, want %q", revision, want)
		}
	}
	good("")
	s.Took(revision(1))
	good("") // it is the current one
	change(t, s, path, "push 2")
	s.Took(revision(1)) // too late to count
	good(revision(1))
	change(t, s, path, "push 3")
	good(revision(1))
	s.Took(revision(3))
	change(t, s, path, "push 2")
	good(revision(3))
	if c := s.History(); c[0].Taken || !c[1].Taken || c[2].Taken || !c[3].Taken {
		t.Errorf("taken in the history: %+v", c)
	}
}

// TestWhatWasTakenUnderAnOverlay holds that what somebody had in effect is without what
// has expired since, and none to go back to if that is the current one.
func TestWhatWasTakenUnderAnOverlay(t *testing.T) {
	folder, path, now := t.TempDir(), policyFile(t, split("5")), noon
	s := open(t, Options{Path: path, History: history(t, folder)})
	document := s.Latest().Revision
	l := laying("a/x", 70)
	l.For = time.Hour
	s.Took(lay(t, s, l).Revision)
	now = now.Add(time.Hour)
	later := open(t, Options{History: history(t, folder), Now: func() time.Time { return now }})
	if set, ok := later.Good(); ok {
		t.Errorf("the good one is %q, the current one %q", set.Revision, later.Latest().Revision)
	}
	_, err := later.Push(push(split("6"), ""))
	must(t, err)
	if set, ok := later.Good(); !ok || set.Revision != document {
		t.Errorf("the good one is %+v, %t; want %s", set, ok, document)
	}
}

// TestRollbackPassesOverTheRejected holds that what somebody refused who should
// have it in effect is no target, unless it is named, even for a process that knows it
// from the history alone, and after a restart.
func TestRollbackPassesOverTheRejected(t *testing.T) {
	path, folder := policyFile(t, text(1)), t.TempDir()
	var rejected error
	s := open(t, Options{Path: path, History: history(t, folder), Rejected: func() error { return rejected }})
	other := open(t, Options{History: history(t, folder)})
	rejected = errors.New("pair-1: a port is taken")
	change(t, s, path, "push 2")
	if c := s.History()[0]; c.Rejected != "pair-1: a port is taken" {
		t.Errorf("in effect and rejected: %+v", c)
	}
	rejected = nil
	if c := s.History(); c[0].Rejected != "" || c[1].Rejected == "" {
		t.Errorf("1 was rejected when 2 came: %+v", c)
	}
	rejected = errors.New("pair-2: no such file")
	change(t, s, path, "push 3")
	rejected = nil
	change(t, s, path, "push 4")
	_, err := other.Sync()
	must(t, err)
	again := open(t, Options{History: history(t, folder)})
	for name, one := range map[string]*Source{"here": s, "there": other, "later": again} {
		all := one.History()
		for i, want := range []string{"", "", "pair-2: no such file", "pair-1: a port is taken"} {
			if all[i].Rejected != want {
				t.Errorf("%s, change %d: rejected %q, want %q", name, all[i].Number, all[i].Rejected, want)
			}
		}
		if c, err := one.target(""); err != nil || c.Revision != revision(3) {
			t.Errorf("%s: goes back to %s, %v", name, c.Revision, err)
		}
	}
	_, err = again.Rollback("", push("", ""))
	must(t, err)
	inEffect(t, again, 3, 5, FromRollback)
	if _, err := again.Rollback("", push("", "")); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("back to what was rejected: %v", err)
	}
	_, err = again.Rollback(revision(1), push("", ""))
	must(t, err)
	inEffect(t, again, 1, 6, FromRollback)
}
