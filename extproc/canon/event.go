package canon

import "github.com/headgate/headgate/extproc/scan"

// EventKind is what a piece of a streamed answer says.
type EventKind uint8

// The kinds of events, with the fields that each uses. A stream is one Start,
// then content in any order, then Finish for each choice, then Done or Failed;
// Usage may come anywhere before the end. Nothing follows Done or Failed.
const (
	EventStart      EventKind = iota // ID, Model, Created
	EventText                        // Text
	EventRefusal                     // Text
	EventThinking                    // Text
	EventSignature                   // Text: of the thinking that went before
	EventRedacted                    // Text
	EventToolStart                   // Tool, ID, Name
	EventToolArgs                    // Tool, Text
	EventBlockEnd                    // what comes next is a block of its own
	EventOther                       // Raw: a block that only its own dialect understands
	EventOtherDelta                  // Raw
	EventFinish                      // Finish, Text: the stop sequence that was hit
	EventUsage                       // Usage: everything seen so far
	EventFailed                      // Fault
	EventDone
)

// Event is a piece of a streamed answer. It holds until the next one is read.
type Event struct {
	Kind    EventKind
	Finish  Finish
	Choice  int
	Tool    int        // which call of the choice, from 0
	Created int64      // Unix seconds; 0: not said
	Text    scan.Value // a string
	ID      scan.Value // a string
	Name    scan.Value // a string
	Model   scan.Value // a string
	Raw     scan.Value
	Usage   *Usage
	Fault   *Fault
}
