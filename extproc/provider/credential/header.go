package credential

import (
	"errors"
	"fmt"
	"time"

	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// minQuoted is the length in bytes from which the value of a header found at a place is
// looked for in texts: a shorter one is no secret and stands in many.
const minQuoted = 8

// Header is a further header of a backend. It is safe for concurrent use.
type Header struct {
	Name string // in lower case
	text string
	slot *slot // nil: the value is the text
	now  func() time.Time
}

// Reveal returns the header's value. It does not allocate unless a file is due to be
// looked at.
func (h *Header) Reveal() string {
	if h.slot == nil {
		return h.text
	}
	h.slot.refresh(h.now())
	return h.slot.Secret().Reveal()
}

// headers resolves the further headers of a backend. Of one that is not set, and that the
// simulated provider may stand in for, the name of the place is kept.
func (s *slots) headers(b *policy.Backend, lookupEnv func(string) (string, bool), now func() time.Time) error {
	var faults []error
	for _, h := range b.SentHeaders() {
		out := &Header{Name: h.Name, text: h.Text, now: now}
		if h.Text == "" {
			one, err := resolve(h.Credential, 0, secret.InHeader, lookupEnv, now())
			switch {
			case err == nil:
				out.slot = one
			case b.WithoutCredential == policy.WithoutSimulate && errors.Is(err, secret.ErrNotSet):
				s.lacks = append(s.lacks, h.Env+h.File) // one of them is empty
				continue
			default:
				faults = append(faults, fmt.Errorf("backend %q: header %s: %w", b.Name, h.Name, err))
				continue
			}
		}
		s.sent = append(s.sent, out)
	}
	return errors.Join(faults...)
}

// Headers returns the further headers of a backend, by name.
func (s *Store) Headers(backend string) []*Header {
	if here := s.backends[backend]; here != nil {
		return here.sent
	}
	return nil
}
