package extproc

//go:generate go run ./outcomegen README.md

import (
	"fmt"

	"github.com/headgate/headgate/extproc/exchange"
)

// done reports whether nothing more can come that matters: the answer's end was
// seen, or Headgate gave the answer itself.
func (r *run) done() bool { return r.sentImmediate || r.ex.Response.Complete }

// outcome judges the ending by what the stream showed. If the answer's end was not
// seen it is only a guess, which Envoy's account replaces.
func (r *run) outcome() exchange.Outcome {
	ex := &r.ex
	resp := &ex.Response
	switch {
	case r.overdue != "":
		return exchange.Outcome{Result: r.overdue, By: exchange.ByProvider}
	case ex.Replaced.Action == exchange.Deny && ex.Replaced.Reason.ByGuard():
		return exchange.Outcome{Result: exchange.Blocked, By: exchange.ByProvider, Detail: refusingGuard(ex, true)}
	case ex.Refused.Action == exchange.Deny && ex.Refused.Reason.ByGuard():
		return exchange.Outcome{Result: exchange.Blocked, By: exchange.ByClient, Detail: refusingGuard(ex, false)}
	case r.events != nil && (r.events.cut || ex.Replaced.Action == exchange.Deny):
		return exchange.Outcome{Result: exchange.Cut, By: exchange.ByGateway, Detail: string(ex.Replaced.Reason)}
	case ex.Replaced.Reason == exchange.ReasonExhausted && resp.AttemptCount <= 1 && len(ex.Attempts.List()) == 0:
		return exchange.Outcome{Result: exchange.NoHealthyBackend, By: exchange.ByProvider}
	case ex.Replaced.Reason == exchange.ReasonExhausted && ex.Replaced.Status == 429:
		return exchange.Outcome{Result: exchange.ProviderRateLimited, By: exchange.ByProvider}
	case ex.Replaced.Reason == exchange.ReasonExhausted:
		return exchange.Outcome{Result: exchange.Exhausted, By: exchange.ByProvider}
	case r.sentImmediate && ex.Replaced.Action == exchange.Deny:
		return outcomeOfRefusal(ex.Replaced.Status)
	case ex.Refused.Action == exchange.Deny:
		o := outcomeOfRefusal(ex.Refused.Status)
		o.Detail = ex.Limit.Refused
		return o
	case r.sentImmediate:
		return exchange.Outcome{Result: exchange.OK}
	case r.silent && !resp.Complete, resp.Silent:
		return exchange.Outcome{Result: exchange.IdleTimeout, By: exchange.ByProvider}
	case !resp.Complete && resp.Stream && resp.SawEnd && !resp.Failed:
		return whole(resp) // trailers came, which ext_proc is not shown
	case !resp.Complete:
		return exchange.Outcome{Result: exchange.Cut, By: exchange.ByUnknown}
	case resp.Folded && !resp.SawEnd && !resp.Failed:
		return exchange.Outcome{Result: exchange.Cut, By: exchange.ByProvider, Detail: withoutEnd}
	case ex.Replaced.Reason == exchange.ReasonAnswerTooLarge:
		return exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider, Detail: "the answer is too long"}
	case r.deniedGoodAnswer():
		return outcomeOfRefusal(ex.Replaced.Status)
	case resp.Origin == exchange.FromStage:
		return exchange.Outcome{Result: exchange.OK}
	case resp.Unavailable:
		return exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway}
	case resp.Origin == exchange.FromEnvoy:
		return outcomeOfLocalReply(resp.Status)
	case ex.Replaced.Reason == exchange.ReasonCredential:
		return exchange.Outcome{Result: exchange.ProviderRefusedKey, By: exchange.ByGateway}
	case resp.Failed:
		return exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider, Detail: unreadable(resp)}
	case resp.Stream && !resp.SawEnd:
		return exchange.Outcome{Result: exchange.Cut, By: exchange.ByProvider, Detail: withoutEnd}
	}
	if resp.Status < 400 {
		return whole(resp)
	}
	if o := outcomeOfStatus(resp.Status); o.Result != exchange.ProviderRefusedKey || !ex.Theirs {
		return o
	}
	return outcomeOfRefusal(resp.Status) // the credential was the client's own
}

// refusingGuard names the guard that refused a request or what came back; empty: none is known.
func refusingGuard(ex *exchange.Exchange, output bool) string {
	for i := range ex.Guards {
		g := &ex.Guards[i]
		refused := g.Result == exchange.GuardDenied || g.Result == exchange.GuardCut
		if refused && g.Mode == exchange.Enforce && g.Output == output {
			return "guard " + g.Guard
		}
	}
	return ""
}

// withoutEnd says why a stream is a cut although its bytes ended well.
const withoutEnd = "the stream ended without its end marker"

// whole is the outcome of an answer that the client got, without what could not be read.
func whole(resp *exchange.Response) exchange.Outcome {
	if resp.Unreadable == 0 {
		return exchange.Outcome{Result: exchange.OK}
	}
	return exchange.Outcome{Result: exchange.OK, By: exchange.ByProvider, Detail: unreadable(resp)}
}

// unreadable counts what of a stream could not be read; empty: nothing.
func unreadable(resp *exchange.Response) string {
	if resp.Unreadable == 0 {
		return ""
	}
	return fmt.Sprintf("events of the stream that could not be read: %d", resp.Unreadable)
}

// deniedGoodAnswer reports whether a stage refused an answer that was good as it came.
func (r *run) deniedGoodAnswer() bool {
	return r.ex.Replaced.Action == exchange.Deny && r.ex.Response.Status < 400 && !r.ex.Response.Failed
}

// outcomeOfRefusal judges a refusal of Headgate's by its status.
func outcomeOfRefusal(status int) exchange.Outcome {
	if status >= 500 {
		return exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway}
	}
	return exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}
}

// outcomeOfStatus judges a provider's whole error by its status.
func outcomeOfStatus(status int) exchange.Outcome {
	switch {
	case status == 401 || status == 402 || status == 403:
		return exchange.Outcome{Result: exchange.ProviderRefusedKey, By: exchange.ByGateway}
	case status == 429:
		return exchange.Outcome{Result: exchange.ProviderRateLimited, By: exchange.ByProvider}
	case status == 408 || status >= 500:
		return exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider}
	}
	return exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}
}

// outcomeOfLocalReply guesses why Envoy answered itself, until its own account comes.
func outcomeOfLocalReply(status int) exchange.Outcome {
	switch status {
	case 408: // the request did not arrive in time
		return exchange.Outcome{Result: exchange.IdleTimeout, By: exchange.ByClient}
	case 413:
		return exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}
	case 504:
		return exchange.Outcome{Result: exchange.Timeout, By: exchange.ByProvider}
	case 502, 503:
		return exchange.Outcome{Result: exchange.ConnectFailed, By: exchange.ByUnknown}
	}
	return exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway}
}
