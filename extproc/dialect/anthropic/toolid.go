package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
)

// maxID is how long an id of a call may be that is written for a server of this dialect.
// Anthropic documents a pattern, ^[a-zA-Z0-9_-]+$, and no length; other services that
// speak its dialect take 64 characters.
const maxID = 64

// hashedID is how long the letters and digits are that stand for an id that is too long.
const hashedID = 10

// appendID appends a call's id in a form that Anthropic takes.
func appendID(dst []byte, p *canon.Part) []byte {
	start := len(dst)
	dst = canon.AppendCallID(dst, p.ID, p.Twin, true)
	if len(dst)-start <= maxID+len(`""`) {
		return dst
	}
	return canon.AppendHashedID(dst[:start], p.ID, p.Twin, hashedID)
}
