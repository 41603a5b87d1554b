package extproc

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/client"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/self"
	"github.com/headgate/headgate/policy"
)

// run is one exchange on its way through the stages: a state machine for each
// direction, because Envoy may answer before the request's body was processed.
// It belongs to one stream's goroutine.
type run struct {
	pipeline   *Pipeline
	now        func() time.Time
	ex         exchange.Exchange
	client     dialect.Client // the client's
	own        *self.Client   // recognises own calls
	generation string         // names this process in metadata; empty: it is the only one
	visits     []exchange.Visit
	single     exchange.Attempt // the only one of a pool of one backend
	waiting    waiting
	hold       hold
	underWay   *underWay  // counts the exchange, by its model; nil: it has none
	folding    *folding   // nil: the answer is not made of a stream
	events     *streaming // of a stream; nil before its headers

	reply  reply
	before []*reply // are sent before the reply

	at      time.Time       // when the message came that is answered
	endsAt  time.Time       // of a duplex stream: when its exchange has taken too long; zero: there is no bound
	overdue exchange.Result // why a duplex stream was ended with an error; empty: it was not

	said int64 // bytes of the request's body, as its headers say; 0: they do not
	came int64 // bytes of the whole answer, as they came

	bodyRead        bool // the request's body has been read
	rerouted        bool // attempts may come
	sentImmediate   bool // an immediate response ended the exchange
	silent          bool // a stream was ended, because nothing came for too long, or all of it did
	finished        bool // the visits have ended
	unknownRevision bool // Envoy routes by a policy revision that is unknown here
	rendered        bool // its configuration does not change by itself
	stopping        bool // the process begins nothing any more
}

// begin starts an exchange. Its first stage is entered at once.
func (p *Pipeline) begin(stream extprocv3.ExternalProcessor_ProcessServer, now func() time.Time) *run {
	r := &run{pipeline: p, now: now, waiting: waiting{stream: stream, now: now}}
	r.ex.ID = ulid.Make().String()
	r.ex.Revision = p.revision
	r.ex.Started = now()
	r.ex.Timeline.Start(time.Now())
	r.ex.Request.Out.Set = make(exchange.Headers, 0, 8)
	r.ex.Response.Out.Set = make(exchange.Headers, 0, 12)
	r.visits = make([]exchange.Visit, 0, len(p.stages))
	r.enter()
	return r
}

// enter begins the visit of the next stage down.
func (r *run) enter() {
	r.visits = append(r.visits, r.pipeline.stages[len(r.visits)].Join(&r.ex))
}

// handle answers one event; nil: it gets no answer. The reply is valid until the next
// call.
func (r *run) handle(ctx context.Context, ev *event) (*reply, error) {
	if r.events != nil && r.events.cut && r.events.duplex {
		return nil, nil // was on its way as the stream was ended
	}
	r.reply = reply{phase: ev.phase, meta: r.reply.meta[:0]}
	r.before = r.before[:0]
	var err error
	switch ev.phase {
	case requestHeaders:
		err = r.requestHeaders(ctx, ev)
	case requestBody:
		r.ex.Request.Body, r.ex.Request.ReceivedBytes = ev.body, len(ev.body)
		err = r.request(ctx)
	case responseHeaders:
		err = r.responseHeaders(ctx, ev)
	case responseBody:
		err = r.responseBody(ctx, ev)
	case responseTrailers:
		err = r.responseTrailers(ctx)
	case requestTrailers, phases: // pass
	}
	r.waiting.endMessage()
	return &r.reply, err
}

func (r *run) requestHeaders(ctx context.Context, ev *event) error {
	req := &r.ex.Request
	r.ex.Certificate, r.ex.Peer = ev.peer.name(), ev.address
	req.Headers = ev.headers
	req.Method = string(req.Headers.Get(":method"))
	path, _, _ := bytes.Cut(req.Headers.Get(":path"), []byte{'?'})
	req.Path = string(path)
	if l := client.LocalAnswer(req); l != nil {
		r.local(l)
		return nil
	}
	var v exchange.Verdict
	r.client, v = client.Classify(req)
	r.ex.Dialect = r.client.Name()
	req.Bind(r.client, &r.waiting)
	if r.said = saidLength(req.Headers); v.Action == exchange.Pass {
		v = r.tooLarge(r.said)
	}
	if v.Action == exchange.Pass {
		v = takesEncoding(req)
	}
	if v.Action == exchange.Pass {
		v = r.claimOwn()
	}
	if r.unknownRevision {
		v = r.refuseRevision()
	}
	if r.stopping && r.ex.Own == nil { // an own call is part of what had begun
		v = exchange.Denied(503, exchange.ReasonStopping, "The gateway is stopping. Try again.")
		v.Retry = time.Second
	}
	if v.Action != exchange.Pass {
		set(&r.ex.Response.Out, v.Headers)
		return r.refuse(ctx, v, len(r.visits))
	}
	if ended, err := r.admit(ctx); ended || err != nil {
		return err
	}
	if !r.hold.takeRequest(r.said) {
		return r.refuse(ctx, r.hold.all.refuse("request"), len(r.visits))
	}
	if ev.end {
		return r.request(ctx)
	}
	r.identify(meta{policy.DialectKey, r.ex.Dialect})
	return nil
}

// refuseRevision refuses what Envoy routes by a policy revision that is unknown here.
func (r *run) refuseRevision() exchange.Verdict {
	text := "The gateway is changing its policy. Try again."
	if r.rendered {
		text = "The gateway's Envoy has the configuration of another policy: its operator has to render it again."
	}
	v := exchange.Denied(503, exchange.ReasonRevision, text)
	v.Retry = time.Second
	return v
}

// identify puts into Envoy's metadata by what others ask for the exchange, and more.
func (r *run) identify(more ...meta) {
	r.reply.meta = append(r.reply.meta, meta{policy.ExchangeKey, r.ex.ID})
	if r.generation != "" {
		r.reply.meta = append(r.reply.meta, meta{policy.GenerationKey, r.generation})
	}
	r.reply.meta = append(r.reply.meta, more...)
}

// tooLarge refuses a body of n bytes if that is beyond the limit: beforehand if its headers say so,
// else once it has come. One that is far beyond it Envoy refuses (policy.Room), at times before the
// exchange is known to it.
func (r *run) tooLarge(n int64) exchange.Verdict {
	if n <= r.pipeline.limit {
		return exchange.Verdict{}
	}
	return exchange.Denied(413, exchange.ReasonTooLarge,
		fmt.Sprintf("The request body is %d bytes: this gateway takes at most %d.", n, r.pipeline.limit))
}

// saidLength is how long a body is, as its headers say; 0: they do not.
func saidLength(h exchange.Headers) int64 {
	n, err := strconv.ParseInt(string(h.Get("content-length")), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// request reads the body and takes the request down the list of stages.
func (r *run) request(ctx context.Context) error {
	req := &r.ex.Request
	if r.bodyRead {
		return fmt.Errorf("a second request body: the request body mode must be BUFFERED")
	}
	r.bodyRead = true
	if v := r.tooLarge(int64(len(req.Body))); v.Action != exchange.Pass {
		return r.refuse(ctx, v, len(r.visits))
	}
	if v := r.unpack(); v.Action != exchange.Pass {
		return r.refuse(ctx, v, len(r.visits))
	}
	if !r.hold.takeRequest(int64(len(req.Body))) {
		return r.refuse(ctx, r.hold.all.refuse("request"), len(r.visits))
	}
	if req.Operation != exchange.Models && !req.Operation.OfKept() {
		if v := r.client.Read(req); v.Action != exchange.Pass {
			return r.refuse(ctx, v, len(r.visits))
		}
	}
	if ended, err := r.down(ctx); ended || err != nil {
		return err
	}
	req.Seal()
	if r.ex.Route.Single {
		if err := r.only(ctx); err != nil {
			return err
		}
	}
	if req.Rewritten() && !req.Out.Replace {
		req.Out.ReplaceBody(req.Body)
		req.Out.SetHeader("content-length", strconv.Itoa(len(req.Body)))
	}
	if req.Deadline > 0 {
		r.endsAt = r.now().Add(req.Deadline - early(req.Deadline))
	}
	r.rerouted = true
	if req.MayFold {
		r.folding = newFolding()
	}
	r.reply.mutation, r.reply.reroute, r.reply.fit = &req.Out, true, r.ex.Fit
	r.identify(meta{policy.DialectKey, r.ex.Dialect}, meta{policy.ModelKey, r.ex.Model})
	return nil
}

func (r *run) responseHeaders(ctx context.Context, ev *event) error {
	resp := &r.ex.Response
	r.ex.Single.Answered = r.now()
	resp.Bind(&r.waiting, &r.hold)
	resp.Headers = ev.headers
	resp.Status, _ = strconv.Atoi(string(resp.Headers.Get(":status")))
	resp.AttemptCount, _ = strconv.Atoi(string(resp.Headers.Get("x-envoy-attempt-count")))
	// Envoy's router sets this on every answer of a provider's, and on no other.
	if resp.Headers.Get("x-envoy-upstream-service-time") == nil {
		resp.Origin = exchange.FromEnvoy
	}
	events := resp.Origin == exchange.FromProvider && arrivesAsStream(&r.ex.Request, resp.Status, resp.Headers)
	r.takeFold()
	resp.Folded = resp.Fold != nil || events && r.wantsWhole()
	switch {
	case r.rejected():
		return r.settled(ctx)
	case ev.end:
		resp.Complete = true
		err := r.response(ctx)
		// No body follows in which another could be put: it goes with the headers.
		r.reply.whole = resp.Out.Replace
		return err
	case events && !resp.Folded:
		resp.Stream = true
		resp.Out.Remove = append(resp.Out.Remove, "content-length")
		if !isEventStream(resp.Headers) {
			resp.Out.SetHeader("content-type", client.StreamType)
		}
		return r.streamHeaders(ctx)
	case !events && resp.Origin == exchange.FromProvider && !r.hold.takeAnswer(saidLength(resp.Headers)):
		r.replace(r.hold.all.refuse("answer"))
		resp.Complete = true
		r.immediate(string(exchange.ReasonMemory), true)
	}
	return nil
}

// rejected reports whether the answer is one that was judged to be none, and no link is
// left: the rest of it is not waited for.
func (r *run) rejected() bool {
	resp := &r.ex.Response
	return resp.Origin == exchange.FromProvider && !r.ex.Route.Single && r.ex.Attempts.Rejected(resp.Status)
}

func (r *run) responseBody(ctx context.Context, ev *event) error {
	if r.events != nil {
		return r.streamBody(ctx, ev.body, ev.end)
	}
	resp := &r.ex.Response
	resp.Body, resp.Complete = ev.body, true
	r.came = int64(len(ev.body))
	r.hold.holds(r.came)
	if resp.Origin == exchange.FromEnvoy {
		resp.Unavailable = bytes.Contains(ev.body, unavailable)
		if r.underWay != nil && bytes.Contains(ev.body, breakerFull) {
			r.underWay.refuse()
		}
	}
	return r.response(ctx)
}

// unavailable is in Envoy's own replies if it could not ask about an attempt.
var unavailable = []byte(`"` + policy.UnavailableCode + `"`)

// breakerFull is in Envoy's own replies if a bound of the model's breaker was reached.
var breakerFull = []byte(`"` + policy.BreakerCode + `"`)

// response takes a whole answer up the list of stages and gives it to the client.
func (r *run) response(ctx context.Context) error {
	resp := &r.ex.Response
	if err := r.up(ctx, len(r.visits)); err != nil {
		return err
	}
	if r.ex.Replaced.Action == exchange.Pass {
		r.written()
		r.tooLong()
	}
	r.limitWait()
	r.headers()
	if resp.Origin == exchange.FromProvider && r.ex.FirstToken.IsZero() {
		r.ex.FirstToken = r.now()
	}
	r.reply.mutation = &resp.Out
	r.report()
	return nil
}

// written puts the answer into the client's dialect, or what a stage made of it in
// place of what came.
func (r *run) written() {
	resp := &r.ex.Response
	if r.owesStream() {
		r.streamOf()
		return
	}
	if !resp.Translates {
		if resp.Rewritten() {
			resp.Out.ReplaceBody(resp.Body)
		}
		return
	}
	if whole, err := resp.Canon(); err == nil {
		resp.Out.ReplaceBody(r.client.EncodeAnswer(nil, r.counted(whole), client.Of(&r.ex)))
	}
}

// owesStream reports whether a provider has answered as a whole a client that asked for a stream.
func (r *run) owesStream() bool {
	req, resp := &r.ex.Request, &r.ex.Response
	return req.Stream && req.Operation == exchange.Chat && resp.Origin == exchange.FromProvider && resp.Status == 200
}

// streamOf gives the client the stream that an answer makes which came whole. What is no answer
// has a status still.
func (r *run) streamOf() {
	resp := &r.ex.Response
	whole, err := resp.Canon()
	if err != nil {
		resp.Failed = true
		r.replace(exchange.Denied(502, exchange.ReasonUnprocessable, fmt.Sprintf("The answer of backend %q cannot be made the stream that was asked for: %v.", r.ex.Route.Backend, err)))
		return
	}
	body, contentType := client.Whole(r.client, r.counted(whole), &r.ex)
	resp.Stream, resp.SawEnd = true, true
	resp.Out.SetHeader("content-type", contentType)
	resp.Out.ReplaceBody(body)
}

// counted returns an answer with the usage that is estimated if its server did not count all of it.
func (r *run) counted(whole *canon.Response) *canon.Response {
	if r.ex.Usage.Source != canon.UsageEstimated {
		return whole
	}
	answer := *whole
	answer.Usage, answer.RawUsage = r.ex.Usage, nil
	answer.Usage.Seen = canon.BucketInput | canon.BucketOutput
	return &answer
}

// named gives the answer an id where the client looks for one, unless its provider has done so.
func (r *run) named() {
	if r.client == nil {
		return
	}
	name, resp := r.client.RequestIDHeader(), &r.ex.Response
	if resp.Headers.Get(name) == nil && resp.Out.Set.Get(name) == nil {
		resp.Out.SetHeader(name, r.ex.ID)
	}
}

// corsPrefix begins the headers by which browsers are answered. Envoy adds those of the policy after
// ext_proc.
const corsPrefix = "access-control-"

// headers completes what changes in the response's headers.
func (r *run) headers() {
	resp := &r.ex.Response
	r.named()
	for i := range resp.Headers {
		// What Envoy says to ext_proc is not for clients, and which pages may ask is not for a
		// provider to say.
		name := resp.Headers[i].Name
		if strings.HasPrefix(name, policy.EnvoyPrefix) || resp.Origin == exchange.FromProvider && strings.HasPrefix(name, corsPrefix) {
			resp.Out.Remove = append(resp.Out.Remove, name)
		}
	}
	if resp.Out.Replace {
		resp.Out.SetHeader("content-length", strconv.Itoa(len(resp.Out.Body)))
	}
}

// report puts what is known at the end into Envoy's own access log.
func (r *run) report() {
	ex := &r.ex
	if r.client == nil { // Envoy has answered what it did not show
		r.identify()
		if ex.Response.Status < 400 { // a preflight, which is no exchange
			r.reply.meta = append(r.reply.meta, meta{policy.RefusedKey, notRefused})
		}
	}
	r.reply.meta = append(r.reply.meta,
		meta{policy.BackendKey, ex.Route.Backend},
		meta{"served", exchange.Clip(ex.Response.Model, exchange.MaxText)},
		meta{"tokens_in", strconv.FormatInt(ex.Usage.TotalInput(), 10)},
		meta{"tokens_out", strconv.FormatInt(ex.Usage.TotalOutput(), 10)})
	if ex.Cost.Priced {
		r.reply.meta = append(r.reply.meta, meta{"cost_nano_usd", strconv.FormatInt(ex.Cost.Nano, 10)})
	}
}
