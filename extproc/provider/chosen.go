package provider

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/exchange"
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
	attempts := a.ex.Attempts.List()
	fromEnvoy := resp.Origin == exchange.FromEnvoy
	unseen := max(resp.AttemptCount-len(attempts), 0)
	if len(attempts) == 0 {
		if fromEnvoy && resp.Status == 503 && !a.prepareFailed() && resp.Headers.Get(overloaded) == nil {
			return exhausted(a.ex.Model, nil, unseen)
		}
		return exchange.Verdict{}
	}
	last := answering(attempts, resp)
	if last.Status == 0 && !fromEnvoy {
		last.Status = resp.Status // its own stream had ended before the answer came
	}
	if fromEnvoy && resp.Status != 502 && resp.Status != 503 && !(resp.Status == 504 && a.ex.Request.Deadline == 0) {
		return exchange.Verdict{}
	}
	rejected := last.Answered() != resp.Status // a stage did not let it pass
	if last.Failed() || fromEnvoy || rejected {
		return exhausted(a.ex.Model, attempts, unseen)
	}
	a.target = a.pool.find(last.Backend, last.Model)
	a.secret = last.Secret
	a.ex.Dropped = last.Dropped
	r := &a.ex.Route
	r.Backend, r.Provider, r.Serves = last.Backend, last.Provider, last.Model
	return exchange.Verdict{}
}

// answering is the attempt that a response is of: the latest that was answered so, and
// otherwise the latest. The streams of attempts that follow each other at once may begin
// in either order.
func answering(attempts []exchange.Tried, resp *exchange.Response) *exchange.Tried {
	for i := len(attempts) - 1; i >= 0 && resp.Origin == exchange.FromProvider; i-- {
		if attempts[i].Answered() == resp.Status {
			return &attempts[i]
		}
	}
	return &attempts[len(attempts)-1]
}

// exhausted says to the client that every link was tried, what each said, and when
// the first of them wants to be asked again.
func exhausted(model string, attempts []exchange.Tried, unseen int) exchange.Verdict {
	v := exchange.Denied(503, exchange.ReasonExhausted, "")
	said := make([]string, 0, len(attempts)+1)
	for i := range attempts {
		a := &attempts[i]
		what := strconv.Itoa(a.Status)
		switch {
		case a.Status == 0:
			what = "no answer"
		case a.Fault != "":
			what += " " + string(a.Fault)
		case !a.Failed():
			what += " broken off"
		}
		said = append(said, a.Backend+"/"+a.Model+" "+what)
		if a.RetryAfter > 0 && (v.Retry == 0 || a.RetryAfter < v.Retry) {
			v.Retry = a.RetryAfter
		}
	}
	switch {
	case len(attempts) == 0 && unseen <= 1:
		said = append(said, "none has an address")
	case unseen > 0:
		said = append(said, unseenAttempts(unseen, len(attempts) > 0))
	}
	v.Message = fmt.Sprintf("Every backend of model %q failed: %s.", model, strings.Join(said, ", "))
	return v
}

// unseenAttempts reports attempts of which nothing but their number is known: Envoy
// found no endpoint for them, or got no connection.
func unseenAttempts(n int, further bool) string {
	what := "attempts"
	if n == 1 {
		what = "attempt"
	}
	if further {
		what = "further " + what
	}
	return fmt.Sprintf("%d %s found no backend in service or no connection", n, what)
}
