// Package quirk says how servers depart from the dialect that they speak. Policy and data
// plane share it: what a backend cannot express decides where a request may go, and how
// it is written. What differs from model to model is a trait (policy/trait).
//
// The promise: it imports nothing, so that everything may import it. The trap: a quirk
// counts among a chain's classes (policy.Class), a trait does not.
package quirk

// Set is what a server departs in. The zero Set keeps to its dialect. Sets
// compare with ==.
type Set struct {
	MaxTokensOnly   bool // knows max_tokens, not max_completion_tokens
	NoDeveloper     bool // knows no developer role: sent as system
	NoStreamOptions bool // refuses stream_options; reports usage in a stream unasked
	NoJSONSchema    bool // cannot hold an answer to a JSON schema
	NoImages        bool // takes no images
	ReplayReasoning bool // wants its earlier reasoning back as reasoning_content
	ShortToolIDs    bool // takes tool call ids of nine letters and digits only
	NoStrict        bool // knows no strict tools

	// Of servers, most of them about the history of a conversation. They change how a
	// request is written, never whether it can be: Support leaves them out.
	History         History // the members of an assistant's message that it takes
	SignedThinking  bool    // checks the signatures of thinking that comes back
	MaxToolID       int     // takes tool call ids of so many characters at most; 0: of any length
	NoUserAfterTool bool    // wants an assistant's message between a tool's and a user's
	NoUser          bool    // refuses a request that names its user
	NoSilentTurn    bool    // refuses an assistant's message that neither says nor calls anything
	NoFunctions     bool    // knows tools, but not the functions that were before them
	NoCustom        bool    // knows functions, but no custom tools: functions stand for them

	// How an answer is asked for that the client wants whole (policy key ask).
	NoStreamedFormat bool // streams no answers that must have a form
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
	s.History, s.SignedThinking, s.MaxToolID = 0, false, 0
	s.NoUserAfterTool, s.NoUser, s.NoSilentTurn, s.NoFunctions, s.NoCustom = false, false, false, false, false
	s.NoStreamedFormat = false
	return s
}
