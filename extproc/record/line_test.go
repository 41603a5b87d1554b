package record_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy"
)

var update = flag.Bool("update", false, "rewrite testdata")

// TestLines holds the access log byte for byte: what reads it relies on the keys,
// their order, what is left out, and how numbers and times are written.
func TestLines(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("", 2*60*60)
	t.Cleanup(func() { time.Local = local })
	for name, c := range map[string]struct {
		ex      *exchange.Exchange
		outcome exchange.Outcome
	}{
		"full":     {fullExchange(), exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider, Detail: `UC "upstream"`}},
		"minimal":  {minimalExchange(), exchange.Outcome{Result: exchange.OK}},
		"refused":  {refusedExchange(), exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}},
		"single":   {singleExchange(), exchange.Outcome{Result: exchange.OK}},
		"limited":  {limitedExchange(), exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient}},
		"free":     {freeExchange(true), exchange.Outcome{Result: exchange.OK}},
		"unpriced": {freeExchange(false), exchange.Outcome{Result: exchange.OK}},
		"cached":   {cachedExchange(), exchange.Outcome{Result: exchange.OK}},
		"verified": {verifiedExchange(), exchange.Outcome{Result: exchange.OK}},
	} {
		t.Run(name, func(t *testing.T) {
			got := written(t, c.outcome, c.ex)
			golden := filepath.Join("testdata", name+".jsonl")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (run with -update)", err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestALineHoldsNothingOfTheOneBefore holds that lines of one write are what they are
// alone.
func TestALineHoldsNothingOfTheOneBefore(t *testing.T) {
	all := []*exchange.Exchange{fullExchange(), minimalExchange(), freeExchange(true), fullExchange(), refusedExchange()}
	var want []byte
	for _, ex := range all {
		want = append(want, written(t, exchange.Outcome{}, ex)...)
	}
	if got := written(t, exchange.Outcome{}, all...); !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// written is what the access log holds of exchanges that ended alike.
func written(t *testing.T, o exchange.Outcome, exchanges ...*exchange.Exchange) []byte {
	t.Helper()
	var out bytes.Buffer
	reg := prometheus.NewRegistry()
	l := record.NewLines(&out, reg, zap.NewNop())
	c := record.NewCloser(reg, nil, l)
	for _, ex := range exchanges {
		c.Add(ex, o)
	}
	end(t, l)
	return out.Bytes()
}

// began is when the exchanges of the tests began, in the zone of this machine.
func began() time.Time { return time.Date(2026, 6, 1, 10, 20, 30, 123456789, time.Local) }

// minimalExchange leaves out everything that may be absent.
func minimalExchange() *exchange.Exchange {
	ex := &exchange.Exchange{ID: "01JX0000000000000000000001", Revision: "r-1", Dialect: "openai", Started: began()}
	ex.Response.Complete, ex.Response.Status = true, 200
	return ex
}

// fullExchange has everything that a row can hold, a denial's reason included.
func fullExchange() *exchange.Exchange {
	ex := minimalExchange()
	ex.Request.Operation, ex.Request.Model, ex.Request.User = exchange.Chat, "gpt <4o>", "user-1 \u2028 é \xff"
	ex.Request.ReceivedBytes = 1234
	ex.Request.Method, ex.Request.Path = "POST", "/v1/chat/completions"
	ex.Request.Headers = exchange.Headers{
		{Name: "user-agent", Value: []byte("OpenAI/Python 2.3.0")}, {Name: "authorization", Value: []byte("Bearer sk-secret-key")},
		{Name: "x-client-request-id", Value: []byte("mine-1")}, {Name: policy.RequestIDHeader, Value: []byte("hop-1")},
		{Name: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
	}
	ex.ClientAddress = "192.0.2.1"
	ex.Response.Out.SetHeader("retry-after", "2")
	ex.Request.Metadata = []byte(`{"team":"core","feature":"search","session":"s-1","tags":["a","b"]}`)
	ex.Caller = exchange.Caller{Name: "ci", Hop: true, Tier: "free", Tags: []string{"nightly"}}
	ex.Model = "gpt-4o"
	ex.Route = exchange.Route{Backend: "claude", Provider: "anthropic", Serves: "claude-x", Written: "*"}
	ex.Response.Stream, ex.Response.Model, ex.Response.ID, ex.Response.AttemptCount = true, "claude-x-2026", "msg_1", 2
	ex.Response.Folded, ex.Response.RequestID, ex.Response.End.Word = true, "req_1", "end_turn"
	ex.Response.Error = &exchange.FaultSaid{Status: 529, Type: "overloaded_error", Code: "busy", Message: "Overloaded: try '[...]'."}
	ex.Replaced = exchange.Denied(502, exchange.ReasonUnprocessable, "no")
	ex.Dropped = []string{"seed", "logit_bias"}
	left := func(n int64) exchange.Left { return exchange.Left{Known: true, Amount: n} }
	ex.Limit = exchange.Limit{Requests: left(9), Tokens: left(-5), Nano: left(99_000_000)}
	ex.Usage = canon.Usage{
		Input: 11, CacheRead: 12, CacheWrite5m: 13, CacheWrite1h: 14, AudioInput: 15, Output: 16, Reasoning: 17, AudioOutput: 18,
		Searches: 3, ServiceTier: "priority", Source: canon.UsageProvider, Charge: canon.Charge{Nano: 1_600_000, Said: true},
	}
	ex.Cost = exchange.Cost{Nano: 1_234_567_890, Priced: true, PriceID: "anthropic/claude-x@2026-01-01"}
	ex.FirstToken, ex.Ended = began().Add(345_678_901), began().Add(12*time.Second+345_678_999)
	for _, a := range []exchange.Tried{
		{Backend: "gpt", Provider: "openai", Model: "gpt-4o", Started: began().Add(5000), Decided: began().Add(1_505_999), Over: began().Add(1_605_999)},
		{Backend: "gpt", Model: "gpt-4o", Status: 429, Error: &exchange.FaultSaid{Status: 429, Code: "rate_limit_exceeded"}, RequestID: "req_0", RetryAfter: 1_500_000_001, Started: began(), Decided: began().Add(2 * time.Second)},
		{Backend: "gpt", Model: "gpt-4o", Status: 200, Judged: 503, Fault: exchange.FaultEmpty, Started: began(), Decided: began().Add(time.Millisecond)},
		{Backend: "gpt", Model: "gpt-4o", Status: 200, Judged: 429, Fault: exchange.FaultSilent, Started: began(), Decided: began().Add(time.Second),
			Spent: &exchange.Spent{Usage: canon.Usage{Input: 21, CacheRead: 22, Source: canon.UsageEstimated}, Cost: exchange.Cost{Nano: 77, Priced: true, PriceID: "openai/gpt-4o@2026-01-01"}}},
		{Backend: "gpt", Model: "gpt-4o", Status: 200, Judged: 429, Fault: exchange.FaultSilent, Started: began(), Decided: began().Add(time.Second),
			Spent: &exchange.Spent{Usage: canon.Usage{Input: 23, Source: canon.UsageEstimated}}},
		{Backend: "claude", Model: "claude-x", Written: "*", Status: 200, Answers: true, Started: began().Add(time.Millisecond), Decided: began().Add(-1), Over: began()}, // its clock went back
	} {
		ex.Attempts.Begin(a)
	}
	ex.Guards = []exchange.Guarded{
		{Guard: "cards", Kind: "pii", Action: "mask", Mode: exchange.Enforce, Result: exchange.GuardMasked, Reason: exchange.ReasonPII, Score: 0.75, Hash: []byte{1, 0xab}, Nanos: 12_345,
			Types: []exchange.TypeCount{{Type: "CREDIT_CARD", Count: 2}}, Spans: []exchange.GuardSpan{{Text: 1, Start: 10, End: 26, Type: "CREDIT_CARD"}}},
		{Guard: "words", Kind: "words", Output: true, Action: "deny", Mode: exchange.Shadow, Result: exchange.GuardPassed, Score: math.NaN(), Nanos: -1},
	}
	ex.Cached = exchange.Cached{Result: exchange.CacheMiss, Reason: exchange.CacheRules, Entry: "01JX00000000000000000000E1", Source: "01JX0000000000000000000000",
		Compared: true, Similarity: 0.9375, Embedder: "static-1", Rules: []string{"number", "unit"}, Age: 61_500 * time.Millisecond, Stored: "01JX00000000000000000000E2"}
	ex.Timeline.Start(began())
	ex.Timeline.Note("route", exchange.OnRequest, began().Add(1000), 2000)
	for range 2 {
		ex.Timeline.Note("meter", exchange.OnEvents, began().Add(3000), 4000)
	}
	return ex
}

// singleExchange was answered by the only backend of its pool, the second time.
func singleExchange() *exchange.Exchange {
	ex := minimalExchange()
	ex.Model, ex.Route = "m", exchange.Route{Name: "m/json", Backend: "b", Provider: "p", Serves: "x", Written: "*", Single: true}
	ex.Single = exchange.Single{Left: began().Add(2 * time.Millisecond), Answered: began().Add(5 * time.Millisecond)}
	ex.FirstToken, ex.Ended = began().Add(7*time.Millisecond), began().Add(12*time.Millisecond)
	ex.Response.AttemptCount, ex.Response.Stream = 2, true
	return ex
}

// refusedExchange was refused before it had a route.
func refusedExchange() *exchange.Exchange {
	ex := minimalExchange()
	ex.Response = exchange.Response{}
	ex.Request.Operation, ex.Request.Model, ex.Request.ReceivedBytes = exchange.Chat, "unknown", len("{}")
	ex.Refused = exchange.Denied(404, exchange.ReasonModelNotFound, "no such model")
	ex.Ended = began().Add(420 * time.Microsecond)
	return ex
}

// limitedExchange was refused by a limit.
func limitedExchange() *exchange.Exchange {
	ex := refusedExchange()
	ex.Refused = exchange.Denied(429, exchange.ReasonLimit, "no more")
	ex.Limit.Refused = "tier free tokens"
	ex.Response.Out.SetHeader("retry-after-ms", "1500")
	return ex
}

// cachedExchange got the answer to another question, for which no backend was asked.
func cachedExchange() *exchange.Exchange {
	ex := minimalExchange()
	ex.Model, ex.Response.Origin, ex.Response.Model, ex.Response.ID = "gpt-4o", exchange.FromStage, "gpt-4o-2026", "chatcmpl-1"
	ex.Refused = exchange.Verdict{Action: exchange.Answer, Status: 200}
	ex.Usage = canon.Usage{Input: 11, Output: 16, Searches: 1, Source: canon.UsageCached}
	ex.Cost = exchange.Cost{Priced: true}
	ex.FirstToken, ex.Ended = began().Add(700*time.Microsecond), began().Add(800*time.Microsecond)
	ex.Cached = exchange.Cached{Result: exchange.CacheSemanticHit, Entry: "01JX00000000000000000000E1", Source: "01JX0000000000000000000000",
		Compared: true, Similarity: 1.0000001, Embedder: "static-1", Age: time.Minute, Saved: exchange.Cost{Nano: 1_500_000, Priced: true}, Sooner: 2 * time.Second}
	return ex
}

// verifiedExchange was asked anew although there was an answer, which cost something, too.
func verifiedExchange() *exchange.Exchange {
	ex := minimalExchange()
	ex.Model = "gpt-4o"
	ex.Cached = exchange.Cached{Result: exchange.CacheVerified, Entry: "01JX00000000000000000000E1", Source: "01JX0000000000000000000000", Compared: true, Similarity: math.NaN(),
		Age: -time.Minute, Saved: exchange.Cost{Nano: 1_500_000, Priced: true}, Sooner: -time.Second, NotStored: exchange.CacheToolCalls, Verdict: exchange.CacheOther}
	return ex
}

// freeExchange consumed nothing that is counted, at no cost or at an unknown one: zero
// is written, absent is not.
func freeExchange(priced bool) *exchange.Exchange {
	ex := minimalExchange()
	ex.Route.Serves = "simulated"
	ex.Usage = canon.Usage{Source: canon.UsageEstimated}
	ex.Cost.Priced = priced
	ex.FirstToken = began()
	return ex
}
