package exchange

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Request is what the client sent, and what becomes of it. Attempts read it on
// goroutines of their own, so it does not change once the stages have seen it.
type Request struct {
	// Written by the stream loop.
	Operation     Operation
	Method        string
	Path          string // without the query
	Page          Page   // of a list of models
	Headers       Headers
	Kept          string // the id in the path, of an operation on what a provider keeps
	ReceivedBytes int    // bytes of the body as it came
	Body          []byte // as it came, or as it was rewritten last; never changed in place

	// Read from the body before the first stage, by the client's dialect.
	Model     string // as the client wrote it; of a list of models the one asked for, empty: all of them
	Stream    bool
	WantUsage bool       // the client asked for usage in the stream
	Choices   int        // the answers that the client asked for at once; 0: it does not say, which is one
	MaxTokens int64      // of an answer, as the client bounds it; 0: it does not
	User      string     // as the body names it
	Metadata  scan.Value // of the body: the object of this name; nil: there is none
	Spans     Spans

	// Written by the provider stage.
	MayFold bool // the answer may be made of a stream that the client has not asked for

	// Written by the route stage, and by a stage that has waited, through EndAfter.
	Deadline time.Duration // of the whole exchange, by the client's wish or the policy; 0: none

	Out Mutation // what leaves for the provider, of all attempts

	dialect    Dialect
	canon      *canon.Request // nil: not decoded yet
	by         Attribution    // once it was asked for
	attributed bool           // it was
	rewritten  bool
	sealed     bool // attempts run
	more       Waiting
}

// Span is a range of bytes of the request body; empty: the field is absent.
type Span struct{ Start, End int }

// Spans are the places of fields in the request body that may be rewritten.
type Spans struct {
	Model         Span // the value
	Stream        Span // the value
	StreamOptions Span // the value
	IncludeUsage  Span // the value, inside StreamOptions
	First         int  // offset after the opening brace
	Empty         bool // the object has no members
}

// Dialect is the client's dialect, as far as a request needs it to be read. It is
// stateless and safe for concurrent use.
type Dialect interface {
	// Read fills the fields of a request that come from its body, without changing
	// the body. A denial says what is wrong with it, and at which field.
	Read(*Request) Verdict
	// Decode reads a request into the canonical form.
	Decode(body []byte) (*canon.Request, error)
}

// Waiting grants a visit time beyond what Envoy waits for by itself.
type Waiting interface {
	// More returns a context that ends when the time is over or the client has
	// left. An error says that no time is left to grant.
	More(ctx context.Context, d time.Duration) (context.Context, error)
}

// ErrNoTime says that the exchange has waited for as long as it may.
var ErrNoTime = errors.New("the exchange has no time left to wait")

var (
	errSealed    = errors.New("a request that attempts are made of is not decoded or rewritten any more")
	errNoDialect = errors.New("the request has no body that is read")
)

// Bind gives the request the dialect that reads it and the clock that it may wait by.
func (r *Request) Bind(d Dialect, more Waiting) { r.dialect, r.more = d, more }

// Seal ends the time in which the request may be decoded and rewritten. Attempts only read it
// from then on.
func (r *Request) Seal() {
	r.Attribute()
	r.sealed = true
}

// EndAfter has Envoy end the exchange after a time, from the end of its request; 0: when it will.
func (r *Request) EndAfter(d time.Duration) {
	if r.Deadline = d; d > 0 {
		r.Out.SetHeader("x-envoy-upstream-rq-timeout-ms", strconv.FormatInt(max(d.Milliseconds(), 1), 10))
	}
}

// Unpacked takes the body that the one which came was packed of, before anybody has read it.
func (r *Request) Unpacked(body []byte) { r.Body, r.rewritten = body, true }

// Rewritten reports whether the body is not the one that came.
func (r *Request) Rewritten() bool { return r.rewritten }

// More asks for time: the stage may block until the context that is returned ends,
// and then gives a verdict of its own. Legal in the Request phase.
func (r *Request) More(ctx context.Context, d time.Duration) (context.Context, error) {
	return r.more.More(ctx, d)
}

// Canon returns the request in the canonical form, which is decoded at the first
// question and must not be changed. Its texts alias the body. Legal in the Request
// phase; a stage that needs it in attempts asks then. An error is the client's fault.
func (r *Request) Canon() (*canon.Request, error) {
	switch {
	case r.canon != nil:
		return r.canon, nil
	case r.sealed:
		return nil, errSealed
	case r.dialect == nil:
		return nil, errNoDialect
	}
	c, err := r.dialect.Decode(r.Body)
	if err != nil {
		return nil, err
	}
	r.canon = c
	return c, nil
}

// Decoded returns the request in the canonical form if somebody asked for it in the
// Request phase, else nil.
func (r *Request) Decoded() *canon.Request { return r.canon }

// Rewrite replaces texts of the canonical form, in the body and then in the form:
// all other bytes stay as they are. Texts of a request that has no canonical form are named by
// where they stand in the body. Legal in the Request phase; what was taken from Canon before is void. An edit that cannot be made changes nothing.
func (r *Request) Rewrite(edits ...Edit) error {
	if r.sealed {
		return errSealed
	}
	if r.dialect == nil {
		return errNoDialect
	}
	body, err := splice(r.Body, edits)
	if err != nil {
		return err
	}
	again := Request{Operation: r.Operation, Body: body}
	if v := r.dialect.Read(&again); v.Action != Pass {
		return errors.New("the rewritten request cannot be read: " + v.Message)
	}
	r.Body, r.canon, r.rewritten, r.attributed = body, nil, true, false
	r.Model, r.Stream, r.WantUsage, r.Choices = again.Model, again.Stream, again.WantUsage, again.Choices
	r.MaxTokens, r.User, r.Metadata, r.Spans = again.MaxTokens, again.User, again.Metadata, again.Spans
	return nil
}
