// Package quirk says how servers, and models there, depart from the dialect that they
// speak. Policy and data plane share it: what a backend cannot express decides where a
// request may go, and how it is written.
//
// The promise: it imports nothing, so that everything may import it. The trap: a quirk
// of a server counts among a chain's classes (policy.Class), one of a model does not.
package quirk

import "strings"

// Set is what a server or a model departs in. The zero Set keeps to its dialect. Sets
// compare with ==.
type Set struct {
	// Of servers, by policy.Providers.
	MaxTokensOnly   bool // knows max_tokens, not max_completion_tokens
	NoDeveloper     bool // knows no developer role: sent as system
	NoStreamOptions bool // refuses stream_options; reports usage in a stream unasked
	NoJSONSchema    bool // cannot hold an answer to a JSON schema
	NoImages        bool // takes no images
	ReplayReasoning bool // wants its earlier reasoning back as reasoning_content
	ShortToolIDs    bool // takes tool call ids of nine letters and digits only
	NoStrict        bool // knows no strict tools

	// Of servers, about the history of a conversation. They change how a request is
	// written, never whether it can be: Support leaves them out.
	History         History // the members of an assistant's message that it takes
	SignedThinking  bool    // checks the signatures of thinking that comes back
	MaxToolID       int     // takes tool call ids of so many characters at most; 0: of any length
	NoUserAfterTool bool    // wants an assistant's message between a tool's and a user's

	// Of models, by models.
	NoSampling       bool // refuses temperature, top_p and top_k
	AdaptiveThinking bool // chooses its thinking budget itself, guided by an effort
	MidSystem        bool // takes system messages between the turns
}

// History says which members of an assistant's message a server takes. Providers
// write members of their own into answers, and clients send answers back as they came.
type History uint8

// The histories.
const (
	AnyHistory History = iota // not known: all pass
	OpenAIHistory
	GroqHistory
	MistralHistory
	DeepSeekHistory
)

// Support returns the quirks that decide which requests a backend supports.
func (s Set) Support() Set {
	s.History, s.SignedThinking, s.NoUserAfterTool, s.MaxToolID = 0, false, false, 0
	return s
}

// models are those that differ from the rest of their dialect, by the beginning of
// their names: the newest Claude models choose their thinking budget themselves and
// refuse sampling parameters.
var models = []struct {
	prefix string
	quirks Set
}{
	{"claude-opus-5", Set{NoSampling: true, AdaptiveThinking: true}},
	{"claude-sonnet-5", Set{NoSampling: true, AdaptiveThinking: true}},
	{"claude-fable-5", Set{NoSampling: true, AdaptiveThinking: true}},
}

// For returns the server's quirks with those of one of its models.
func (s Set) For(model string) Set {
	for _, m := range models {
		if strings.HasPrefix(model, m.prefix) {
			s.NoSampling = s.NoSampling || m.quirks.NoSampling
			s.AdaptiveThinking = s.AdaptiveThinking || m.quirks.AdaptiveThinking
			s.MidSystem = s.MidSystem || m.quirks.MidSystem
		}
	}
	return s
}
