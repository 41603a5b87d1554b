package extproc

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

// run is one exchange on its way through the stages: a state machine for each
// direction, because Envoy may answer before the request's body was processed.
// It belongs to one stream's goroutine.
type run struct {
	pipeline *Pipeline
	now      func() time.Time
	ex       exchange.Exchange
	dialect  provider.Dialect // the client's
	hooks    []exchange.Hooks
	chunk    exchange.Chunk
	reply    reply
	joined   bool // the request stages have run
	answered bool // an immediate response ended the exchange
	silent   bool // a stream was cut, because nothing came for too long
	ended    bool // End hooks have run
	unheld   bool // Envoy routes by a policy that is not held
}

func (p *Pipeline) begin(now func() time.Time) *run {
	r := &run{pipeline: p, now: now}
	r.ex.ID = ulid.Make().String()
	r.ex.Revision = p.revision
	r.ex.Started = now()
	r.ex.Request.Out.Set = make(exchange.Headers, 0, 8)
	r.ex.Response.Out.Set = make(exchange.Headers, 0, 12)
	r.hooks = make([]exchange.Hooks, len(p.stages))
	for i, s := range p.stages {
		r.hooks[i] = s.Join(&r.ex)
	}
	return r
}

// handle answers one event. The reply is valid until the next call.
func (r *run) handle(ctx context.Context, ev *event) (*reply, error) {
	r.reply = reply{phase: ev.phase, meta: r.reply.meta[:0]}
	var err error
	switch ev.phase {
	case requestHeaders:
		err = r.requestHeaders(ctx, ev)
	case requestBody:
		r.ex.Request.Body = ev.body
		err = r.request(ctx)
	case responseHeaders:
		err = r.responseHeaders(ctx, ev)
	case responseBody:
		err = r.responseBody(ctx, ev)
	}
	return &r.reply, err
}

func (r *run) requestHeaders(ctx context.Context, ev *event) error {
	req := &r.ex.Request
	req.Headers = ev.headers
	req.Method = string(req.Headers.Get(":method"))
	path, _, _ := bytes.Cut(req.Headers.Get(":path"), []byte{'?'})
	req.Path = string(path)
	var v exchange.Verdict
	r.dialect, req.Operation, v = provider.Classify(req.Method, req.Path, req.Headers.Get("anthropic-version") != nil)
	r.ex.Dialect = r.dialect.Name()
	if v.Action == exchange.Pass {
		v = r.tooLarge()
	}
	if r.unheld {
		v = exchange.Denied(503, exchange.ReasonRevision, "The gateway is changing its policy. Try again.")
		v.Retry = time.Second
	}
	if v.Action != exchange.Pass {
		r.deny(v)
		return nil
	}
	if ev.end {
		return r.request(ctx)
	}
	r.reply.meta = append(r.reply.meta, meta{policy.ExchangeKey, r.ex.ID}, meta{policy.DialectKey, r.ex.Dialect})
	return nil
}

// tooLarge refuses a body that says beforehand that it is beyond the limit. Envoy
// refuses the others, at times before it can be told which exchange that was.
func (r *run) tooLarge() exchange.Verdict {
	n, err := strconv.ParseInt(string(r.ex.Request.Headers.Get("content-length")), 10, 64)
	if err != nil || n <= r.pipeline.limit {
		return exchange.Verdict{}
	}
	return exchange.Denied(413, exchange.ReasonTooLarge,
		fmt.Sprintf("The request body is %d bytes: this gateway takes at most %d.", n, r.pipeline.limit))
}

// request reads the body and runs the stages down the list.
func (r *run) request(ctx context.Context) error {
	req := &r.ex.Request
	if r.joined {
		return fmt.Errorf("a second request body: the request body mode must be BUFFERED")
	}
	r.joined = true
	if req.Operation != exchange.Models {
		if v := r.dialect.Read(req); v.Action != exchange.Pass {
			r.deny(v)
			return nil
		}
	}
	for i := range r.hooks {
		if r.hooks[i].Request == nil {
			continue
		}
		v, err := r.hooks[i].Request(ctx, req)
		if err != nil {
			return fmt.Errorf("%s: %w", r.pipeline.stages[i].Name(), err)
		}
		if v.Action != exchange.Pass {
			r.deny(v)
			return nil
		}
	}
	r.reply.mutation, r.reply.reroute, r.reply.fit = &req.Out, true, r.ex.Fit
	r.reply.meta = append(r.reply.meta, meta{policy.ExchangeKey, r.ex.ID}, meta{policy.DialectKey, r.ex.Dialect}, meta{policy.ModelKey, r.ex.Route.Model})
	return nil
}

func (r *run) responseHeaders(ctx context.Context, ev *event) error {
	resp := &r.ex.Response
	resp.Headers = ev.headers
	resp.Status, _ = strconv.Atoi(string(resp.Headers.Get(":status")))
	resp.Attempts, _ = strconv.Atoi(string(resp.Headers.Get("x-envoy-attempt-count")))
	// Envoy's router sets this on every answer of a provider's, and on no other.
	resp.Local = resp.Headers.Get("x-envoy-upstream-service-time") == nil
	switch {
	case ev.end:
		resp.Complete = true
		err := r.response(ctx)
		// No body follows in which another could be put: it goes with the headers.
		r.reply.whole = resp.Out.Replace
		return err
	case resp.Status == 200 && !resp.Local && isEventStream(resp.Headers):
		resp.Stream = true
		resp.Out.Remove = append(resp.Out.Remove, "content-length")
		r.reply.stream = true
		return r.response(ctx)
	}
	return nil
}

// patience is how long Envoy may be silent now; 0: as long as it likes.
func (r *run) patience() time.Duration {
	if resp := &r.ex.Response; !resp.Stream || resp.Complete {
		return 0
	}
	return r.ex.Route.Idle
}

func isEventStream(h exchange.Headers) bool {
	const want = "text/event-stream"
	v := h.Get("content-type")
	return len(v) >= len(want) && bytes.EqualFold(v[:len(want)], []byte(want))
}

func (r *run) responseBody(ctx context.Context, ev *event) error {
	resp := &r.ex.Response
	if !resp.Stream {
		resp.Body, resp.Complete = ev.body, true
		return r.response(ctx)
	}
	r.chunk = exchange.Chunk{Data: ev.body, Last: ev.end}
	resp.Complete = ev.end
	for i := len(r.hooks) - 1; i >= 0; i-- {
		if r.hooks[i].Chunk == nil {
			continue
		}
		if _, err := r.hooks[i].Chunk(ctx, &r.chunk); err != nil {
			return fmt.Errorf("%s: %w", r.pipeline.stages[i].Name(), err)
		}
	}
	if r.chunk.Replace {
		r.reply.mutation = &exchange.Mutation{Body: r.chunk.Out, Replace: true}
	}
	if ev.end {
		r.tell()
	}
	return nil
}

// response runs the stages up the list: with the whole body, or at the headers of
// a stream.
func (r *run) response(ctx context.Context) error {
	resp := &r.ex.Response
	for i := len(r.hooks) - 1; i >= 0; i-- {
		if r.hooks[i].Response == nil {
			continue
		}
		v, err := r.hooks[i].Response(ctx, resp)
		if err != nil {
			return fmt.Errorf("%s: %w", r.pipeline.stages[i].Name(), err)
		}
		if v.Action == exchange.Deny {
			r.replace(v)
		}
	}
	resp.Out.Remove = append(resp.Out.Remove, internal(resp.Headers)...)
	if resp.Out.Replace {
		resp.Out.SetHeader("content-length", strconv.Itoa(len(resp.Out.Body)))
	}
	r.reply.mutation = &resp.Out
	if !resp.Stream {
		r.tell()
	}
	return nil
}

// internal lists what Envoy tells ext_proc in response headers and clients may not
// see.
func internal(h exchange.Headers) (names []string) {
	for i := range h {
		if strings.HasPrefix(h[i].Name, "x-envoy-") {
			names = append(names, h[i].Name)
		}
	}
	return names
}

// ofBody are headers that speak of the body that came, or lead elsewhere in its
// place. An error that replaces it cannot be read, or is passed by, with them.
var ofBody = []string{"content-encoding", "content-language", "content-md5", "content-range", "digest", "etag", "location"}

// replace gives the client an error of Headgate's instead of what came.
func (r *run) replace(v exchange.Verdict) {
	resp := &r.ex.Response
	r.ex.Replaced = v
	r.reply.status = v.Status
	resp.Out.SetHeader("content-type", "application/json")
	resp.Out.Remove = append(resp.Out.Remove, ofBody...)
	body := v.Body
	if body == nil {
		body = r.dialect.Refusal(&v, r.ex.ID)
	}
	resp.Out.ReplaceBody(body)
	retryHeaders(&resp.Out, &v)
}

// tell puts what is known at the end into Envoy's own access log.
func (r *run) tell() {
	ex := &r.ex
	r.reply.meta = append(r.reply.meta,
		meta{policy.BackendKey, ex.Route.Backend},
		meta{"served", exchange.Clip(ex.Response.Model, exchange.MaxText)},
		meta{"tokens_in", strconv.FormatInt(ex.Usage.TotalInput(), 10)},
		meta{"tokens_out", strconv.FormatInt(ex.Usage.TotalOutput(), 10)})
	if ex.Cost.Priced {
		r.reply.meta = append(r.reply.meta, meta{"cost_nano_usd", strconv.FormatInt(ex.Cost.Nano, 10)})
	}
}

// deny ends the exchange with an error in the client's dialect, or with the
// answer that a stage gave.
func (r *run) deny(v exchange.Verdict) {
	r.ex.Refused = v
	r.answered = true
	r.reply.deny, r.reply.status = true, v.Status
	m := &exchange.Mutation{}
	record.Identify(m, &r.ex)
	m.SetHeader("content-type", "application/json")
	refused := "answer"
	if v.Action == exchange.Deny {
		m.SetHeader(record.RefusedHeader, "gateway")
		m.Body = r.dialect.Refusal(&v, r.ex.ID)
		retryHeaders(m, &v)
		refused = string(v.Reason)
	} else {
		m.Body = v.Body
	}
	r.reply.mutation, r.reply.details = m, "headgate_"+refused
	r.reply.meta = append(r.reply.meta, meta{policy.ExchangeKey, r.ex.ID}, meta{policy.RefusedKey, refused})
}

// retryHeaders tell SDKs whether and when to try again.
func retryHeaders(m *exchange.Mutation, v *exchange.Verdict) {
	if v.Retry > 0 {
		m.SetHeader("retry-after", strconv.FormatInt(int64((v.Retry+time.Second-1)/time.Second), 10))
		m.SetHeader("retry-after-ms", strconv.FormatInt(v.Retry.Milliseconds(), 10))
	}
}

// finish runs the End hooks once, last stage first. A stream that brought no
// request was no exchange.
func (r *run) finish(o exchange.Outcome) {
	if r.ended || r.dialect == nil {
		return
	}
	r.ended = true
	r.ex.Ended = r.now()
	for i := len(r.hooks) - 1; i >= 0; i-- {
		if r.hooks[i].End != nil {
			r.hooks[i].End(o)
		}
	}
}
