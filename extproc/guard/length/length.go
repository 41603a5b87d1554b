// Package length finds requests that are too long: in characters, tokens or messages.
//
// The promise: what is measured is what the model reads of a request, in every dialect the same.
// The trap: tokens are an estimate, four bytes of text each, and images count for nothing.
package length

import (
	"fmt"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/policy"
)

// bytesPerToken is what a token is estimated at, as limits do before they have seen a model's own.
const bytesPerToken = 4

// The types of what is found: the bounds.
const (
	Chars    = "MAX_CHARS"
	Tokens   = "MAX_TOKENS"
	Messages = "MAX_MESSAGES"
)

// Guard judges requests by their length. It is safe for concurrent use.
type Guard struct{ max Size }

// Size is how long a request is.
type Size struct {
	Chars    int64 // of all texts
	Tokens   int64 // of all texts, estimated
	Messages int64 // as the client sent them
}

// New makes the guard of what a policy says.
func New(p *policy.LengthGuard) *Guard {
	return &Guard{Size{Chars: p.MaxChars, Tokens: p.MaxTokens, Messages: p.MaxMessages}}
}

// Measure returns how long a request is. A nil request, such as one for embeddings, has no messages.
func Measure(req *canon.Request, texts []content.Text) (s Size) {
	bytes := int64(0)
	for i := range texts {
		bytes += int64(len(texts[i].Plain))
		s.Chars += int64(utf8.RuneCount(texts[i].Plain))
	}
	s.Tokens = (bytes + bytesPerToken - 1) / bytesPerToken
	s.Messages = messages(req)
	return s
}

// messages counts the client's messages: one of them may be several of the canonical form.
func messages(req *canon.Request) (n int64) {
	if req == nil {
		return 0
	}
	last := int32(-1)
	for i := range req.Messages {
		if at := req.Messages[i].At; at > last {
			last = at
			n++
		}
	}
	return n
}

// Check says which bounds a request exceeds. The message names the first of them, and the size.
func (g *Guard) Check(req *canon.Request, texts []content.Text) (o content.Opinion) {
	size := Measure(req, texts)
	for _, b := range []struct {
		kind, unit, about string
		size, max         int64
	}{
		{Chars, "characters", "", size.Chars, g.max.Chars},
		{Tokens, "tokens", "about ", size.Tokens, g.max.Tokens},
		{Messages, "messages", "", size.Messages, g.max.Messages},
	} {
		if b.max == 0 || b.size <= b.max {
			continue
		}
		if !o.Flagged {
			o.Message = fmt.Sprintf("The request is too long: it has %s%d %s, and the limit is %d.", b.about, b.size, b.unit, b.max)
		}
		o.Flagged = true
		o.Types = append(o.Types, b.kind)
	}
	return o
}
