package record_test

import (
	"math"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/store"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/policy/policypb"
)

const second = 1_000_000_000

// TestSignals holds what rows add to the sums, and that each is in one drain.
func TestSignals(t *testing.T) {
	s := record.NewSignals()
	s.Take(&policypb.Row{Route: "m", Outcome: "ok"})
	if got := s.Drain(); got != nil {
		t.Errorf("before anybody asked %v was counted", got)
	}
	tokens := &policypb.Tokens{Input: 1, CacheRead: 2, CacheWrite_5M: 4, CacheWrite_1H: 8, AudioInput: 16, Output: 100, Reasoning: 200, AudioOutput: 400}
	s.Take(&policypb.Row{
		Route: "m", Backend: "b", Outcome: "ok", DurationNanos: 9 * second, FirstTokenNanos: proto.Int64(5 * second),
		Tokens: tokens, CostNanoUsd: proto.Int64(1000), Tried: []*policypb.Attempt{
			{Backend: "a", Model: "x", Status: 429, Failed: true},
			{Backend: "a", Model: "x", Status: 503, Failed: true, DurationNanos: second, Tokens: &policypb.Tokens{Input: 1000}, CostNanoUsd: proto.Int64(7)},
			{Backend: "b", Model: "y", Status: 200, BeganNanos: 3 * second, DurationNanos: second},
		},
	})
	s.Take(&policypb.Row{Route: "m", Backend: "b", Outcome: "ok", DurationNanos: 9 * second, Tokens: tokens, Unpriced: true, Tried: []*policypb.Attempt{
		{Backend: "b", Model: "chosen-by-a-client", Written: "y", Status: 200, DurationNanos: 2 * second},
	}})
	s.Take(&policypb.Row{Outcome: "client_error", By: "client"})
	s.Take(&policypb.Row{Route: "n", Outcome: "ok", Tokens: tokens, UsageSource: "cached", CostNanoUsd: proto.Int64(0)})
	got := s.Drain()
	latencies(t, got)
	want := &pairpb.Signals{
		Exchanges: []*pairpb.Exchanges{
			{Outcome: "client_error", By: "client", Count: 1},
			{Model: "m", Backend: "b", Outcome: "ok", Count: 2, InputTokens: 1062, OutputTokens: 1400, CostNanoUsd: 1007, Unpriced: 1},
			{Model: "n", Outcome: "ok", Count: 1},
		},
		Tries: []*pairpb.Tries{
			{Model: "m", Backend: "a", Served: "x", Limited: 1, Failed: 1},
			{Model: "m", Backend: "b", Served: "y", Answered: 2},
		},
	}
	for _, e := range got.Exchanges {
		e.Duration, e.FirstToken = nil, nil
	}
	for _, try := range got.Tries {
		try.Latency = nil
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("signals (-want +got):\n%s", diff)
	}
	if again := s.Drain(); again != nil {
		t.Errorf("drained twice: %v", again)
	}
}

// latencies holds that what waited 2 s, from its own beginning, is in the sketches.
func latencies(t *testing.T, s *pairpb.Signals) {
	t.Helper()
	for data, want := range map[string]float64{
		string(s.GetTries()[1].GetLatency()): 2, string(s.GetExchanges()[1].GetDuration()): 9, string(s.GetExchanges()[1].GetFirstToken()): 5,
	} {
		sketch, err := ddsketch.DecodeDDSketch([]byte(data), store.DefaultProvider, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := sketch.GetValueAtQuantile(1); err != nil || math.Abs(got-want) > want/50 {
			t.Errorf("longest %v, %v, want %v", got, err, want)
		}
	}
	if b := s.GetExchanges()[1].GetFirstToken(); len(b) == 0 || s.GetTries()[0].GetLatency() != nil {
		t.Error("an empty sketch travels")
	}
}

// TestWhatSaysNothingOfABackend holds that a backend is not blamed for what its client did.
func TestWhatSaysNothingOfABackend(t *testing.T) {
	s := record.NewSignals()
	s.Drain()
	for _, c := range []struct {
		by      string
		attempt *policypb.Attempt
		outcome string
	}{
		{"client", &policypb.Attempt{}, ""},                                                 // left before an answer
		{"client", &policypb.Attempt{Status: 400}, ""},                                      // asked for what is impossible
		{"", &policypb.Attempt{Status: 400, Failed: true, Fault: "too_long"}, ""},           // for this backend
		{"client", &policypb.Attempt{Status: 200, DurationNanos: second}, ""},               // cancelled half-way: answered
		{"provider", &policypb.Attempt{Status: 200, DurationNanos: second}, ""},             // cut half-way: failed
		{"provider", &policypb.Attempt{Status: 200, Failed: true, Fault: "overloaded"}, ""}, // limited
		{"provider", &policypb.Attempt{Status: 529, Failed: true}, ""},                      // limited
		{"provider", &policypb.Attempt{Status: 200, Failed: true, Fault: "silent"}, ""},     // failed
		{"gateway", &policypb.Attempt{Status: 200, DurationNanos: second}, ""},              // answered
		{"provider", &policypb.Attempt{Status: 200, DurationNanos: second}, "blocked"},      // answered
	} {
		c.attempt.Backend = "b"
		s.Take(&policypb.Row{Route: "m", By: c.by, Outcome: c.outcome, Tried: []*policypb.Attempt{c.attempt}})
	}
	got := s.Drain().GetTries()[0]
	if got.Answered != 3 || got.Limited != 2 || got.Failed != 2 {
		t.Errorf("answered %d, limited %d, failed %d", got.Answered, got.Limited, got.Failed)
	}
}

func BenchmarkSignals(b *testing.B) {
	s := record.NewSignals()
	s.Drain()
	row := &policypb.Row{Route: "m", Backend: "b", Outcome: "ok", DurationNanos: second, FirstTokenNanos: proto.Int64(second), Tokens: &policypb.Tokens{Input: 1}}
	b.ReportAllocs()
	for b.Loop() {
		s.Take(row)
	}
}
