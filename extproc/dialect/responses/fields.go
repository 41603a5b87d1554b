package responses

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// elsewhere reports whether what a field of another dialect says stands elsewhere in the
// canonical form.
func (e *encoder) elsewhere(f canon.Field) bool {
	return f == canon.OutputConfig || f == canon.Metadata && e.r.ReadsMetadata()
}

// chat reports whether the client speaks OpenAI's chat completions, whose words for some
// settings are those of this dialect.
func (e *encoder) chat() bool { return e.r.Dialect == "openai" }

// loss says what becomes of an answer for which a field of another dialect is left out, and
// why it is. It returns false if the field goes out.
func (e *encoder) loss(f canon.Field, v scan.Value) (canon.UnsupportedKind, string, bool) {
	switch f {
	case canon.Temperature, canon.TopP, canon.User, canon.SafetyIdentifier, canon.Parallel, canon.PromptCacheKey, canon.Metadata, canon.OutputConfig:
		return 0, "", false
	case canon.ServiceTier, canon.Verbosity, canon.PromptCacheRetention:
		return canon.Tuning, "there is no such field", !e.chat()
	case canon.Store:
		return canon.Tuning, "what is translated is not kept", true
	case canon.N:
		return canon.Meaning, "it gives one answer to a request", true
	case canon.Logprobs, canon.TopLogprobs, canon.Modalities, canon.AudioOut, canon.WebSearch:
		return canon.Meaning, "it cannot do this, or not in this form", true
	case canon.CacheControl:
		return canon.Tuning, "it caches by itself", true
	default:
		return canon.Tuning, "there is no such field", true
	}
}

// unsupportedField names a field that is left out, or why its value cannot be meant.
func (e *encoder) unsupportedField(add adder, f canon.Field, v scan.Value) {
	kind, why, lost := e.loss(f, v)
	switch {
	case e.elsewhere(f) || lost && neutral(f, v):
	case lost:
		add(kind, e.r.Names[f], why)
	case f.Nonsense(v) != "":
		add(canon.Meaning, e.r.Names[f], f.Nonsense(v))
	case refused(&e.t.Traits, f, v, e.reasons()) && !neutral(f, v):
		add(canon.Tuning, e.r.Names[f], "the model does not take it")
	case string(e.user(f, v)) != string(v):
		add(canon.Tuning, e.r.Names[f], "it takes no id as long: a hash of it is sent")
	}
}

// maxUser is how long an id of a user OpenAI takes (maximhq/bifrost#1000).
const maxUser = 64

// user returns the value of a field as the server takes it: an id of a user that another
// dialect's client gave, and that is too long, is hashed, so that it stays the same from
// request to request.
func (e *encoder) user(f canon.Field, v scan.Value) scan.Value {
	if e.same || f != canon.User && f != canon.SafetyIdentifier || len(v) <= maxUser+len(`""`) {
		return v
	}
	id := canon.Str(v)
	if utf8.RuneCountInString(id) <= maxUser {
		return v
	}
	sum := sha256.Sum256([]byte(id))
	return scan.AppendString(nil, hex.EncodeToString(sum[:maxUser/2]))
}
