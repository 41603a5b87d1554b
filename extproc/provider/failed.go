package provider

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// allFailed says to the client that every link was tried, what each said, and when
// the first of them wants to be asked again. If all have said that their limit is reached,
// so is the chain's.
func (a *answer) allFailed(attempts []exchange.Tried, unseen int) exchange.Verdict {
	v := exchange.Denied(503, exchange.ReasonExhausted, "")
	if a.limited(attempts) {
		v.Status = 429
	}
	said := make([]string, 0, len(attempts)+1)
	for i := range attempts {
		at := &attempts[i]
		said = append(said, linkName(at.Backend, at.Model)+" "+saidBy(at))
		if wait := a.waitFor(at); wait > 0 && (v.Retry == 0 || wait < v.Retry) {
			v.Retry = wait
		}
	}
	said, v.Retry = a.leftAlone(attempts, said, v.Retry)
	switch {
	case len(attempts) == 0 && unseen <= 1:
		said = append(said, "none has an address")
	case unseen > 0:
		said = append(said, unseenAttempts(unseen, len(attempts) > 0))
	}
	v.Message = fmt.Sprintf("Every backend of model %q failed: %s.", a.ex.Model, strings.Join(said, ", "))
	return v
}

// linkName names a link as clients read names of ours, which is in quotes.
func linkName(backend, model string) string { return strconv.Quote(backend + "/" + model) }

// limited reports whether the limit of every backend that can serve the request is reached,
// as it said itself, or as is known of those that were not asked.
func (p *plan) limited(attempts []exchange.Tried) bool {
	for _, t := range p.pool.targets {
		latest := 0
		for i := range attempts {
			if attempts[i].Backend == t.backend.Name && attempts[i].Model == t.model {
				latest = attempts[i].Status
			}
		}
		if p.supporting&(1<<t.class) != 0 && latest != 429 && p.asked(t) && !p.pool.leaves(t, p.stage.now()) {
			return false
		}
	}
	return true
}

// leftAlone adds the backends that were not asked because a limit of theirs is reached, and
// shortens the wait to theirs.
func (a *answer) leftAlone(attempts []exchange.Tried, said []string, retry time.Duration) ([]string, time.Duration) {
	now := a.stage.now()
	for _, t := range a.pool.targets {
		tried := slices.ContainsFunc(attempts, func(at exchange.Tried) bool { return at.Backend == t.backend.Name && at.Model == t.model })
		if tried || a.supporting&(1<<t.class) == 0 || a.asked(t) && !a.pool.leaves(t, now) {
			continue
		}
		said = append(said, linkName(t.backend.Name, t.model)+" not asked: its limit is reached")
		if wait, named := t.circuit.Named(now); named && (retry == 0 || wait < retry) {
			retry = max(wait, time.Millisecond)
		}
	}
	return said, retry
}

// saidBy is what came of an attempt.
func saidBy(at *exchange.Tried) string {
	switch {
	case at.Status == 0:
		return "no answer"
	case at.Fault != "":
		return strconv.Itoa(at.Status) + " " + string(at.Fault)
	case !at.Failed():
		return strconv.Itoa(at.Status) + " broken off"
	}
	return strconv.Itoa(at.Status)
}

// waitFor is how long a backend still wants to be left alone; 0: it did not say.
func (a *answer) waitFor(at *exchange.Tried) time.Duration {
	if at.RetryAfter == 0 {
		return 0
	}
	return max(at.RetryAfter-a.plan.stage.now().Sub(at.Decided), time.Millisecond)
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
