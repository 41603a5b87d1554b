package exchangetest

import (
	"bytes"
	"context"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
)

// Visit is a stage's share of one exchange, under observation. Its methods take it
// through the phases; one that comes out of order fails the test. Not for concurrent
// use.
type Visit struct {
	Exchange *exchange.Exchange

	t      T
	ctx    context.Context
	stage  exchange.Stage
	visit  exchange.Visit
	phase  phase
	stream stream
}

// phase is how far an exchange has come.
type phase int

const (
	joined phase = iota
	greeted
	requested
	attempted
	responded
	streaming
	streamed
	ended
)

var phaseNames = [...]string{"Join", "Headers", "Request", "Attempt", "Response", "Stream", "the stream's end", "End"}

// Join lets a stage join an exchange, as the request reaches it.
func Join(t T, s exchange.Stage, ex *exchange.Exchange) *Visit {
	t.Helper()
	v := &Visit{Exchange: ex, t: t, ctx: context.Background(), stage: s}
	if v.visit = s.Join(ex); v.visit == nil {
		t.Fatalf("%s joined with no visit", s.Name())
	}
	return v
}

// reach goes on to a phase from one of those before it.
func (v *Visit) reach(to, from, until phase) {
	v.t.Helper()
	if v.phase < from || v.phase > until {
		v.t.Fatalf("%s cannot follow %s", phaseNames[to], phaseNames[v.phase])
	}
	v.phase = to
}

func (v *Visit) on(p exchange.Phases) bool { return v.stage.Phases()&p != 0 }

// Headers shows the visit the headers of the request, before its body has come.
func (v *Visit) Headers(headers ...string) exchange.Verdict {
	v.t.Helper()
	v.reach(greeted, joined, joined)
	v.Exchange.Request.Headers = pairs(headers)
	if !v.on(exchange.OnHeaders) {
		return exchange.Verdict{}
	}
	verdict, err := v.visit.Headers(v.ctx, &v.Exchange.Request)
	if err != nil {
		v.t.Fatalf("Headers: %v", err)
	}
	return verdict
}

// Request shows the visit the request. A verdict that refuses or answers is the last that
// the visit sees of it but for the end: the response goes up from the stage above.
func (v *Visit) Request() exchange.Verdict {
	v.t.Helper()
	v.reach(requested, joined, greeted)
	if !v.on(exchange.OnRequest) {
		return exchange.Verdict{}
	}
	req := &v.Exchange.Request
	body := req.Body
	was := bytes.Clone(body)
	verdict, err := v.visit.Request(v.ctx, req)
	if err != nil {
		v.t.Fatalf("Request: %v", err)
	}
	if !bytes.Equal(was, body) {
		v.t.Errorf("Request changed the body in place: use Rewrite")
	}
	v.unchangedRequest()
	return verdict
}

// unchangedRequest holds that the canonical form is what the body says.
func (v *Visit) unchangedRequest() {
	v.t.Helper()
	req, d := &v.Exchange.Request, dialect.ByName(v.Exchange.Dialect)
	got, err := req.Canon()
	if err != nil || d == nil {
		return // the client's fault, or no body that is read
	}
	if want, err := d.Decode(req.Body); err == nil {
		v.same(want, got)
	}
}

// same holds that a canonical form is the one that was read.
func (v *Visit) same(want, got any) {
	v.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		v.t.Errorf("the canonical form was changed in place: use Rewrite (-read +found)\n%s", diff)
	}
}

// Attempt shows the visit a try at a backend, with the model's name there, and returns
// what leaves. An error says that the attempt must not be made.
func (v *Visit) Attempt(backend, model string) (*exchange.Attempt, error) {
	v.t.Helper()
	v.reach(attempted, requested, attempted)
	req := &v.Exchange.Request
	req.Seal()
	at := &exchange.Attempt{Request: req, Backend: backend, Model: model, Now: v.Exchange.Started, Out: req.Out}
	if !v.on(exchange.OnAttempt) {
		return at, nil
	}
	return at, v.visit.Attempt(v.ctx, at)
}

// Answered shows the visit the answer to a try, as far as at has it.
func (v *Visit) Answered(at *exchange.Attempt) exchange.Judgement {
	v.t.Helper()
	v.reach(attempted, attempted, attempted)
	if !v.on(exchange.OnAnswered) {
		return exchange.Judgement{}
	}
	j, err := v.visit.Answered(v.ctx, at)
	if err != nil {
		v.t.Fatalf("Answered: %v", err)
	}
	return j
}

// Respond shows the visit a whole answer with a JSON body. What it is about, such as its
// Origin, the test writes into the exchange's response beforehand.
func (v *Visit) Respond(status int, body string, headers ...string) exchange.Verdict {
	v.t.Helper()
	v.reach(responded, requested, attempted)
	resp := &v.Exchange.Response
	resp.Status, resp.Body, resp.Headers, resp.Complete = status, []byte(body), pairs(headers), true
	verdict := v.response()
	if got := resp.Body; !resp.Rewritten() && !resp.Folded && !bytes.Equal(got, []byte(body)) && resp.Headers.Get("content-encoding") == nil {
		v.t.Errorf("Response changed the body in place: use Rewrite")
	}
	return verdict
}

// Stream shows the visit the headers of a stream and asks what it needs of the events.
func (v *Visit) Stream(headers ...string) exchange.Verdict {
	v.t.Helper()
	v.reach(streaming, requested, attempted)
	resp := &v.Exchange.Response
	resp.Status, resp.Stream, resp.Headers = 200, true, pairs(append(headers, "content-type", "text/event-stream"))
	verdict := v.response()
	v.stream.wants = v.visit.Wants()
	return verdict
}

func (v *Visit) response() exchange.Verdict {
	v.t.Helper()
	if !v.on(exchange.OnResponse) {
		return exchange.Verdict{}
	}
	resp := &v.Exchange.Response
	verdict, err := v.visit.Response(v.ctx, resp)
	if err != nil {
		v.t.Fatalf("Response: %v", err)
	}
	return verdict
}

// UnchangedAnswer holds that the canonical form of a whole answer is what its body says,
// as the backend's dialect reads it.
func (v *Visit) UnchangedAnswer(read func([]byte) (*canon.Response, error)) {
	v.t.Helper()
	resp := &v.Exchange.Response
	got, err := resp.Canon()
	if err != nil {
		v.t.Fatalf("the answer cannot be read: %v", err)
	}
	want, err := read(resp.Body)
	if err != nil {
		v.t.Fatalf("the answer cannot be read: %v", err)
	}
	v.same(want, got)
}

// patience bounds End, which must not block.
const patience = 5 * time.Second

// End ends the visit, once.
func (v *Visit) End(o exchange.Outcome) {
	v.t.Helper()
	v.reach(ended, joined, streamed)
	if !v.on(exchange.OnEnd) {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.visit.End(o)
	}()
	select {
	case <-done:
	case <-time.After(patience):
		v.t.Fatalf("End of %s blocks", v.stage.Name())
	}
}

// pairs are headers, name and value in turn.
func pairs(list []string) exchange.Headers {
	var h exchange.Headers
	for i := 0; i+1 < len(list); i += 2 {
		h = append(h, exchange.Header{Name: list[i], Value: []byte(list[i+1])})
	}
	return h
}
