package record

import (
	"net/http"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// addSingle adds the attempt at the only backend of a pool, if the request has left for it. What
// became of it follows from how the exchange ended: see closeSingle.
func addSingle(r *policypb.Row, ex *exchange.Exchange) {
	left := ex.Single.Left
	if !ex.Route.Single || left.IsZero() {
		return
	}
	memory := &struct { // every exchange needs it: one allocation
		attempt policypb.Attempt
		list    [1]*policypb.Attempt
		first   int64
	}{}
	a := &memory.attempt
	a.Backend, a.Provider, a.Model, a.Single = ex.Route.Backend, ex.Route.Provider, ex.Route.Serves, true
	a.BeganNanos, a.DurationNanos, a.TotalNanos = between(ex.Started, left), between(left, ex.Ended), between(left, ex.Ended)
	if ex.Route.Written != a.Model {
		a.Written = ex.Route.Written
	}
	if !ex.Single.Answered.IsZero() {
		a.DurationNanos = between(left, ex.Single.Answered)
	}
	if ex.Response.Origin == exchange.FromProvider && ex.Response.Status >= 400 {
		a.RetryAfterNanos = exchange.RetryAfter(ex.Response.Headers, ex.Ended).Nanoseconds()
	}
	if !ex.FirstToken.IsZero() {
		memory.first = between(left, ex.FirstToken)
		a.FirstTokenNanos = &memory.first
	}
	memory.list[0] = a
	r.Tried = memory.list[:]
}

// closeSingle completes the attempt at the only backend of a pool once it is known how its exchange
// ended, as the row of a chain has it of each attempt. If Envoy made none there is none.
func closeSingle(r *policypb.Row) {
	if len(r.Tried) != 1 || !r.Tried[0].Single {
		return
	}
	if r.Attempts == 0 || exchange.Result(r.Outcome) == exchange.NoHealthyBackend {
		r.Tried = nil
		return
	}
	a, t := r.Tried[0], lone(r)
	a.Status, a.Failed = int32(t.status), t.failure.ofBackend()
	if t.status != http.StatusOK {
		return
	}
	switch f := exchange.Fault(t.failure); f {
	case exchange.FaultSilent, exchange.FaultError, exchange.FaultUnreadable:
		a.Fault = string(f)
	case exchange.FaultOverloaded, exchange.FaultRefused, exchange.FaultEmpty, exchange.FaultTooLong:
	}
}
