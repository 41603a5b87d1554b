package wire

import "strings"

// How an answer ended, before a dialect gives it its own name.
const (
	EndStop     = "stop"
	EndLength   = "length"
	EndTool     = "tool"
	EndRefusal  = "refusal"
	EndSequence = "sequence"
)

// Answer is what the model says, in either dialect.
type Answer struct {
	ID      string
	Model   string // as reported
	Created int64
	Choices []Choice
	Usage   Usage
}

// Choice is one of the answers that were asked for. Its pieces joined are its
// text; a piece is one token, and one event of a stream.
type Choice struct {
	Reasoning []string // visible thinking
	Hidden    int      // tokens of thinking, visible or not
	Pieces    []string
	Tokens    int // of the pieces
	Refused   bool
	Calls     []ToolCall
	End       string
	Stop      string // the sequence that ended it
}

// ToolCall is a call of a tool. Its arguments come token by token.
type ToolCall struct {
	ID, Name string
	Pieces   []string // of the arguments
	Custom   bool     // the arguments are a text
	Hosted   bool     // the provider has run it
}

func (t *ToolCall) tokens() int { return CountTokens(t.Name) + len(t.Pieces) }

// Arguments returns the arguments as one text.
func (t *ToolCall) Arguments() string { return strings.Join(t.Pieces, "") }

// Output returns the tokens of the choice that are not thinking.
func (c *Choice) Output() int {
	n := c.Tokens
	for i := range c.Calls {
		n += c.Calls[i].tokens()
	}
	return n
}
