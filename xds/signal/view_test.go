package signal_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/signal"
)

type rig struct {
	*signal.View
	now time.Time
	reg *prometheus.Registry
}

func newRig() *rig {
	r := &rig{now: time.Unix(1_700_000_000, 0), reg: prometheus.NewRegistry()}
	r.View = signal.New(func() time.Time { return r.now }, r.reg, zap.NewNop())
	return r
}

// sketch is one of values, as pairs send it.
func sketch(t *testing.T, accuracy float64, values ...float64) (b []byte) {
	t.Helper()
	s, err := ddsketch.NewDefaultDDSketch(accuracy)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := s.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	s.Encode(&b, false)
	return b
}

// TestPairsAddUp holds that what two pairs count is one sum, by region, and its sketches are
// those of all values.
func TestPairsAddUp(t *testing.T) {
	r := newRig()
	for _, region := range []string{"eu", "eu", "us"} {
		r.Take(region, &pairpb.Signals{
			Exchanges: []*pairpb.Exchanges{{Model: "m", Backend: "b", Outcome: "ok", Count: 3, InputTokens: 10, OutputTokens: 20, CostNanoUsd: 7, Unpriced: 1,
				Duration: sketch(t, 0.01, 1, 2, 9), FirstToken: sketch(t, 0.01, 0.5)}},
			Tries: []*pairpb.Tries{{Model: "m", Backend: "b", Served: "x", Answered: 3, Failed: 2, Limited: 1, Latency: sketch(t, 0.01, 1, 2, 3)}},
		})
	}
	e := r.Exchanges(signal.Window)[signal.ExchangesOf{Region: "eu", Model: "m", Backend: "b", Outcome: "ok"}]
	if e.Count != 6 || e.InputTokens != 20 || e.OutputTokens != 40 || e.CostNanoUSD != 14 || e.Unpriced != 2 || e.Duration.GetCount() != 6 || e.FirstToken.GetCount() != 2 {
		t.Errorf("exchanges %+v", e)
	}
	if longest, err := e.Duration.GetValueAtQuantile(1); err != nil || math.Abs(longest-9) > 0.2 {
		t.Errorf("the longest took %v, %v", longest, err)
	}
	all := r.Tries(signal.Window)
	tries := all[signal.TriesOf{Region: "eu", Model: "m", Backend: "b", Served: "x"}]
	if len(all) != 2 || tries.Answered != 6 || tries.Failed != 4 || tries.Limited != 2 || math.Abs(tries.Median().Seconds()-2) > 0.1 {
		t.Errorf("%d sums, tries %+v, median %v", len(all), tries, tries.Median())
	}
}

// TestTheWindowIsBounded holds that what is older than asked for is not in the answer, and what
// is older than the window is not kept.
func TestTheWindowIsBounded(t *testing.T) {
	r := newRig()
	steps := int(signal.Window / signal.Step)
	for range 3 * steps {
		r.Take("", &pairpb.Signals{Exchanges: []*pairpb.Exchanges{{Count: 1}}})
		r.now = r.now.Add(signal.Step)
	}
	r.now = r.now.Add(-signal.Step)
	for within, want := range map[time.Duration]int64{signal.Step: 1, time.Minute: 12, signal.Window: int64(steps)} {
		if got := r.Exchanges(within)[signal.ExchangesOf{}].Count; got != want {
			t.Errorf("within %v: %d, want %d", within, got, want)
		}
	}
	r.now = r.now.Add(signal.Window)
	if got := r.Exchanges(signal.Window); len(got) != 0 {
		t.Errorf("what is over is there: %v", got)
	}
	r.Take("", &pairpb.Signals{SpanNanos: 2 * signal.Window.Nanoseconds(), Exchanges: []*pairpb.Exchanges{{Count: 1}}})
	if got := r.Exchanges(signal.Window); len(got) != 0 {
		t.Errorf("what was counted for long is live: %v", got)
	}
}

// TestWhatCannotBeTakenIsCounted holds that broken sketches, those of another accuracy, and too
// many names harm nothing.
func TestWhatCannotBeTakenIsCounted(t *testing.T) {
	r := newRig()
	many := &pairpb.Signals{}
	for i := range 5000 {
		many.Tries = append(many.Tries, &pairpb.Tries{Model: fmt.Sprint(i), Answered: 1})
	}
	for _, s := range []*pairpb.Signals{
		{Tries: []*pairpb.Tries{{Model: "m", Answered: 1, Latency: []byte("what")}}},
		{Exchanges: []*pairpb.Exchanges{{Count: 1, Duration: sketch(t, 0.2, 1)}}},
		many,
	} {
		r.Take("", s)
	}
	if got := r.Tries(signal.Window); len(got) != 4096 || got[signal.TriesOf{Model: "m"}].Answered != 1 {
		t.Errorf("%d sums", len(got))
	}
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if n := families[0].GetMetric()[0].GetCounter().GetValue(); n != 2+5001-4096 {
		t.Errorf("%v sums were dropped", n)
	}
}
