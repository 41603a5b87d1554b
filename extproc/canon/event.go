package canon

import (
	"slices"

	"github.com/headgate/headgate/extproc/scan"
)

// EventKind is what a piece of a streamed answer says.
type EventKind uint8

// The kinds of events, with the fields that each uses. A stream is one Start,
// then content in any order, then Finish for each choice, then Done or Failed;
// Usage may come anywhere before the end. Nothing follows Done or Failed.
const (
	EventStart      EventKind = iota // ID, Model, Created, Usage if it is known so early
	EventText                        // Text
	EventRefusal                     // Text
	EventThinking                    // Text
	EventSignature                   // Text: of the thinking that went before
	EventRedacted                    // Text
	EventToolStart                   // Tool, ID, Name, Custom
	EventToolArgs                    // Tool, Text, Custom
	EventBlockStart                  // Name: "text" or "thinking", of a block that has said nothing yet
	EventBlockEnd                    // what comes next is a block of its own
	EventOther                       // Raw: a block that only its own dialect understands
	EventOtherDelta                  // Raw
	EventFinish                      // Finish, Name: the provider's word, Text: the stop sequence that was hit, Raw: log probabilities of the choice
	EventUsage                       // Usage: everything seen so far
	EventFailed                      // Fault
	EventDone
	EventBlank   // of the dialect's own, such as a ping: it means nothing elsewhere
	EventComment // Raw: text without line ends, for the client's eyes only
)

// Event is a piece of a streamed answer. It holds until the next one is read.
type Event struct {
	Kind    EventKind
	Finish  Finish
	Choice  int
	Tool    int        // which call of the choice, from 0
	Custom  bool       // the call is of a custom tool: its arguments are a text
	Repeats bool       // its frame says again, as a whole, what others said: it must not leave as it came if any text was changed
	Created int64      // Unix seconds; 0: not said
	Text    scan.Value // a string
	ID      scan.Value // a string
	Name    scan.Value // a string
	Model   scan.Value // a string
	Raw     scan.Value
	Usage   *Usage
	Fault   *Fault

	// Frame is the event of the stream that this one was read from; nil: it was
	// made here. TextAt is where Text stands in it; of one that does not stand in it
	// as such, TextWas is what was read. A frame takes no other change than of Text:
	// who changes more sets Frame to nil.
	Frame   *Frame
	TextAt  Span
	TextWas scan.Value
}

// Frame is one event of a server-sent event stream, with its blank line.
type Frame struct {
	Raw    []byte
	Events int  // that were read from it
	Hidden bool // the client must not see it: it asked for no usage
}

// Span is a range of bytes; empty: there is none.
type Span struct{ Start, End int }

// Ends reports whether nothing follows the event.
func (ev *Event) Ends() bool { return ev.Kind == EventDone || ev.Kind == EventFailed }

// Says reports whether the event is text that a model wrote.
func (ev *Event) Says() bool {
	switch ev.Kind {
	case EventText, EventRefusal, EventThinking, EventToolArgs:
		return true
	default:
		return false
	}
}

// Answers reports whether the event is a piece of an answer: text, thinking, shown or not,
// a refusal, a call, a block of the dialect's own, or the end of an answer that is empty.
func (ev *Event) Answers() bool {
	switch ev.Kind {
	case EventText, EventRefusal, EventThinking, EventSignature, EventRedacted,
		EventToolStart, EventToolArgs, EventOther, EventOtherDelta, EventDone:
		return true
	case EventStart, EventBlockStart, EventBlockEnd, EventFinish, EventUsage, EventFailed, EventBlank, EventComment:
	}
	return false
}

// Clone returns a copy that outlives the stream's memory. A visit that holds an event
// back over calls needs one.
func (ev *Event) Clone() *Event {
	c := *ev
	for _, v := range []*scan.Value{&c.Text, &c.ID, &c.Name, &c.Model, &c.Raw, &c.TextWas} {
		*v = slices.Clone(*v)
	}
	if ev.Usage != nil {
		u := *ev.Usage
		c.Usage = &u
	}
	if ev.Frame != nil {
		f := *ev.Frame
		f.Raw = slices.Clone(f.Raw)
		c.Frame = &f
	}
	return &c
}
