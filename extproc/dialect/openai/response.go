package openai

import (
	"errors"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Members of a choice.
const (
	choiceIndex = iota
	choiceMessage
	choiceFinish
	choiceLogprobs
	choiceMembers
)

var choiceNames = []string{"index", "message", "finish_reason", "logprobs"}

var errNoAnswer = errors.New("no choices")

// DecodeAnswer reads a chat completion. What it returns aliases body. The
// error is a *canon.Fault if the body is one, or an answer that the provider broke
// off, or cannot be read.
func (Dialect) DecodeAnswer(body []byte) (*canon.Response, error) {
	var h head
	extra, err := canon.Pick(scan.Document(body), responseMembers[:respData], h[:], nil)
	if err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if f := h.fault(body); f != nil {
		return nil, f
	}
	if h[respChoices].Kind() != scan.Array {
		return nil, canon.Malformed(errNoAnswer.Error())
	}
	r := &canon.Response{Dialect: "openai", ID: h[respID], Model: h[respModel], Usage: h.usage(),
		ServiceTier: h[respTier], RawUsage: h[respUsage], Extra: extra}
	r.Created, _ = h[respCreated].Int()
	r.Choices = make([]canon.Choice, 0, 1)
	d := decoder{parts: make([]canon.Part, 0, 4), id: h[respID]}
	e := h[respChoices].Elements()
	for e.Next() {
		c, err := d.answer(e.Value())
		if err != nil {
			return nil, canon.Malformed(err.Error())
		}
		if c.Finish == canon.FinishError {
			return nil, canon.BrokeOff(c.RawFinish)
		}
		r.Choices = append(r.Choices, c)
	}
	if len(r.Choices) == 0 {
		return nil, canon.Malformed(errNoAnswer.Error())
	}
	if len(r.Choices) > 1 { // a server need not give them in order
		slices.SortStableFunc(r.Choices, func(a, b canon.Choice) int { return a.Index - b.Index })
	}
	return r, nil
}

func (d *decoder) answer(v scan.Value) (canon.Choice, error) {
	var c canon.Choice
	var f [choiceMembers]scan.Value
	var err error
	if c.Extra, err = canon.Pick(v.Fields(), choiceNames, f[:], nil); err != nil {
		return c, err
	}
	n, _ := f[choiceIndex].Int()
	c.Index, c.RawFinish, c.Logprobs = int(n), f[choiceFinish], f[choiceLogprobs]
	c.Finish = finishOf(c.RawFinish)
	var m [msgMembers]scan.Value
	if c.Message, err = canon.Pick(f[choiceMessage].Fields(), messageMembers, m[:], nil); err != nil {
		return c, err
	}
	start := len(d.parts)
	err = d.body(&m, 0)
	c.Parts = d.since(start)
	c.Again = reasoningForms(&m)
	return c, err
}

// finishOf reads a finish_reason, those of compatible servers included.
func finishOf(v scan.Value) canon.Finish {
	switch string(canon.Inside(v)) {
	case "":
		return canon.FinishUnset
	case "stop":
		return canon.FinishStop
	case "length":
		return canon.FinishLength
	case "tool_calls", "function_call":
		return canon.FinishToolCalls
	case "content_filter":
		return canon.FinishRefusal
	}
	return canon.EndOf(canon.Inside(v))
}

// finishWord is the finish_reason for an ending. OpenAI's own SDKs know these
// words and no others.
func finishWord(f canon.Finish) string {
	switch f {
	case canon.FinishLength, canon.FinishContextWindow:
		return "length"
	case canon.FinishToolCalls:
		return "tool_calls"
	case canon.FinishRefusal:
		return "content_filter"
	default:
		return "stop"
	}
}
