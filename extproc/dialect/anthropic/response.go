package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// DecodeAnswer reads a message. What it returns aliases body. The error is a
// *canon.Fault if the body is one or cannot be read.
func (Dialect) DecodeAnswer(body []byte) (*canon.Response, error) {
	var h head
	extra, err := canon.Pick(scan.Document(body), responseMembers[:respTokens], h[:], nil)
	if err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if f := h.fault(body); f != nil {
		return nil, f
	}
	if h[respContent].Kind() != scan.Array {
		return nil, canon.Malformed("no content")
	}
	r := &canon.Response{Dialect: "anthropic", ID: h[respID], Model: h[respModel], Usage: h.usage(), RawUsage: h[respUsage], Extra: extra}
	d := decoder{parts: make([]canon.Part, 0, 4), id: h[respID]}
	if err := d.content(h[respContent], canon.Place{}); err != nil {
		return nil, canon.Malformed(err.Error())
	}
	finish := finishOf(h[respReason])
	if finish == canon.FinishError {
		return nil, canon.BrokeOff(h[respReason])
	}
	r.Choices = []canon.Choice{{Parts: d.parts, Finish: finish, RawFinish: h[respReason], StopHit: h[respStop]}}
	return r, nil
}

// finishOf reads a stop_reason, those of compatible servers included.
func finishOf(v scan.Value) canon.Finish {
	switch string(canon.Inside(v)) {
	case "":
		return canon.FinishUnset
	case "end_turn":
		return canon.FinishStop
	case "stop_sequence":
		return canon.FinishStopSequence
	case "max_tokens":
		return canon.FinishLength
	case "model_context_window_exceeded":
		return canon.FinishContextWindow
	case "tool_use":
		return canon.FinishToolCalls
	case "refusal":
		return canon.FinishRefusal
	case "pause_turn":
		return canon.FinishPause
	}
	return canon.EndOf(canon.Inside(v))
}

// finishWord is the stop_reason for an ending. A model that called a tool ended
// with that, whatever its dialect says: OpenAI says stop after a forced call.
func finishWord(f canon.Finish, called bool) string {
	switch f {
	case canon.FinishLength:
		return "max_tokens"
	case canon.FinishContextWindow:
		return "model_context_window_exceeded"
	case canon.FinishToolCalls:
		return "tool_use"
	case canon.FinishRefusal:
		return "refusal"
	case canon.FinishPause:
		return "pause_turn"
	default:
		switch {
		case called:
			return "tool_use"
		case f == canon.FinishStopSequence:
			return "stop_sequence"
		}
		return "end_turn"
	}
}
