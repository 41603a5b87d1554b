package source

import (
	"errors"
	"fmt"
	"time"

	"github.com/headgate/headgate/policy"
)

// Origin says how a change came about.
type Origin string

// The values of Origin.
const (
	FromFile     Origin = "file"
	FromPush     Origin = "push"
	FromRollback Origin = "rollback"
	FromOverlay  Origin = "overlay" // the document stayed; somebody laid something over it, or took it back
	FromExpiry   Origin = "expiry"  // the document stayed; what had expired was taken back
	FromRepair   Origin = "repair"  // it is the change before, in place of one whose file was damaged
)

// Change is one entry of the policy's history: a policy that took effect.
type Change struct {
	Number   int            `json:"number"` // from 1, without gaps
	Revision string         `json:"revision"`
	Document string         `json:"document,omitempty"` // revision of the files alone, if something that lies over them acts
	Parent   string         `json:"parent,omitempty"`   // the revision that was in effect before
	Origin   Origin         `json:"origin"`
	Author   string         `json:"author"`
	Reason   string         `json:"reason,omitempty"`
	At       time.Time      `json:"at"`
	Files    []policy.File  `json:"files,omitempty"`    // the document, as it was written
	Overlay  policy.Overlay `json:"overlay,omitzero"`   // what lies over it, whether the document has a place for it or not
	Taken    bool           `json:"taken,omitempty"`    // somebody who should have it in effect has, or had
	Rejected string         `json:"rejected,omitempty"` // why somebody who should have it in effect refused; empty: nobody is known
}

// compile returns what a change puts into effect, and what of its overlay is left out.
func (c Change) compile() (*policy.Set, []policy.LeftOut, error) {
	parse := policy.ParseAccepted
	if c.unseen() {
		parse = policy.ParseFiles
	}
	document, err := parse(c.Files)
	if err == nil {
		err = c.Overlay.Unknown()
	}
	if err != nil {
		return nil, nil, err
	}
	set, left := document.Under(c.Overlay)
	return set, left, nil
}

// unseen reports whether no version of Headgate has accepted the document yet: it comes
// from outside, and the history does not hold it.
func (c Change) unseen() bool {
	return c.Number == 0 && (c.Origin == FromFile || c.Origin == FromPush)
}

// By says in words where a change came from, such as "push of ann".
func (c Change) By() string {
	if c.Origin == FromFile {
		return "file " + c.Reason
	}
	return string(c.Origin) + " of " + c.Author
}

// Proposal is a change that somebody asks for through the admin API.
type Proposal struct {
	Files  []policy.File `json:"files"`
	Author string        `json:"author"`
	Reason string        `json:"reason"`
	Expect string        `json:"expect,omitempty"` // the revision that must be in effect; empty: any
	// WithoutOverlay takes back all that lies over the document. Else it stays, and acts
	// as far as the new document has a place for it.
	WithoutOverlay bool `json:"without_overlay,omitempty"`
}

// Refusal is a change that did not take effect.
type Refusal struct {
	Origin Origin    `json:"origin"`
	Reason string    `json:"reason"` // every fault, one per line
	At     time.Time `json:"at"`
}

// RecordError says that a change did not take effect because the history could not record it, such
// as on a full disk. The same change may be recorded later.
type RecordError struct {
	Revision string
	err      error
}

// Error implements error.
func (e *RecordError) Error() string {
	return "recording revision " + e.Revision + ": " + e.err.Error()
}

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.err }

// ErrIncomplete says that a proposal lacks something that every one needs.
var ErrIncomplete = errors.New("the proposal is incomplete")

// ErrConflict says that another revision is in effect than the one expected.
var ErrConflict = errors.New("another revision is in effect")

// ErrUnknownRevision says that the history holds no such revision.
var ErrUnknownRevision = errors.New("the history holds no such revision")

// ApplyError says that a policy without faults cannot be in effect here, for example because
// a credential is missing, in the words of Options.Apply.
type ApplyError struct {
	Revision string
	Err      error
}

// Error says what was attempted, and why it did not work.
func (e *ApplyError) Error() string {
	return fmt.Sprintf("applying revision %s: %v", e.Revision, e.Err)
}

// Unwrap returns the error of Options.Apply.
func (e *ApplyError) Unwrap() error { return e.Err }
