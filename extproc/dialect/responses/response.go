package responses

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// DecodeAnswer reads a response. What it returns aliases body. The error is a *canon.Fault
// if the body is one, or a response that failed, is not there yet, or cannot be read.
func (Dialect) DecodeAnswer(body []byte) (*canon.Response, error) {
	var h head
	d := decoder{extra: make([]canon.Member, 0, usualMembers)}
	extra, err := canon.Pick(scan.Document(body), responseMembers[:respTokens], h[:], d.extra)
	if err != nil {
		return nil, canon.Malformed(err.Error())
	}
	if f := h.fault(body); f != nil {
		return nil, f
	}
	if h[respOutput].Kind() != scan.Array {
		return nil, canon.Malformed("no output")
	}
	d.extra, d.id, d.parts = extra, h[respID], make([]canon.Part, 0, 4)
	if err := d.output(h[respOutput]); err != nil {
		return nil, canon.Malformed(err.Error())
	}
	c := canon.Choice{Parts: d.parts, RawFinish: h[respIncomplete].Get("reason"), Finish: h.finish(canon.Calls(d.parts))}
	if c.Finish == canon.FinishUnset {
		return nil, canon.Malformed("a response whose status is " + string(h[respStatus]))
	}
	r := &canon.Response{Dialect: name, ID: h[respID], Model: h[respModel], Choices: []canon.Choice{c}, Usage: h.usage(),
		ServiceTier: h[respTier], RawUsage: h[respUsage], Extra: extra[:len(extra):len(extra)]}
	r.Created, _ = h[respCreated].Int()
	return r, nil
}

// usualMembers is how many members of a response repeat its request, or belong to the
// first of its items.
const usualMembers = 32

// output reads the items of a response.
func (d *decoder) output(list scan.Value) error {
	e := list.Elements()
	for at := int32(0); e.Next(); at++ {
		if _, err := d.item(e.Value(), at); err != nil {
			return err
		}
	}
	return e.Err()
}
