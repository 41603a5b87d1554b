package extproc

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// longestWait is how long SDKs may wait by themselves. A longer retry-after the Python SDKs
// replace by half a second, and Anthropic's for Go keeps its caller waiting.
const longestWait = time.Minute

// retryHeaders say to SDKs whether and when to try again. A refusal of the gateway's own is
// tried again only if it says when; of a provider's error the provider decides, unless the
// wait is too long.
func retryHeaders(resp *exchange.Response, v *exchange.Verdict) {
	m := &resp.Out
	if v.Retry > 0 {
		m.SetHeader("retry-after", strconv.FormatInt(int64((v.Retry+time.Second-1)/time.Second), 10))
		m.SetHeader("retry-after-ms", strconv.FormatInt(int64((v.Retry+time.Millisecond-1)/time.Millisecond), 10))
	}
	switch {
	case v.Retry > longestWait, v.Retry == 0 && !passedOn(v.Reason):
		m.SetHeader(policy.ShouldRetryHeader, "false")
	case !passedOn(v.Reason) && resp.Headers.Get(policy.ShouldRetryHeader) != nil:
		m.Remove = append(m.Remove, policy.ShouldRetryHeader) // it speaks of one backend
	}
}

// limitWait keeps SDKs from waiting for too long after an error that passes as it came.
func (r *run) limitWait() {
	resp := &r.ex.Response
	if resp.Status >= 400 && r.ex.Replaced.Action == exchange.Pass && exchange.RetryAfter(resp.Headers, r.now()) > longestWait {
		resp.Out.SetHeader(policy.ShouldRetryHeader, "false")
	}
}

// passedOn reports whether a refusal is a provider's error in other words.
func passedOn(r exchange.Reason) bool {
	return r == exchange.ReasonProviderError || r == exchange.ReasonProviderLimit || r == exchange.ReasonProviderRefused
}
