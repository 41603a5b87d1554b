package openai

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// maxUser is how long an id of a user OpenAI takes (maximhq/bifrost#1000). OpenRouter
// takes 128 characters (ujisati/claude-code-provider-proxy#11), Zhipu and Doubao too
// (looplj/axonhub#1669), and Mistral none (BerriAI/litellm#3899, mozilla-ai/any-llm#680).
// Those of Claude Code are longer.
const maxUser = 64

// user returns the id of a user as the server takes it: another dialect's that is too long
// is hashed, so that it stays the same from request to request; nil: it takes none.
func (e *encoder) user(v scan.Value) scan.Value {
	switch {
	case e.t.Quirks.NoUser:
		return nil
	case e.same || len(v) <= maxUser+len(`""`):
		return v
	}
	id := canon.Str(v)
	if utf8.RuneCountInString(id) <= maxUser {
		return v
	}
	sum := sha256.Sum256([]byte(id))
	return scan.AppendString(nil, hex.EncodeToString(sum[:maxUser/2]))
}

// userFindings names an id that is left out or hashed.
func (e *encoder) userFindings(add adder) {
	v := e.r.Fields[canon.User]
	switch sent := e.user(v); {
	case v == nil:
	case sent == nil:
		add(canon.Tuning, e.r.Names[canon.User], "it takes no id of a user")
	case string(sent) != string(v):
		add(canon.Tuning, e.r.Names[canon.User], "it takes no id as long: a hash of it is sent")
	}
}
