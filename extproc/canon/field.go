package canon

import (
	"bytes"

	"github.com/headgate/headgate/extproc/scan"
)

// Field is one setting of a request that at least one dialect has at its top level.
type Field uint8

// The fields. Those up to CacheControl are carried as raw values in
// Request.Fields; the others have a place of their own in Request and appear
// here because a refusal has to name them.
const (
	Temperature Field = iota
	TopP
	TopK
	N
	Logprobs
	TopLogprobs
	LogitBias
	PresencePenalty
	FrequencyPenalty
	Seed
	User
	SafetyIdentifier
	Metadata
	ServiceTier
	Store
	Prediction
	Verbosity
	Modalities
	AudioOut
	WebSearch
	PromptCacheKey
	PromptCacheRetention
	Parallel // false: at most one tool call in an answer
	ContextManagement
	OutputConfig // Anthropic's, of which format and effort are read
	CacheControl // of the request as a whole: breakpoints are the provider's choice

	MaxTokens
	Stop
	ToolChoiceField
	ToolsField
	FormatField
	ReasoningField

	NumFields
)

// Names are what a dialect calls the fields; empty if it has no such field.
// Nested members are written as a path, such as output_config.format.
type Names [NumFields]string

// Member is a member of an object that the dialect's reader did not know.
type Member struct {
	Name   []byte // decoded
	Value  scan.Value
	Tuning bool   // the dialect's reader knows that it only tunes
	Read   bool   // what it says stands elsewhere in the request
	Inside bool   // it stands in a member that the dialect carries whole; Name is its path there
	Why    string // what other dialects lack; empty: the member is unknown
}

// Tunes marks the members that are known to tune only. Any other may change what an
// answer means.
func Tunes(extra []Member, names ...string) {
	for i := range extra {
		extra[i].Tuning = extra[i].Tuning || index(names, extra[i].Name) >= 0
	}
}

// Answered marks the members of an assistant's message that its reader did not know as
// tuning: some provider wrote them into an answer, and they ask for nothing. Not so a
// client's wish that the model goes on with the message, and a call of the legacy kind.
func Answered(m *Message) {
	answered(m.Extra)
	for i := range m.Parts {
		answered(m.Parts[i].Extra)
	}
}

func answered(extra []Member) {
	for i := range extra {
		name := string(extra[i].Name)
		extra[i].Tuning = name != "prefix"
	}
}

// Void reports whether a member's value says nothing: it is null, false, or empty.
func Void(v scan.Value) bool {
	switch v.Kind() {
	case scan.Null, scan.Invalid:
		return true
	case scan.Bool:
		return !v.True()
	case scan.String:
		return len(v) == 2
	case scan.Array:
		m := v.Elements()
		return !m.Next()
	case scan.Object:
		m := v.Fields()
		return !m.Next()
	default:
		return false
	}
}

// AppendMembers appends members to an object that is being written, but for those that
// stand in others.
func AppendMembers(dst []byte, members []Member) []byte {
	for _, m := range members {
		if m.Inside {
			continue
		}
		dst = AppendComma(dst)
		dst = scan.AppendString(dst, string(m.Name))
		dst = append(append(dst, ':'), m.Value...)
	}
	return dst
}

// Has reports whether one of the members has this name.
func Has(members []Member, name []byte) bool {
	for i := range members {
		if bytes.Equal(members[i].Name, name) {
			return true
		}
	}
	return false
}

// AppendInside appends the members that stand in another, which is written anew.
func AppendInside(dst []byte, at string, members []Member) []byte {
	for _, m := range InsideOf(members, at) {
		dst = scan.AppendString(AppendComma(dst), string(m.Name[len(at)+1:]))
		dst = append(append(dst, ':'), m.Value...)
	}
	return dst
}
