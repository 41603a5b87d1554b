package canon

import "github.com/headgate/headgate/extproc/scan"

// Inputs makes the calls of a stream what its client knows. The arguments of a function that stands
// for a custom tool are collected until they are whole, and become one piece of text. The zero
// Inputs is ready.
type Inputs struct {
	calls []input
	held  int
}

// input is a custom call of a stream.
type input struct {
	choice, tool int
	direct       bool // its server knows it as a custom one
	args         []byte
	whole        Complete
	done         bool
}

// maxInputs bounds, in bytes, the arguments that are collected of one stream.
const maxInputs = 16 << 20

// Start takes note of the start of a call. It reports whether the client knows it as a custom one.
func (in *Inputs) Start(asked *Request, ev *Event) bool {
	if !ev.Custom && !asked.CallsCustom(ev.Name) {
		return false
	}
	in.calls = append(in.calls, input{choice: ev.Choice, tool: ev.Tool, direct: ev.Custom})
	return true
}

// of returns the custom call that an event is of; nil: its call is none.
func (in *Inputs) of(ev *Event) *input {
	for i := range in.calls {
		if c := &in.calls[i]; c.choice == ev.Choice && c.tool == ev.Tool {
			return c
		}
	}
	return nil
}

// Args takes a piece of a call's arguments, and returns what the client gets of it, nil for nothing
// yet, and whether that is text of a custom call. A fault says that too much was collected.
func (in *Inputs) Args(ev *Event) (piece scan.Value, custom bool, f *Fault) {
	c := in.of(ev)
	switch {
	case c == nil:
		return ev.Text, false, nil
	case c.direct:
		return ev.Text, true, nil
	case c.done:
		return nil, true, nil
	}
	text := Inside(ev.Text)
	if in.held += len(text); in.held > maxInputs {
		return nil, true, Malformed("a tool call with too much text")
	}
	c.args = append(c.args, text...)
	if c.whole.Feed(text); !c.whole.Done() {
		return nil, true, nil
	}
	return c.finish(), true, nil
}

// Rest returns the text of a call of a choice whose arguments have never become whole, as an event of
// it, once for each of them; false: there is none any more. Encoders ask before a choice ends.
func (in *Inputs) Rest(choice int) (Event, bool) {
	for i := range in.calls {
		if c := &in.calls[i]; c.choice == choice && !c.direct && !c.done {
			return Event{Kind: EventToolArgs, Choice: c.choice, Tool: c.tool, Custom: true, Text: c.finish()}, true
		}
	}
	return Event{}, false
}

func (c *input) finish() scan.Value {
	c.done = true
	text := Input(AppendQuoted(nil, c.args))
	c.args = nil
	return text
}
