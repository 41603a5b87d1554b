package provider

import (
	"bytes"
	"fmt"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// fold makes one answer of a stream, for a client that wants it whole. What the stream
// says of the exchange is noted as of any stream, so that what broke off is paid for by
// what came.
type fold struct {
	skim   exchange.Skimmer
	folder exchange.Folder
	damage damage
	usage  *canon.Usage
	split  scan.Splitter
	fault  *canon.Fault // that ended the answer; nil: none did
}

func newFold(t *target, ex *exchange.Exchange) *fold {
	return &fold{skim: t.dialect.Skim(&ex.Request, &ex.Response, &ex.Usage), folder: t.dialect.Fold(),
		damage: damage{of: t.dialect, resp: &ex.Response}, usage: &ex.Usage}
}

// feed takes a piece of the stream, plain.
func (f *fold) feed(piece []byte, last bool) {
	f.split.Feed(piece)
	for f.fault == nil {
		raw, err := f.split.Next()
		if err != nil {
			f.fault = canon.Malformed(err.Error())
		}
		if raw == nil {
			break
		}
		f.frame(raw)
	}
	if last && f.fault == nil {
		f.end()
	}
}

func (f *fold) frame(raw scan.Event) {
	var sight exchange.Sight
	if sight, f.fault = f.damage.look(f.skim, raw, f.usage); f.fault == nil && sight != exchange.Broken {
		f.fault = f.folder.Frame(raw)
	}
}

// end takes the end of the stream. What no blank line has ended counts if it is whole.
func (f *fold) end() {
	rest := f.split.Rest()
	if data := bytes.TrimSpace(rest.Data()); len(data) > 0 && (data[0] != '{' || canon.Whole(data)) {
		f.frame(rest)
	}
	switch {
	case f.fault != nil:
	case !f.skim.SawEnd():
		f.fault = canon.Cut()
	default:
		f.fault = f.damage.end(f.usage)
	}
}

// fold makes a whole answer of a stream. What the stream says went wrong, and what breaks
// off, is an error with a status of its own: the client has got nothing yet.
func (a *answer) fold(resp *exchange.Response) exchange.Verdict {
	f := newFold(a.target, a.ex)
	f.feed(resp.Body, true)
	resp.SawEnd = f.skim.SawEnd()
	body, ok := f.folder.Answer(make([]byte, 0, 512+len(resp.Body)/4))
	if f.fault == nil && !ok {
		f.fault, resp.SawEnd = canon.Cut(), false
	}
	if f.fault != nil {
		return a.brokeOff(resp, f.fault)
	}
	resp.Body = body
	resp.Out.ReplaceBody(body)
	resp.Out.SetHeader("content-type", "application/json")
	return exchange.Verdict{}
}

// brokeOff refuses an answer that came in part.
func (a *answer) brokeOff(resp *exchange.Response, f *canon.Fault) exchange.Verdict {
	switch f.Kind {
	case canon.FaultCut:
		resp.SawEnd = false
		return exchange.Denied(502, exchange.ReasonUnprocessable,
			fmt.Sprintf("The answer of backend %q broke off before its end.", a.target.backend.Name))
	case canon.FaultMalformed:
		return a.unreadable(resp, f)
	default:
		return a.noAnswer(resp, f)
	}
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
