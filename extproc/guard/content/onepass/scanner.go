package onepass

import "github.com/headgate/headgate/extproc/guard/content"

// Walk goes through a text: it begins a Search, looks at everything and returns its Result. All that
// it is given is for Search.Begin. These are single values, which stay in registers: a struct of
// them is copied in memory, which takes as long as a twentieth of a short text.
type Walk func(sc *Scanner, s []byte, from int, dst []content.Finding, blind bool) (found []content.Finding, open, work int)

// Scanner finds the types that it was made for. It is safe for concurrent use and allocates nothing
// but room for findings.
type Scanner struct {
	types []Type
	on    Kinds
	walk  Walk
}

var _ content.Resumer = (*Scanner)(nil)

// New makes a Scanner of those of a guard's types that have these names; nil: those that are on by
// default. A name of none is an error, which begins with the guard's name. Types must not change.
func New(guard string, types []Type, names []string, walk Walk) (*Scanner, error) {
	on, err := named(guard, types, names)
	if err != nil {
		return nil, err
	}
	return &Scanner{types, on, walk}, nil
}

// Scan appends what is found in s to dst.
func (sc *Scanner) Scan(dst []content.Finding, s []byte) []content.Finding {
	return sc.ScanFrom(dst, s, 0)
}

// ScanFrom is Scan of what begins at from or after it; what stands before is context.
func (sc *Scanner) ScanFrom(dst []content.Finding, s []byte, from int) []content.Finding {
	found, _, _ := sc.walk(sc, s, from, dst, false)
	return found
}

// Hold returns the first place that may begin a finding that depends on what comes after s.
func (sc *Scanner) Hold(s []byte) int { return sc.HoldFrom(s, 0) }

// HoldFrom is Hold of what begins at from or after it.
func (sc *Scanner) HoldFrom(s []byte, from int) int {
	_, open, _ := sc.walk(sc, s, from, nil, true)
	return open
}

// Work returns how many bytes the search for findings in s reads ahead or back. A test holds that
// they grow with the text alone.
func (sc *Scanner) Work(s []byte) int {
	_, _, work := sc.walk(sc, s, 0, nil, true)
	return work
}
