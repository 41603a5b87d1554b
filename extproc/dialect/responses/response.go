package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// DecodeAnswer reads a response. What it returns aliases body. The error is a *canon.Fault
// if the body is one, or a response that failed, is not there yet, or cannot be read.
func (Dialect) DecodeAnswer(body []byte) (*canon.Response, error) {
	var h head
	extra, err := canon.Pick(scan.Document(body), responseMembers[:respTokens], h[:], make([]canon.Member, 0, usualMembers))
	if err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if f := h.fault(body); f != nil {
		return nil, f
	}
	if h[respOutput].Kind() != scan.Array {
		return nil, canon.Malformed("no output")
	}
	r := &canon.Response{Dialect: name, ID: h[respID], Model: h[respModel], Usage: h.usage(),
		ServiceTier: h[respTier], RawUsage: h[respUsage], Extra: extra}
	r.Created, _ = h[respCreated].Int()
	c := canon.Choice{RawFinish: h[respIncomplete].Get("reason")}
	if c.Parts, err = outputOf(&h); err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if c.Finish = h.finish(canon.Calls(c.Parts)); c.Finish == canon.FinishUnset {
		return nil, canon.Malformed("a response whose status is " + string(h[respStatus]))
	}
	r.Choices = []canon.Choice{c}
	return r, nil
}

// usualMembers is how many members of a response repeat its request.
const usualMembers = 24

// outputOf reads the items of a response.
func outputOf(h *head) ([]canon.Part, error) {
	d := decoder{parts: make([]canon.Part, 0, 4), id: h[respID]}
	e := h[respOutput].Elements()
	for at := int32(0); e.Next(); at++ {
		if _, err := d.item(e.Value(), at); err != nil {
			return nil, err
		}
	}
	return d.parts, e.Err()
}
