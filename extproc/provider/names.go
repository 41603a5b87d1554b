package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// renamed returns the request if the target, which speaks the client's dialect, calls a
// tool of it otherwise than the client does; else nil.
func (t *target) renamed(ex *exchange.Exchange) *canon.Request {
	req := ex.Request.Decoded()
	if !t.canon.LimitsToolNames() || req == nil {
		return nil
	}
	for i := range req.Tools {
		if !canon.TakesToolName(req.Tools[i].Name, int(t.canon.Traits.ToolName)) {
			return req
		}
	}
	return nil
}

// renamer gives tools back their names in the events of a stream that passes. It
// implements exchange.Mender.
type renamer struct {
	req  *canon.Request
	next exchange.Mender // nil: nothing else has to be put right
}

// Mend implements exchange.Mender.
func (r renamer) Mend(raw []byte) []byte {
	if r.next != nil {
		raw = r.next.Mend(raw)
	}
	return r.req.RestoreToolNames(raw)
}

// rename gives tools back their names in a whole answer that passes.
func (a *answer) rename(resp *exchange.Response) {
	req := a.target.renamed(a.ex)
	if req == nil || len(resp.Body) == 0 {
		return
	}
	if body := req.RestoreToolNames(resp.Body); &body[0] != &resp.Body[0] {
		resp.Body = body
		resp.Out.ReplaceBody(body)
	}
}
