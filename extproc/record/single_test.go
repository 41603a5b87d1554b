package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// TestTheOnlyBackendsAttemptIsInTheRow holds what the row of a pool of one has of its attempt, by how
// the exchange ended.
func TestTheOnlyBackendsAttemptIsInTheRow(t *testing.T) {
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	attempt := func(status int32, failed bool, fault string) *policypb.Attempt {
		return &policypb.Attempt{Backend: "b", Provider: "p", Model: "x", Written: "*", Single: true, Status: status, Failed: failed, Fault: fault,
			BeganNanos: ms(2), DurationNanos: ms(3), FirstTokenNanos: new(ms(5)), TotalNanos: ms(10)}
	}
	waited := attempt(0, true, "")
	waited.DurationNanos, waited.FirstTokenNanos = ms(10), nil
	failed := attempt(500, true, "")
	failed.RetryAfterNanos, failed.FirstTokenNanos = ms(3000), nil
	for name, c := range map[string]struct {
		change  func(*exchange.Exchange)
		outcome exchange.Outcome
		want    *policypb.Attempt // nil: there is none
	}{
		"an answer": {func(*exchange.Exchange) {}, exchange.Outcome{Result: exchange.OK}, attempt(200, false, "")},
		"a silence": {func(*exchange.Exchange) {}, exchange.Outcome{Result: exchange.IdleTimeout, By: exchange.ByProvider}, attempt(200, true, "silent")},
		"an error": {func(ex *exchange.Exchange) {
			ex.FirstToken, ex.Response.Stream, ex.Response.Status = time.Time{}, false, 500
			ex.Response.Headers = headers("retry-after", "3")
		}, exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider}, failed},
		"no answer in time": {func(ex *exchange.Exchange) {
			ex.FirstToken, ex.Single.Answered, ex.Response.Stream, ex.Response.Status, ex.Response.Origin = time.Time{}, time.Time{}, false, 504, exchange.FromEnvoy
		}, exchange.Outcome{Result: exchange.Timeout, By: exchange.ByProvider}, waited},
		"no address":       {func(*exchange.Exchange) {}, exchange.Outcome{Result: exchange.NoHealthyBackend, By: exchange.ByProvider}, nil},
		"no attempt":       {func(ex *exchange.Exchange) { ex.Response.AttemptCount = 0 }, exchange.Outcome{Result: exchange.GatewayError, By: exchange.ByGateway}, nil},
		"it had not left":  {func(ex *exchange.Exchange) { ex.Single.Left = time.Time{} }, exchange.Outcome{Result: exchange.OK}, nil},
		"several backends": {func(ex *exchange.Exchange) { ex.Route.Single = false }, exchange.Outcome{Result: exchange.OK}, nil},
	} {
		sink := &kept{}
		closer := record.NewCloser(prometheus.NewRegistry(), nil, sink)
		ex := singleExchange()
		c.change(ex)
		ex.Request.Body = []byte("{}") // it waits for no account
		closer.Add(ex, c.outcome)
		_ = closer.Close(t.Context())
		var want []*policypb.Attempt
		if c.want != nil {
			want = []*policypb.Attempt{c.want}
		}
		if diff := cmp.Diff(want, sink.all(t)[0].Tried, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWhatTheOnlyBackendConsumedIsTheRows holds that an estimate of an answer which nobody has read
// is in the row, and not in the attempt, too: it would count twice.
func TestWhatTheOnlyBackendConsumedIsTheRows(t *testing.T) {
	sink := &kept{}
	closer := record.NewCloser(prometheus.NewRegistry(), nil, sink)
	ex := singleExchange()
	ex.Response.Complete = false
	ex.Unseen = &exchange.Spent{Usage: canon.Usage{Input: 7, Source: canon.UsageEstimated}}
	closer.Add(ex, exchange.Outcome{Result: exchange.Cut, By: exchange.ByUnknown})
	_ = closer.Close(t.Context())
	row := sink.all(t)[0]
	if len(row.Tried) != 1 || row.Tried[0].Tokens != nil || row.Tokens.GetInput() != 7 {
		t.Errorf("the row has %v, its attempts %v", row.Tokens, row.Tried)
	}
}
