package source

import (
	"encoding/json"

	"github.com/headgate/headgate/policy"
)

// stored is a change as a history keeps it over restarts. The release before this one
// knows no overlays and reads the files alone: so if something acts on a document, the
// files are what is in effect, and the document is beside them.
type stored struct {
	Change
	Written []policy.File `json:"written,omitempty"` // the document, if the files are not
}

// effectFile is the name of a file that nobody has written.
const effectFile = "in-effect.json"

// encode makes the stored form of a change.
func encode(c Change) ([]byte, error) {
	s := stored{Change: c}
	if !c.Overlay.IsZero() {
		set, _, err := c.compile()
		if err != nil {
			return nil, err
		}
		if set != set.Document() {
			s.Files, s.Written = []policy.File{{Name: effectFile, Data: set.InEffect()}}, c.Files
		}
	}
	return json.MarshalIndent(s, "", "  ")
}

// decode reads the stored form, by this release or the one before.
func decode(data []byte) (Change, error) {
	var s stored
	err := json.Unmarshal(data, &s)
	if s.Written != nil {
		s.Files = s.Written
	}
	return s.Change, err
}
