package envoy

import (
	"errors"
	"strings"
	"testing"
)

// writes are what was passed on, by call.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

// TestWholeLines holds that lines are passed on whole, in their order, and that a line without end
// is not held for ever.
func TestWholeLines(t *testing.T) {
	to := &writes{}
	w := &wholeLines{to: to}
	for _, part := range []string{"a", "b\n", "c\nd\ne", "", "f\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%q: %d, %v", part, n, err)
		}
	}
	if got := strings.Join(to.all, "|"); got != "ab\n|c\nd\n|ef\n" {
		t.Errorf("passed on are %q", got)
	}
	to.err = errors.New("full")
	if n, err := w.Write([]byte("g\n")); n != 2 || err != nil {
		t.Errorf("a reader that fails: %d, %v", n, err)
	}
	for range maxHeld/1024 + 1 {
		_, _ = w.Write(make([]byte, 1024))
	}
	if len(w.held) > maxHeld || len(to.all) != 5 {
		t.Errorf("%d bytes are held, %d writes", len(w.held), len(to.all))
	}
}
