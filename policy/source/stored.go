package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

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

// sumMember is the last member of the stored form: the SHA-256 of all that stands before it, in hex.
// Whoever does not know it reads the other members alone, and whoever takes it out by hand, with
// the comma before it, vouches for the rest.
var sumMember = []byte(",\n  \"sum\": \"")

// afterSum ends the stored form.
const afterSum = "\"\n}"

// errAltered says that a stored form is not as it was written.
var errAltered = errors.New("the checksum does not match")

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
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return withSum(bytes.TrimSuffix(text, []byte("\n}"))), nil
}

// withSum completes a stored form that lacks its end.
func withSum(text []byte) []byte {
	sum := sha256.Sum256(text)
	return append(hex.AppendEncode(append(text, sumMember...), sum[:]), afterSum...)
}

// checkSum reports whether a stored form has a checksum, and returns errAltered if that is of
// something else. That of the release before has none.
func checkSum(data []byte) (has bool, err error) {
	at := bytes.LastIndex(data, sumMember)
	if at < 0 {
		return false, nil
	}
	if !bytes.Equal(bytes.TrimSpace(data), withSum(bytes.Clone(data[:at]))) {
		return true, errAltered
	}
	return true, nil
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
