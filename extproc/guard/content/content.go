// Package content is what guards see of an exchange, and what they find in it.
//
// The promise: every dialect's text reaches a guard in the same form, plain and normalised, so
// that no guard knows a dialect. The trap: a Text aliases the body that it was read from and holds
// only for the call that it was given to.
package content

// Text is one text of an exchange.
type Text struct {
	// Plain is the text as people read it: without escapes, invisible characters and
	// full-width forms. It is valid UTF-8 and must not be changed.
	Plain []byte
	Kind  Kind
	// Role says who speaks: "system", "user", "assistant" or "tool"; empty: nobody, as of a
	// tool's definition.
	Role string
	// Path says where the text stands in the client's body, such as messages[2].content[0];
	// of an answer, in which of its parts.
	Path string
}

// Kind is what a text is in its exchange: a closed set.
type Kind string

// The kinds of texts.
const (
	Message    Kind = "message"
	Thinking   Kind = "thinking"
	Refusal    Kind = "refusal"
	Arguments  Kind = "arguments"  // of a tool call: one of their strings
	Result     Kind = "result"     // of a tool
	Definition Kind = "definition" // of a tool: its description, or a text of its schema
	Attachment Kind = "attachment" // a document, or its name
	Input      Kind = "input"      // that is to be embedded
	Opaque     Kind = "opaque"     // of a part that only its own dialect understands
)

// Finding is a span of a text in which a guard found something.
type Finding struct {
	Text       int // index
	Start, End int // bytes of Plain
	Type       string
	Score      float64 // from 0 to 1; of a rule that matches or does not, 1
}

// Scanner finds things in single texts by rules. It is safe for concurrent use and takes time
// that grows with the length of the text alone.
type Scanner interface {
	// Scan appends what is found in s to dst, in order and without overlaps. The index of the
	// text is left at 0.
	Scan(dst []Finding, s []byte) []Finding
	// Hold returns where in s something may begin that the text after s decides; len(s):
	// nowhere. What Scan finds before that place stays as it is whatever follows.
	Hold(s []byte) int
}

// Subject is what a guard judges at once: a whole request or answer, or of a stream what came
// until now.
type Subject struct {
	Output   bool // an answer, not a request
	Exchange string
	Model    string // the policy's
	Caller   string
	Team     string
	Texts    []Text
}

// Opinion is what a guard makes of a subject. The zero value has nothing against it.
type Opinion struct {
	Flagged  bool      // something is wrong, if Findings do not say so already
	Types    []string  // of what is wrong with the whole, such as "violence"
	Score    float64   // of the worst, from 0 to 1; 0: there is none
	Findings []Finding // in order and without overlaps; only these can be masked
	Message  string    // for the client, from whoever decided; empty: the policy's
}
