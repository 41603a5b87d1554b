package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// event holds the members of an event's data. What an event is, is read here alone:
// by the skimmer from the few events that it looks into, and by the decoder from all
// of them.
type event [evMembers]scan.Value

// Members of an event's data.
const (
	evType = iota
	evIndex
	evMessage
	evBlock
	evDelta
	evUsage
	evError
	evMembers
)

var eventNames = []string{"type", "index", "message", "content_block", "delta", "usage", "error"}

// kind returns what an event of this name is; the name may be empty.
func (e *event) kind(name []byte) []byte { return kindOf(name, e[evType], e[evError]) }

// message returns the head of the answer that a message_start begins.
func (e *event) message() (h head) {
	_ = canon.Find(e[evMessage].Fields(), responseMembers, h[:]) // the event as a whole is checked, if it is decoded
	return h
}

// says reports whether an event that brings no text says something of an answer all the
// same: a signature, a call, a block of another kind, or why the answer ended.
func (e *event) says() bool {
	return canon.HasText(e[evBlock], "type") || canon.HasText(e[evDelta], "type")
}

// called returns how many bytes a model wrote of a call that an event begins: its name, and
// arguments that come with it.
func (e *event) called() int64 {
	n := len(canon.Inside(e[evBlock].Get("name")))
	if input := e[evBlock].Get("input"); !canon.NoArgs(input) {
		n += len(input)
	}
	return int64(n)
}
