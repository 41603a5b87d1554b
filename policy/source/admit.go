package source

import (
	"path/filepath"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/strict"
)

// admit refuses a document that would have Headgate read what neither the files at the path do nor
// a grant allows. What files have brought in the past, and what is in effect, may come again.
func (s *Source) admit(document *policy.Set, c Change) error {
	if document.Revision == s.history.hashes.document(s.history.newest()) || s.ofFile(document.Revision) {
		return nil
	}
	var faults []policy.Fault
	for _, r := range s.options.Grants.Beyond(document, s.files()) {
		fault := r.Fault()
		if at, ok := strict.Locate(c.Files, r.Path); ok {
			fault = at.Fault(fault.Message, fault.Hint)
		}
		faults = append(faults, fault)
	}
	if len(faults) == 0 {
		return nil
	}
	return strict.NewFaults(c.Files, faults)
}

// ofFile reports whether a document was read from the path's files at some time.
func (s *Source) ofFile(document string) bool {
	_, ok := s.history.last(func(c Change) bool {
		return c.Origin == FromFile && s.history.hashes.document(c) == document
	})
	return ok
}

// files is the last good policy at the path. Before there was one in this process it is the
// one that the history holds; nil: none was ever read.
func (s *Source) files() *policy.Set {
	if s.file != nil || s.options.Path == "" {
		return s.file
	}
	c, ok := s.history.last(s.fromPath)
	if !ok {
		return nil
	}
	set, err := policy.ParseAccepted(c.Files)
	if err != nil {
		return nil // another version of Headgate read it
	}
	return set
}

// fromPath reports whether a change came from the path.
func (s *Source) fromPath(c Change) bool {
	return c.Origin == FromFile && filepath.Clean(c.Reason) == filepath.Clean(s.options.Path)
}

// strange reports whether the history has policies of files, and none of the path's.
func (s *Source) strange() bool {
	if s.options.Path == "" {
		return false
	}
	_, any := s.history.last(func(c Change) bool { return c.Origin == FromFile })
	_, own := s.history.last(s.fromPath)
	return any && !own
}
