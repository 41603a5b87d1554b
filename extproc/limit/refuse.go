package limit

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/policy/price"
)

// refuse words the refusal of a claim: of all the limits that did not suffice, the one that will
// longest not.
func (v *visit) refuse() exchange.Verdict {
	worst := -1
	for i, b := range v.bounds {
		switch {
		case !v.balances[i].Over || b.Shadow:
		case v.never(i):
			return v.deny(i, v.neverFits(i))
		case worst < 0 || v.balances[i].Wait > v.balances[worst].Wait:
			worst = i
		}
	}
	return v.deny(worst, v.notNow(worst))
}

// never reports whether a limit never suffices for the request.
func (v *visit) never(i int) bool { return v.claim.Limits[i].Amount > v.bounds[i].Max }

// deny completes the refusal by a limit with what is left of the others.
func (v *visit) deny(i int, d exchange.Verdict) exchange.Verdict {
	v.ex.Limit.Refused = v.bounds[i].text()
	d.Headers = v.list()
	return d
}

// notNow refuses until there is enough again.
func (v *visit) notNow(i int) exchange.Verdict {
	b, left := v.bounds[i], &v.balances[i]
	d := exchange.Verdict{Action: exchange.Deny, Status: 429, Reason: exchange.ReasonLimit, Retry: max(left.Wait, time.Millisecond)}
	wait := roundUp(left.Wait)
	switch b.unit {
	case requests:
		d.Type = "requests"
		d.Message = fmt.Sprintf("Rate limit reached for %s: %d requests per minute. Try again in %s.", b.whose(), b.Max, wait)
	case tokens:
		d.Type = "tokens"
		d.Message = fmt.Sprintf("Rate limit reached for %s: %d tokens per minute, %d left; this request is estimated at %d. Try again in %s.",
			b.whose(), b.Max, max(left.Left, 0), v.estimate.tokens(), wait)
	default:
		d.Type, d.Reason = "insufficient_quota", exchange.ReasonBudget
		d.Message = fmt.Sprintf("The budget of %s is used up: %s USD per %s, %s USD left; this request is estimated at %s USD. It begins anew at %s.",
			b.whose(), price.FormatNano(b.Max), b.unit.window(), price.FormatNano(max(left.Left, 0)), price.FormatNano(v.estimate.nano), b.Until.Format(time.RFC3339))
	}
	return d
}

// neverFits refuses for good: waiting does not help.
func (v *visit) neverFits(i int) exchange.Verdict {
	b, e := v.bounds[i], &v.estimate
	d := exchange.Denied(400, exchange.ReasonNeverFits, "")
	if v.ex.Dialect == "anthropic" {
		d.Status = 413
	}
	parts := fmt.Sprintf("%d of input and %d of output", e.input, e.output)
	if b.unit == tokens {
		d.Message = fmt.Sprintf("The request is estimated at %d tokens (%s): %s allows %d per minute. Shorten it, or lower the limit of its output.",
			e.tokens(), parts, b.whose(), b.Max)
	} else {
		d.Message = fmt.Sprintf("The request is estimated at %s USD (%s tokens): %s allows %s USD per %s. Shorten it, or lower the limit of its output.",
			price.FormatNano(e.nano), parts, b.whose(), price.FormatNano(b.Max), b.unit.window())
	}
	return d
}

// unpriced refuses what cannot be held to a budget.
func (v *visit) unpriced(b *bound) exchange.Verdict {
	v.ex.Limit.Refused = b.text()
	d := exchange.Denied(403, exchange.ReasonUnpriced, fmt.Sprintf("The model %s has no price, so it cannot be used within the budget of %s. The operator of this gateway can set one.", v.ex.Name, b.whose()))
	d.Param = "model"
	return d
}

// unknownTier refuses a caller whose bounds are not known: it is not without any.
func (v *visit) unknownTier() exchange.Verdict {
	of := "key"
	if v.ex.Caller.Hop {
		of = "caller"
	}
	return exchange.Denied(403, exchange.ReasonTier, fmt.Sprintf("The tier %q of this %s is not in the policy of this gateway.", v.ex.Caller.Tier, of))
}

// lost refuses while balances cannot be known, unless nothing would be refused by them.
func (v *visit) lost() exchange.Verdict {
	v.stage.kind.metrics.lost.WithLabelValues("claim").Inc()
	shadows := !slices.ContainsFunc(v.claim.Limits, func(l ledger.Limit) bool { return !l.Shadow })
	v.bounds = nil
	if shadows {
		return exchange.Verdict{}
	}
	d := exchange.Denied(503, exchange.ReasonLimitsLost, "The gateway cannot find out what is left of your quota. Try again.")
	d.Retry = time.Second
	return d
}

// whose names the owner of a bound to its caller.
func (b *bound) whose() string { return string(b.owner) + " " + strconv.Quote(b.name) }

// text names a bound in the record.
func (b *bound) text() string { return string(b.owner) + " " + b.name + " " + unitNames[b.unit] }

// window is the time that a budget is for.
func (u unit) window() string {
	if u == perDay {
		return "day"
	}
	return "month"
}

// roundUp is a wait as a person reads it.
func roundUp(d time.Duration) time.Duration {
	step := time.Millisecond
	if d > 10*time.Second {
		step = time.Second
	}
	return (d + step - 1) / step * step
}
