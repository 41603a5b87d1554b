package anthropic

import (
	"slices"

	"github.com/headgate/headgate/extproc/canon"
)

// Where a part stands that is in none of the turns.
const (
	inResult = -1 // the content of a tool's result
	inSystem = -2 // the system prompt
)

// admits reports whether parts of a kind may stand in turn n, or in one of the places
// above.
func (e *encoder) admits(n int, k canon.Kind) bool {
	if k == canon.Text || k == canon.Refusal {
		return true
	}
	media := k == canon.Image || k == canon.Document
	switch {
	case n == inSystem:
		return false
	case n == inResult:
		return media
	}
	switch e.turns[n].role {
	case canon.RoleUser:
		return media || k == canon.ToolResult
	case canon.RoleAssistant:
		return k != canon.ToolResult
	default:
		return false
	}
}

// beginTurns finds the first turn that is written, as the user must speak first, and the
// last one of the user's.
func (e *encoder) beginTurns() {
	for !e.same && e.begins < len(e.turns) && (e.turns[e.begins].role != canon.RoleUser || !e.writesTurn(e.begins)) {
		e.begins++
	}
	e.asks = len(e.turns) - 1
	for e.asks >= 0 && (e.turns[e.asks].role != canon.RoleUser || !e.writesTurn(e.asks)) {
		e.asks--
	}
}

// speaks reports whether a turn holds anything but empty texts.
func (e *encoder) speaks(n int) bool {
	return e.holds(n, func(p *canon.Part) bool { return p.Kind != canon.Text || !canon.Empty(p.Text) })
}

// imageTypes are the types of images that the API's reference lists.
var imageTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// fetches reports whether the server can get at the data of an image or a document: it
// has them, of one of these types, or an address on the web.
func fetches(p *canon.Part, types ...string) bool {
	switch p.Source {
	case canon.FromBase64:
		return len(p.Data) > 0 && slices.Contains(types, string(canon.Plainly(p.Media)))
	case canon.FromURL:
		return canon.IsWebAddress(p.Data)
	default:
		return false
	}
}
