package source

import (
	"errors"
	"testing"

	"github.com/headgate/headgate/policy"
)

// TestAskedForAgain holds that a policy which somebody refused who should have it in
// effect is applied again when it is asked for again, is no change, and that nothing is
// applied again otherwise.
func TestAskedForAgain(t *testing.T) {
	refused, applied, broken := false, 0, error(nil)
	path := policyFile(t, text(1))
	s := open(t, Options{Path: path, Rejected: func() error {
		if refused {
			return errors.New("a port is taken")
		}
		return nil
	}, Apply: func(*policy.Set) error { applied++; return broken }})
	ask := map[string]func() error{
		"reload":   func() error { _, err := s.Reload(); return err },
		"push":     func() error { _, err := s.Push(push(text(1), "")); return err },
		"rollback": func() error { _, err := s.Rollback(revision(1), push("", "")); return err },
	}
	for name, again := range ask {
		refused, applied = false, 0
		must(t, again())
		if applied != 0 {
			t.Errorf("%s: applied again although nobody refused it", name)
		}
		refused = true
		must(t, again())
		if applied != 1 || len(s.History()) != 1 {
			t.Errorf("%s: applied %d times, %d changes", name, applied, len(s.History()))
		}
		broken = errors.New("port in use")
		var unfit *ApplyError
		if err := again(); !errors.As(err, &unfit) || unfit.Revision != revision(1) {
			t.Errorf("%s: got %v", name, err)
		}
		broken = nil
		inEffect(t, s, 1, 1, FromFile)
	}
	write(t, path, bad)
	applied = 0
	if _, err := s.Reload(); err == nil || applied != 0 {
		t.Errorf("a bad file: %v, applied %d times", err, applied)
	}
}
