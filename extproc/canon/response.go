package canon

import "github.com/headgate/headgate/extproc/scan"

// Response is a model's whole answer.
type Response struct {
	Dialect     string // the one it was read from
	ID          scan.Value
	Model       scan.Value
	Created     int64 // Unix seconds; 0: not said
	Choices     []Choice
	Usage       Usage
	RawUsage    scan.Value // as the provider wrote it
	ServiceTier scan.Value
	Extra       []Member
}

// Choice is one of the answers to a request.
type Choice struct {
	Index     int
	Parts     []Part
	Finish    Finish
	RawFinish scan.Value // as the provider wrote it
	StopHit   scan.Value // the stop sequence that ended the answer
	Logprobs  scan.Value
	Extra     []Member // of the choice
	Message   []Member // of its message
	// Again are values of its message that may say again what parts say, such as a reasoning that is
	// written in two forms: who changes one text must see the other. Encoders write the parts alone.
	Again []scan.Value
}

// Written returns how many bytes of text that can be read a model wrote in the answer. By these
// an answer is measured that its server has not counted.
func (r *Response) Written() (n int64) {
	for i := range r.Choices {
		for j := range r.Choices[i].Parts {
			p := &r.Choices[i].Parts[j]
			switch p.Kind {
			case Text, Refusal, Thinking:
				n += int64(len(Inside(p.Text)))
			case ToolCall:
				n += int64(len(Inside(p.Name)) + len(p.Args))
			default: // nothing that can be read
			}
		}
	}
	return n
}

// Finish says why an answer ended.
type Finish uint8

// The ways in which an answer ends.
const (
	FinishUnset Finish = iota
	FinishStop
	FinishStopSequence
	FinishLength
	FinishContextWindow // the model's context is full
	FinishToolCalls
	FinishRefusal // the provider's filter or the model refused
	FinishPause   // a long turn of server tools that the client may resume
	FinishError   // the provider broke off: not an answer
	FinishOther   // a word that this version does not know; means FinishStop
)

// Calls reports whether parts hold a tool call.
func Calls(parts []Part) bool {
	for i := range parts {
		if parts[i].Kind == ToolCall {
			return true
		}
	}
	return false
}
