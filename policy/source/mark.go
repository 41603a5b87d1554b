package source

// Mark is something learned about a change after it was recorded.
type Mark string

// The values of Mark.
const (
	MarkTaken    Mark = "taken"    // somebody who should have the change in effect has
	MarkRejected Mark = "rejected" // somebody refused to; the text says why
)

func (m Mark) put(c *Change, text string) {
	switch m {
	case MarkTaken:
		c.Taken = true
	case MarkRejected:
		c.Rejected = text
	}
}

func (m Mark) on(c Change) bool {
	return m == MarkTaken && c.Taken || m == MarkRejected && c.Rejected != ""
}

// markNow notes in the history what became of the policy in effect.
func (s *Source) markNow(m Mark, text string) {
	if now := s.effect.Load(); now != nil && now.change.Revision == s.applied {
		s.history.Mark(now.change.Number, m, text)
	}
}

// reject notes that the policy in effect was rejected by somebody who should have it in
// effect.
func (s *Source) reject() {
	if why := s.options.Rejected(); why != nil {
		s.markNow(MarkRejected, why.Error())
	}
}

// Took notes that somebody who should have a revision in effect has, if it is the
// current one.
func (s *Source) Took(revision string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Latest().Revision == revision {
		s.markNow(MarkTaken, "")
	}
}
