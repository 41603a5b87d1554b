package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Origin says who made a response. It is a closed set.
type Origin uint8

// The origins of a response.
const (
	FromProvider Origin = iota
	FromEnvoy           // Envoy's own reply: no provider answered
	FromGateway         // a refusal of Headgate's, in place of asking a provider
	FromStage           // the answer of a stage, such as one from a cache
)

// Response is what came back, and what becomes of it.
type Response struct {
	// Written by the stream loop.
	Status       int
	Headers      Headers
	Body         []byte // the whole body, plain; nil for a stream
	Stream       bool   // server-sent events
	Folded       bool   // came as a stream, of which one answer is made: Body is that of the stream until then
	Origin       Origin
	Complete     bool // the end was seen
	AttemptCount int  // that Envoy made
	Unavailable  bool // Envoy's own reply: it could not ask Headgate about an attempt, or not in time

	// Written by the provider stage; by the stream loop of the answer of a stage, and of
	// a stream that the client's dialect cannot express.
	Unfinished bool         // there is no answer yet, or never will be: the provider is at it, or gave up
	Failed     bool         // an error in a 200 response: in a stream or a body, or an unreadable one
	Silent     bool         // of a stream of which one answer is made: nothing was said for too long
	Bomb       bool         // it was to unpack to far more than is taken
	SawEnd     bool         // a stream that carried its dialect's end of a whole answer
	TextBytes  int64        // bytes of generated text: of a stream what passed, of a JSON answer only if it reports no usage
	Texts      int64        // events of a stream that brought text
	Said       int64        // events of a stream that said something of the answer: no ping, comment or empty beginning
	Unreadable int64        // events of a stream that could not be read: the client did not get them
	End        End          // of the answer, as the provider says it; of several the first
	Fault      *canon.Fault // what the provider says of a failure, in its own words: not for rows; nil: nothing
	Error      *FaultSaid   // the same, fit for rows
	RequestID  string       // the provider's id of the request; empty: it named none
	Model      string       // that the provider says it served
	ID         string       // the provider's
	Translates bool         // the client's answer is written anew: the backend speaks another dialect
	Reader     StreamReader // of a stream
	Fold       Fold         // makes one answer of a stream, as it comes; nil: what is folded came whole

	Out Mutation // what leaves for the client

	decode    func(body []byte) (*canon.Response, error)
	canon     *canon.Response
	rewritten bool
	more      Waiting
	memory    Memory
}

// Memory counts what the bodies of an exchange hold.
type Memory interface {
	// Unpacked counts n bytes beside those that they were packed in.
	Unpacked(n int)
}

// StreamReader is the provider's end of a streamed answer. It notes in the exchange
// what the stream says of it. For one stream either Pass is used, or Feed and Next. Not
// for concurrent use.
type StreamReader interface {
	// Feed takes a piece, which must stay as it is until the next one.
	Feed(piece []byte, last bool) error
	// Next returns what the next frame of the piece says, and nil after the last.
	// The events hold until the next call, their texts until the next piece.
	Next() []canon.Event
	// Pass takes a piece and returns what a client of the same dialect gets of it:
	// the piece itself, but for events that the client must not see. Nothing is
	// decoded that need not be.
	Pass(piece []byte, last bool) ([]byte, error)
	// Whole returns once, after Pass has taken the end, what an answer says that came as a stream
	// and is none; nil otherwise.
	Whole() []canon.Event
	// Close releases what reading took.
	Close()
}

// Fold makes one answer of a stream, for a client that wants it whole. It is safe for
// concurrent use: what came so far is noted in the exchange when that ends, however it does.
type Fold interface {
	// Feed takes a piece. It returns false if no more is wanted: the end is there, or
	// something went wrong.
	Feed(piece []byte, last bool) bool
	// Held returns how many bytes of the stream came, plain.
	Held() int64
	// Said returns how many events have said something of the answer (Response.Said).
	Said() int64
	// Silence ends the answer: nothing was said for so long.
	Silence(time.Duration)
	// Note notes in the exchange what came, and who answers. No piece may follow.
	Note(*Exchange)
}

// Folds is a visit that makes answers of streams.
type Folds interface {
	// Fold begins the answer of a backend, of which the stream's headers are known; nil: it
	// cannot be made.
	Fold(backend, model string, headers Headers) Fold
}

// Holder is a visit that may hold back text of a stream.
type Holder interface {
	// Held returns how many bytes of it the visit holds now.
	Held() int
}

var errNoAnswer = errors.New("the response has no body that is read")

// Bind gives the response the clock that it may wait by, and what counts its memory.
func (r *Response) Bind(more Waiting, memory Memory) { r.more, r.memory = more, memory }

// Unpacked puts the plain body in the place of the packed one that came; nil: it cannot be unpacked.
func (r *Response) Unpacked(body []byte) {
	r.memory.Unpacked(len(body))
	r.Body = body
	r.Out.ReplaceBody(body)
}

// End says how an answer ended.
type End struct {
	Word   string // the provider's own, bounded; empty: it said none
	Finish canon.Finish
}

// NoteEnd notes the provider's word for an end, and what it means.
func (r *Response) NoteEnd(word scan.Value, f canon.Finish) {
	if r.End.Word == "" && f != canon.FinishUnset {
		r.End = End{Clip(canon.EndWord(word), MaxText), f}
	}
}

// Note notes an event of a stream that brought so many bytes of text.
func (r *Response) Note(text int64) {
	r.TextBytes += text
	r.Texts++
	r.Said++
}

// DecodeBy gives the response what reads its body.
func (r *Response) DecodeBy(decode func([]byte) (*canon.Response, error)) { r.decode = decode }

// Give makes the response one that was not read from a body.
func (r *Response) Give(answer *canon.Response) { r.canon, r.decode, r.rewritten = answer, nil, false }

// GiveAgain makes the response one that was given before.
func (r *Response) GiveAgain(answer *canon.Response, kept *Kept) {
	r.Body, r.canon, r.decode, r.rewritten = kept.Body, answer, kept.Decode, false
}

// Rewritten reports whether the body is not the one that came.
func (r *Response) Rewritten() bool { return r.rewritten }

// More asks for time, as Request.More does. Legal in the Response phase.
func (r *Response) More(ctx context.Context, d time.Duration) (context.Context, error) {
	return r.more.More(ctx, d)
}

// Canon returns a whole answer in the canonical form, which is decoded at the first
// question and must not be changed. Its texts alias the body. Legal in the Response
// phase, of a successful chat answer that is no stream.
func (r *Response) Canon() (*canon.Response, error) {
	switch {
	case r.canon != nil:
		return r.canon, nil
	case r.decode == nil:
		return nil, errNoAnswer
	}
	c, err := r.decode(r.Body)
	if err != nil {
		return nil, err
	}
	r.canon = c
	return c, nil
}

// Rewrite replaces texts of the canonical form, as Request.Rewrite does. Legal in the
// Response phase, of an answer that was read from a body.
func (r *Response) Rewrite(edits ...Edit) error {
	if r.decode == nil {
		return errNoAnswer
	}
	if _, err := r.Canon(); err != nil {
		return err
	}
	body, err := splice(r.Body, edits)
	if err != nil {
		return err
	}
	again, err := r.decode(body)
	if err != nil {
		return err
	}
	r.Body, r.canon, r.rewritten = body, again, true
	return nil
}
