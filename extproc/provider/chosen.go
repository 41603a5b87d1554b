package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
)

// overloaded is the header by which Envoy says that a limit of its own was met.
const overloaded = "x-envoy-overloaded"

// choose finds out who answered for a pool of several backends, and refuses if all
// that could be tried have failed. Envoy may not report an attempt that got no
// connection: it counts all the same. An attempt that Headgate could not prepare, and
// Envoy's own limits, are not the backends' fault.
func (a *answer) choose(resp *exchange.Response) exchange.Verdict {
	if a.pool.single != nil {
		a.target, a.secret = a.pool.single, a.plan.secret
		return exchange.Verdict{}
	}
	if resp.Unavailable {
		return exchange.Verdict{}
	}
	attempts := a.ex.Attempts.List()
	fromEnvoy := resp.Origin == exchange.FromEnvoy
	unseen := max(resp.AttemptCount-len(attempts), 0)
	if len(attempts) == 0 {
		if fromEnvoy && resp.Status == 503 && !a.prepareFailed() && resp.Headers.Get(overloaded) == nil {
			return a.allFailed(nil, unseen)
		}
		return exchange.Verdict{}
	}
	answers := answering(attempts, resp)
	last := &attempts[answers]
	if last.Status == 0 && !fromEnvoy {
		last.Status = resp.Status // its own stream had ended before the answer came
	}
	if fromEnvoy && resp.Status != 502 && resp.Status != 503 && !(resp.Status == 504 && a.ex.Request.Deadline == 0) {
		return exchange.Verdict{}
	}
	rejected := last.Answered() != resp.Status // a stage did not let it pass
	if last.Failed() && !a.refusedTheirs(last) || fromEnvoy || rejected {
		resp.Error, resp.RequestID = last.Error, last.RequestID
		return a.allFailed(attempts, unseen)
	}
	a.ex.Attempts.NoteAnswers(answers)
	a.target = a.pool.find(last.Backend, last.Model)
	a.target.circuit.Observe(circuit.Observation{Began: last.Started, At: a.stage.now()}) // that was let pass unjudged
	a.secret = last.Secret
	a.ex.Dropped = last.Dropped
	r := &a.ex.Route
	r.Backend, r.Provider, r.Serves, r.Written = last.Backend, last.Provider, last.Model, last.Written
	return exchange.Verdict{}
}

// answering returns which attempt a response is of: the latest that was answered so, and
// otherwise the latest. The streams of attempts that follow each other at once may begin
// in either order.
func answering(attempts []exchange.Tried, resp *exchange.Response) int {
	for i := len(attempts) - 1; i >= 0 && resp.Origin == exchange.FromProvider; i-- {
		if attempts[i].Answered() == resp.Status {
			return i
		}
	}
	return len(attempts) - 1
}
