package exchange

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/canon"
)

// A Stage takes part in exchanges. One Stage serves all exchanges of one policy and
// must be safe for concurrent use; what it remembers about one exchange lives in the
// Visit that it returns.
//
// Requests and attempts go down the list of stages. Answered, Response, Events and End
// go up it, from the stage that the request reached, like deferred calls. So a stage
// below one that refused or answered sees nothing of the exchange. The first stage sees
// every exchange from the moment its stream opens.
type Stage interface {
	Name() string
	// Phases says which phases of an exchange the stage takes part in. It is asked
	// once per policy: a phase that is not named costs nothing.
	Phases() Phases
	// Join begins a visit as the request reaches the stage.
	Join(*Exchange) Visit
}

// Phases is a set of phases.
type Phases uint8

// The phases of an exchange, each named by the method of a Visit.
const (
	OnRequest Phases = 1 << iota
	OnAttempt
	OnAnswered
	OnResponse
	OnEvents
	OnEnd
	OnHeaders
)

// NumPhases is how many phases there are.
const NumPhases = 7

// A Visit is a stage's share of one exchange. It embeds Idle and writes the methods of
// the phases that its stage names.
//
// The calls of one visit never overlap, but for Attempt and Answered: those come on
// goroutines of their own, also at the same time, and may still run when End does.
// What they share with the rest of the visit must be behind one lock.
//
// An error fails the exchange closed: it means a fault of Headgate's, never the
// client's or the provider's, for which there are verdicts.
type Visit interface {
	// Headers sees a request before its body has come: of it, nothing is known but its
	// headers and what they ask for. A denial spares Envoy the body.
	Headers(context.Context, *Request) (Verdict, error)
	// Request sees the whole request. It may take as long as Request.More grants.
	Request(context.Context, *Request) (Verdict, error)
	// Attempt prepares one try at a backend that is known. The last stage signs.
	// An error says that the attempt must not be made.
	Attempt(context.Context, *Attempt) error
	// Answered judges the answer to a try of a pool with several backends: at its
	// headers, and if the pool judges by content again with each piece until it is
	// decided. A pool of one backend has nothing to choose from: its only
	// answer goes to Response.
	Answered(context.Context, *Attempt) (Judgement, error)
	// Response sees a whole JSON answer, or the headers of a stream. It also runs
	// for what no provider answered: Envoy's own replies, refusals, and answers of
	// stages below (Response.Origin).
	Response(context.Context, *Response) (Verdict, error)
	// Events sees what a stream says, message by message, and emits what goes on:
	// what it does not emit is held back. A visit that does not want events sees
	// only the one that ends the stream, EventDone or EventFailed. One that may
	// speak is also called without events: as the stream begins, and when the time
	// that Verdict.Wake asked for has passed. What is held back is to be emitted
	// before the end event, and on EventFailed not at all.
	Events(context.Context, []canon.Event, Emit) (Verdict, error)
	// End closes the visit. It must not block.
	End(Outcome)
	// Wants says what the visit needs of a stream. It is asked at its headers,
	// after Response.
	Wants() Wants
}

// Emit hands an event on to the next stage up, or to the client.
type Emit func(*canon.Event)

// Wants is what a visit needs of a stream of events.
type Wants struct {
	Events bool // every event, not only the one that ends the stream
	Speak  bool // to emit events that it was not given, while the provider is silent
	Cut    bool // to end the stream before the provider does, whose request Envoy then cancels
}

// Idle takes part in no phase.
type Idle struct{}

// Headers implements Visit.
func (Idle) Headers(context.Context, *Request) (Verdict, error) { return Verdict{}, nil }

// Request implements Visit.
func (Idle) Request(context.Context, *Request) (Verdict, error) { return Verdict{}, nil }

// Attempt implements Visit.
func (Idle) Attempt(context.Context, *Attempt) error { return nil }

// Answered implements Visit.
func (Idle) Answered(context.Context, *Attempt) (Judgement, error) { return Judgement{}, nil }

// Response implements Visit.
func (Idle) Response(context.Context, *Response) (Verdict, error) { return Verdict{}, nil }

// Events implements Visit.
func (Idle) Events(_ context.Context, events []canon.Event, emit Emit) (Verdict, error) {
	for i := range events {
		emit(&events[i])
	}
	return Verdict{}, nil
}

// End implements Visit.
func (Idle) End(Outcome) {}

// Wants implements Visit.
func (Idle) Wants() Wants { return Wants{} }

// Judgement is what a visit makes of the answer to a try. The zero Judgement lets it
// pass.
type Judgement struct {
	// Undecided waits until more of the answer has come. It counts only if the pool
	// judges by content (Attempt.ByContent); otherwise it lets the answer pass.
	Undecided bool
	// Wake is how long an undecided visit waits for more until it is asked again
	// without; 0: as long as the attempt may take.
	Wake time.Duration
	// Status is what Envoy gets in place of the answer's own; 0: its own. Envoy
	// retries a 5xx on the same link and a 429 on the next one.
	Status int
	// Degrade has Envoy use the endpoint last for a while.
	Degrade bool
	// Fit names the backends that the exchange's later attempts may go to, in place of
	// Degrade where Envoy takes it; empty: it says nothing.
	Fit string
	// Again has the attempt tried again with its status, in turn: nobody is at fault.
	Again bool
	// Fault says why, if the answer's own status does not.
	Fault Fault
}

// Changes reports whether Envoy is told anything but to let the answer pass.
func (j *Judgement) Changes() bool { return j.Status != 0 || j.Degrade || j.Again || j.Fit != "" }
