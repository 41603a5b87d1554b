package openai

import (
	"github.com/headgate/headgate/extproc/canon"
)

const (
	shortID  = 9  // the letters and digits of an id that servers with ShortToolIDs take
	hashedID = 10 // those of an id that stands for one that a server does not take
)

// toolID appends the id of a call, or of a result's call, in a form that the server
// takes: its own one if it has given one that it takes and that names no other call.
// Any other becomes letters and digits that follow from it, so that a call and its
// result still name each other.
func (e *encoder) toolID(dst []byte, p *canon.Part) []byte {
	in := canon.Inside(p.ID)
	q := &e.t.Quirks
	own := p.Twin <= 0 && len(in) > 0
	switch {
	case q.ShortToolIDs && own && short(in), !q.ShortToolIDs && own && (q.MaxToolID == 0 || len(in) <= q.MaxToolID):
		return append(dst, p.ID...)
	case q.ShortToolIDs:
		return canon.AppendHashedID(dst, p.ID, p.Twin, shortID)
	}
	return canon.AppendHashedID(dst, p.ID, p.Twin, hashedID)
}

func short(id []byte) bool {
	for _, c := range id {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return len(id) == shortID
}
