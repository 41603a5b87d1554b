package source

import (
	"errors"
	"testing"

	"github.com/headgate/headgate/policy"
)

// over the document, as far as the new one has a place for it, unless it is to go.
func TestOverlayOutlivesDocuments(t *testing.T) {
	path := policyFile(t, split("5"))
	s := open(t, Options{Path: path})
	lay(t, s, laying("a/x", 70))
	_, err := s.Push(push(split("6"), ""))
	must(t, err)
	weighs(t, "a push", s, map[string]uint32{"a": 70, "b": 1})
	write(t, path, withoutA)
	_, err = s.Reload()
	must(t, err)
	weighs(t, "a document without the use", s, map[string]uint32{"c": 5, "b": 1})
	if left := s.LeftOut(); len(left) != 1 || left[0].Entry.Place() != "models.m.chain[0]" || s.Current().Document != "" {
		t.Errorf("left out: %+v", left)
	}
	_, err = s.Rollback("", push("", ""))
	must(t, err)
	weighs(t, "the document before", s, map[string]uint32{"a": 70, "b": 1})
	if left := s.LeftOut(); left != nil {
		t.Errorf("left out: %+v", left)
	}
	p := push("", "")
	p.WithoutOverlay = true
	c, err := s.Rollback("", p)
	must(t, err)
	weighs(t, "without the overlay", s, map[string]uint32{"a": 5, "b": 1})
	if c.Revision != s.History()[len(s.History())-1].Revision || !c.Overlay.IsZero() {
		t.Errorf("rolled back to %+v", c)
	}
}

// whatever was laid over them in between, and never forth again.
func TestRollbackPassesOverlays(t *testing.T) {
	s := open(t, Options{Path: policyFile(t, split("1"))})
	lay(t, s, laying("b/x", 9))
	for _, n := range []string{"2", "3"} {
		_, err := s.Push(push(split(n), ""))
		must(t, err)
		lay(t, s, laying("b/x", 7))
		lay(t, s, laying("b/x", 9))
	}
	for _, n := range []uint32{2, 1} {
		_, err := s.Rollback("", push("", ""))
		must(t, err)
		weighs(t, "rolled back", s, map[string]uint32{"a": n, "b": 9})
		lay(t, s, laying("b/x", 8))
		lay(t, s, laying("b/x", 9))
	}
	if _, err := s.Rollback("", push("", "")); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("there is something before the first document: %v", err)
	}
}

// by the next one, although something was laid over it in between.
func TestRollbackThroughOverlays(t *testing.T) {
	s := open(t, Options{Path: policyFile(t, split("1"))})
	back := func() error {
		_, err := s.Rollback("", push("", ""))
		return err
	}
	_, err := s.Push(push(split("2"), ""))
	must(t, err)
	must(t, back())
	lay(t, s, laying("b/x", 9))
	_, err = s.Push(push(split("3"), ""))
	must(t, err)
	must(t, back())
	weighs(t, "rolled back", s, map[string]uint32{"a": 1, "b": 9})
	if err := back(); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("what was undone came back: %v, %v", chain(s), err)
	}
	p := push(split("1"), "")
	p.WithoutOverlay = true
	_, err = s.Push(p)
	must(t, err)
	if err := back(); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("the same document came back: %v, %v", chain(s), err)
	}
}

// as another one, and found by its own revision.
func TestFileUnderAnOverlay(t *testing.T) {
	path := policyFile(t, split("5"))
	s := open(t, Options{Path: path})
	lay(t, s, laying("b/x", 9))
	write(t, path, split("6"))
	_, err := s.Reload()
	must(t, err)
	document := s.Current().Document
	if c, err := s.Find(document); err != nil || c.Number != 3 || document == "" {
		t.Errorf("document %q is of change %d, %v", document, c.Number, err)
	}
	_, err = s.Push(push(split("7"), ""))
	must(t, err)
	if changed, err := s.Reload(); changed || err != nil || len(s.History()) != 4 {
		t.Errorf("the file undid a push: %t, %v; the history has %d changes", changed, err, len(s.History()))
	}
}

// differs.
func TestTakingBackWhatDoesNotAct(t *testing.T) {
	var applied []string
	s := open(t, Options{Path: policyFile(t, split("5")), Apply: func(set *policy.Set) error {
		applied = append(applied, set.Revision)
		return nil
	}})
	lay(t, s, laying("a/x", 9))
	_, err := s.Push(push(withoutA, ""))
	must(t, err)
	c := lay(t, s, Laying{Clear: []Target{{Model: "m"}}, Author: "bob", Reason: "over"})
	if c.Number != 4 || len(s.LeftOut()) != 0 || c.Revision != c.Parent || len(applied) != 3 {
		t.Errorf("taken back: %+v; left out %v; applied %v", c, s.LeftOut(), applied)
	}
}

// back to from the same without one, if the one between them was rejected.
func TestRollbackPassesTheSameDocument(t *testing.T) {
	var rejected error
	s := open(t, Options{Path: policyFile(t, split("1")), Rejected: func() error { return rejected }})
	lay(t, s, laying("b/x", 9))
	_, err := s.Push(push(split("2"), ""))
	must(t, err)
	rejected = errors.New("no")
	p := push(split("1"), "")
	p.WithoutOverlay = true
	_, err = s.Push(p)
	must(t, err)
	rejected = nil
	if c, err := s.Rollback("", push("", "")); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("rolled back to %+v, %v", c, err)
	}
}
