package record

import (
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// Ending is Envoy's own account of how an exchange ended, from its access log.
type Ending struct {
	Exchange     string // empty: ext_proc could not name it to Envoy
	Request      string // Envoy's own id of the request; empty: it was none that Envoy could read
	Seen         bool   // ext_proc has answered Envoy about the request
	Code         int    // HTTP status that the client got; 0: none
	Flags        string // Envoy's response flags, comma separated: "DC", "UF,URX"
	Details      string // Envoy's response code details
	Route        string // that was chosen last
	AttemptCount int
	Received     bool          // the whole request had arrived
	Asked        bool          // a provider had got the whole request
	Answered     bool          // a provider had begun to answer
	Unread       bool          // bytes of the answer wait for the client to take them
	RetryAfter   time.Duration // that the client was given; 0: none

	// Of a request about which ext_proc has not answered Envoy.
	Began        time.Time
	Took         time.Duration
	Dialect      string
	Operation    exchange.Operation
	Asking       Asking
	RequestBytes int64
}

// RequestHeader has Envoy's own id of a request, which no client can choose.
const RequestHeader = "x-request-id"

// has reports whether a flag is set.
func (e *Ending) has(flag string) bool {
	for f := range strings.SplitSeq(e.Flags, ",") {
		if f == flag {
			return true
		}
	}
	return false
}

// Silent reports whether the exchange ended because nothing moved on for too long.
func (e *Ending) Silent() bool { return e.has("SI") || e.Details == SilentDetails }

// billed reports whether a provider may bill for an exchange that ended so although nothing of its
// answer was read: it had begun to answer, or was at work when its time was over or the client left.
func (e *Ending) billed(o exchange.Outcome) bool {
	switch o.Result {
	case exchange.Timeout, exchange.Deadline, exchange.Cancelled:
		return e.Asked || e.Answered
	default:
		return e.Answered
	}
}

// SilentDetails are Envoy's words for a stream that Headgate cut because it fell silent.
const SilentDetails = "headgate_idle_timeout"

// UnfinishedDetails are Envoy's words for a stream that Headgate cut because its bytes ended
// well although its answer did not.
const UnfinishedDetails = "headgate_unfinished_stream"

// rule maps Envoy's words to an outcome. The first rule that holds counts.
type rule struct {
	flag   string
	detail string // prefix of the details
	result exchange.Result
	by     exchange.Party
}

// rules reads Envoy's flags and details. Details come first if a flag alone
// is ambiguous: UT stands for three different clocks.
var rules = []rule{
	{"", "ext_proc", exchange.GatewayError, exchange.ByGateway},
	{"", "mismatch_between_content_length", exchange.GatewayError, exchange.ByGateway},
	{"", "request_overall_timeout", exchange.IdleTimeout, exchange.ByClient},
	{"", "request_header_timeout", exchange.IdleTimeout, exchange.ByClient},
	{"", "request_payload_too_large", exchange.ClientError, exchange.ByClient},
	{"", "response_payload_too_large", exchange.ProviderError, exchange.ByProvider},
	{"", SilentDetails, exchange.IdleTimeout, exchange.ByProvider},
	{"", UnfinishedDetails, exchange.Cut, exchange.ByProvider},
	{"", "upstream_per_try_idle_timeout", exchange.IdleTimeout, exchange.ByProvider},
	{"", "upstream_per_try_timeout", exchange.Timeout, exchange.ByProvider},
	{"", "response_timeout", exchange.Deadline, exchange.ByProvider},
	{"", "upstream_response_timeout", exchange.Deadline, exchange.ByProvider},
	{"", "max_duration_timeout", exchange.Deadline, exchange.ByProvider},
	{"DT", "", exchange.Deadline, exchange.ByProvider},
	{"DC", "", exchange.Cancelled, exchange.ByClient},
	{"DPE", "", exchange.ClientError, exchange.ByClient},
	{"UT", "", exchange.Timeout, exchange.ByProvider},
	{"UF", "", exchange.ConnectFailed, exchange.ByProvider},
	{"UPE", "", exchange.Cut, exchange.ByProvider},
	{"UR", "", exchange.Cut, exchange.ByProvider},
	{"UC", "", exchange.Cut, exchange.ByProvider},
	{"LR", "", exchange.GatewayError, exchange.ByGateway},
	{"UO", "", exchange.GatewayError, exchange.ByGateway},
	{"NR", "", exchange.GatewayError, exchange.ByGateway},
	{"NC", "", exchange.GatewayError, exchange.ByGateway},
	{"RLSE", "", exchange.GatewayError, exchange.ByGateway},
}

// outcome reads an ending. What was known before is kept if Envoy's words are
// unknown here.
func (e *Ending) outcome(before exchange.Outcome) exchange.Outcome {
	detail := strings.Trim(e.Flags+" "+e.Details, " ")
	switch {
	case before.Result == exchange.Drained:
		return before // Envoy saw the cut, and not why
	case e.has("UH"):
		switch e.Route {
		case policy.UnroutedRoute, policy.UnroutedLarge, policy.UnroutedUnsaid, policy.UnroutedPacked, "":
			return exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway, Detail: detail}
		}
		return exchange.Outcome{Result: exchange.NoHealthyBackend, By: exchange.ByProvider, Detail: detail}
	case e.has("SI") && !(e.has("UT") && e.has("URX")): // both clocks may have run out, the attempt's first
		by := exchange.ByClient
		if e.Received && !e.Unread {
			by = exchange.ByProvider
		}
		return exchange.Outcome{Result: exchange.IdleTimeout, By: by, Detail: detail}
	case e.Silent() && e.Unread:
		return exchange.Outcome{Result: exchange.IdleTimeout, By: exchange.ByClient, Detail: detail}
	}
	if (before.Result == exchange.OK || before.Result == exchange.Blocked) && e.has("DC") {
		return before // the end of a whole stream, or a refusal, had gone out: SDKs hang up on it
	}
	for _, r := range rules {
		if r.flag != "" && e.has(r.flag) || r.detail != "" && strings.HasPrefix(e.Details, r.detail) {
			return exchange.Outcome{Result: r.result, By: r.by, Detail: detail}
		}
	}
	if before.Result != exchange.OK && before.Result != exchange.Blocked {
		before.Detail = detail
	}
	return before
}
