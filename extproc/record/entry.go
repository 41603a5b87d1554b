package record

import (
	"cmp"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy/policypb"
)

// rowOfEntry makes the row of a request of which ext_proc has seen nothing: Envoy refused
// it before it asked, or could not ask.
func rowOfEntry(e *Ending) *policypb.Row {
	r := &policypb.Row{
		Exchange:       cmp.Or(e.Exchange, e.Request),
		BeganUnixNanos: e.Began.UnixNano(),
		Dialect:        e.Dialect,
		Operation:      string(e.Operation),
		RequestBytes:   e.RequestBytes,
		Status:         int32(e.Code),
		Attempts:       int32(e.AttemptCount),
		DurationNanos:  e.Took.Nanoseconds(),

		RetryAfterNanos: e.RetryAfter.Nanoseconds(),
	}
	e.Asking.addTo(r)
	if r.Exchange == "" {
		r.Exchange = ulid.Make().String()
	}
	if e.byExtProc() {
		r.Reason = string(exchange.ReasonUnavailable)
	}
	return r
}

// byExtProc reports whether Envoy gave up on ext_proc.
func (e *Ending) byExtProc() bool { return strings.HasPrefix(e.Details, "ext_proc") }

// unseen is how a request ended of which ext_proc has seen nothing, as far as the status
// says it.
func (e *Ending) unseen() exchange.Outcome {
	o := exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway}
	if e.Code >= 400 && e.Code < 500 {
		o = exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}
	}
	o.Detail = cmp.Or(e.Details, e.Flags)
	return o
}
