package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// event holds the members of an event's data. What an event is, is read here alone: by the
// skimmer from the few events that it looks into, and by the decoder from all of them.
type event [evMembers]scan.Value

// Members of an event's data.
const (
	evType = iota
	evResponse
	evItem
	evOutputIndex
	evContentIndex
	evSummaryIndex
	evDelta
	evText
	evRefusal
	evArguments
	evInput
	evError
	evMembers
)

var eventNames = []string{"type", "response", "item", "output_index", "content_index", "summary_index", "delta", "text", "refusal", "arguments", "input", "error"}

// kind returns what an event of this name is: what its type says. A server that leaves the
// type out says it by the name, or by a member error.
func (e *event) kind(name []byte) []byte {
	switch {
	case string(name) == "error":
		return name
	case len(canon.Inside(e[evType])) > 0:
		return canon.Inside(e[evType])
	case len(name) > 0:
		return name
	case isError(e[evError]):
		return []byte("error")
	}
	return nil
}

// response returns the head of the response that an event holds.
func (e *event) response() (h head) {
	_ = canon.Find(e[evResponse].Fields(), responseMembers, h[:]) // the event as a whole is checked, if it is decoded
	return h
}

// begins reports whether an event of this kind says that a response has begun, and nothing of it.
func begins(kind []byte) bool {
	switch string(kind) {
	case "response.created", "response.in_progress", "response.queued":
		return true
	default:
		return false
	}
}

// ends reports whether an event of this kind is the last of a stream.
func ends(kind []byte) bool {
	switch string(kind) {
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
		return true
	default:
		return false
	}
}
