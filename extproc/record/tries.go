package record

import (
	"cmp"
	"net/http"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// failure is why an attempt brought its client no answer. It is a closed set, also a metric label.
type failure string

// The failures of attempts, beside those that were found in an answer (exchange.Fault).
const (
	answered      failure = ""               // with an answer, or with what is the client's own fault
	failedStatus  failure = "status"         // the status says all
	failedLimit   failure = "limited"        // 429: a limit is reached
	failedLoad    failure = "overloaded"     // 529, or an error that says so: the backend cannot take more now
	failedKey     failure = "refused_key"    // 401, 402, 403: the gateway's credential
	failedError   failure = "error"          // an error in the body of a success
	failedUnread  failure = "unreadable"     // not what the dialect promises
	failedSilence failure = "silent"         // nothing came for too long after the headers
	failedCut     failure = "cut"            // the answer broke off
	failedTimeout failure = "timeout"        // no headers in an attempt's time
	failedTotal   failure = "deadline"       // no time was left for the exchange
	failedConnect failure = "connect_failed" // no connection
	failedAddress failure = "no_address"     // no endpoint of the pool is known
	noAnswer      failure = "no_answer"      // one of the four above, or a reset: Envoy does not say which
	triedAgain    failure = "tried_again"    // of a pool of one, which Envoy tries again without a word of why
	clientLeft    failure = "client_left"    // before anything came: no failure of the backend's
	gatewayFailed failure = "gateway"        // Envoy or Headgate failed: no failure of the backend's
)

// ofBackend reports whether the backend is at fault, or what the policy says of it. One that a
// request is too long for is not.
func (f failure) ofBackend() bool {
	switch f {
	case answered, clientLeft, gatewayFailed, failure(exchange.FaultTooLong):
		return false
	default:
		return true
	}
}

// try is one attempt at a backend, as metrics and the log have it.
type try struct {
	backend string // empty: Envoy found none
	model   string // at the backend, as the policy writes it
	status  int    // of the backend's; 0: no headers came
	failure failure
}

// tries adds the attempts of a row, in their order.
func tries(to []try, r *policypb.Row) []try {
	switch n := len(r.Tried); {
	case r.Attempts == 0, given(r):
		return to
	case n == 0 && r.Backend != "", n == 1 && r.Tried[0].Single:
		for range r.Attempts - 1 {
			to = append(to, try{r.Backend, r.Written, 0, triedAgain})
		}
		return append(to, lone(r))
	}
	for i, a := range r.Tried {
		to = append(to, try{a.Backend, cmp.Or(a.Written, a.Model), int(a.Status), failureOf(a)})
		if i == len(r.Tried)-1 {
			to[len(to)-1].end(r)
		}
	}
	for range int(r.Attempts) - len(r.Tried) {
		to = append(to, try{failure: noAnswer})
	}
	return to
}

// end adds to the last attempt of a chain what the end of its exchange says of it.
func (t *try) end(r *policypb.Row) {
	if t.failure != answered && t.failure != noAnswer {
		return
	}
	t.failure = ending(r, t.status != 0)
	if t.failure == answered {
		t.status = cmp.Or(t.status, int(r.Status)) // its own stream had ended before the answer came
	}
}

// failureOf is why an attempt was given up.
func failureOf(a *policypb.Attempt) failure {
	switch {
	case a.Fault != "":
		return failure(a.Fault)
	case a.Status == 0 && a.Failed:
		return noAnswer
	case a.Failed && a.Status < 300:
		return failedCut
	case a.Failed:
		return failureOfStatus(int(a.Status))
	}
	return answered
}

// failureOfStatus is what a status says that no client is at fault for.
func failureOfStatus(status int) failure {
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		return failedKey
	case http.StatusTooManyRequests:
		return failedLimit
	case statusOverloaded:
		return failedLoad
	}
	return failedStatus
}

// lone is the last attempt of a pool of one, of which the row alone says how it ended.
func lone(r *policypb.Row) try {
	t := try{backend: r.Backend, model: r.Written, status: int(r.Status)}
	began := r.Stream || r.FirstTokenNanos != nil
	t.failure = ending(r, began)
	switch {
	case r.Error != nil:
		t.status = int(r.Error.Status)
	case began, exchange.Reason(r.Reason) == exchange.ReasonUnprocessable:
		t.status = http.StatusOK
	case t.failure != answered && t.failure != failedKey && t.failure != failedLimit && t.failure != failedLoad && t.failure != failedStatus:
		t.status = 0
	}
	return t
}

// ending is why the last attempt of an exchange brought no answer, by how that ended. The answer had
// begun, or not.
func ending(r *policypb.Row, began bool) failure {
	switch exchange.Result(r.Outcome) {
	case exchange.Cancelled:
		if began {
			return answered
		}
		return clientLeft
	case exchange.GatewayError, exchange.Drained:
		return gatewayFailed
	case exchange.ProviderRefusedKey:
		return failedKey
	case exchange.ProviderRateLimited:
		return failedLimit
	case exchange.ProviderError:
		return providersError(r)
	case exchange.Cut, exchange.IdleTimeout:
		return brokenOff(r)
	case exchange.Timeout:
		return failedTimeout
	case exchange.Deadline:
		return failedTotal
	case exchange.ConnectFailed:
		return failedConnect
	case exchange.NoHealthyBackend:
		return failedAddress
	case exchange.Exhausted:
		return noAnswer
	case exchange.OK, exchange.ClientError, exchange.Blocked:
	}
	return answered
}

// providersError is what an error of the provider's was.
func providersError(r *policypb.Row) failure {
	switch {
	case exchange.Reason(r.Reason) == exchange.ReasonUnprocessable:
		return failedUnread
	case r.Error.GetStatus() >= 400:
		return failureOfStatus(int(r.Error.Status))
	case r.Error == nil && r.Status >= 400 && r.Reason == "":
		return failureOfStatus(int(r.Status))
	}
	return failedError
}

// brokenOff is why an answer did not go on, if that was the backend's fault.
func brokenOff(r *policypb.Row) failure {
	switch {
	case exchange.Party(r.By) == exchange.ByClient, exchange.Party(r.By) == exchange.ByGateway:
		return answered
	case exchange.Result(r.Outcome) == exchange.IdleTimeout:
		return failedSilence
	}
	return failedCut
}
