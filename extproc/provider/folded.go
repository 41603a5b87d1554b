package provider

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// fold takes the answer that was made of a stream. What the stream says went wrong, and what
// breaks off, is an error with a status of its own: the client has got nothing yet.
func (a *answer) fold(resp *exchange.Response) exchange.Verdict {
	f, ok := resp.Fold.(*fold)
	if !ok { // Envoy gave it whole
		f = newFold(a.target, &a.ex.Request, false)
		f.Feed(resp.Body, true)
	}
	f.Note(a.ex)
	body, fault := f.answer()
	if fault != nil {
		return a.brokeOff(resp, fault)
	}
	resp.Body = body
	resp.Out.ReplaceBody(body)
	resp.Out.SetHeader("content-type", "application/json")
	return exchange.Verdict{}
}

// brokeOff refuses an answer that came in part.
func (a *answer) brokeOff(resp *exchange.Response, f *canon.Fault) exchange.Verdict {
	switch {
	case f.Kind == canon.FaultCut:
		resp.SawEnd = false
		return exchange.Denied(502, exchange.ReasonUnprocessable,
			fmt.Sprintf("The answer of backend %q broke off before its end.", a.target.backend.Name))
	case f.Kind == canon.FaultMalformed:
		return a.unreadable(resp, f)
	case resp.Silent:
		return a.fault(resp, f)
	}
	return a.noAnswer(resp, f)
}

// streamed reports whether the backend may have been asked for a stream that the client has
// not asked for.
func (a *answer) streamed() bool {
	req := &a.ex.Request
	return !req.Stream && a.target.streamed != nil && req.Operation == exchange.Chat
}

// askWhole has the client ask again: the backend, which does not stream, is asked for the
// whole answer then.
func (a *answer) askWhole(resp *exchange.Response) exchange.Verdict {
	a.plan.stage.askWhole(a.target)
	resp.Failed = true
	v := exchange.Denied(503, exchange.ReasonNotStreamed,
		fmt.Sprintf("Backend %q does not stream this model. It is asked for the whole answer from now on: try again.", a.target.backend.Name))
	v.Retry = 100 * time.Millisecond
	return v
}
