package stages

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim"
)

// cuts is a stage that ends a stream after its third text, by what end does.
func cuts(end func(exchange.Emit) exchange.Verdict) kind {
	return kind{name: "cuts", visit: func(*exchange.Exchange) script {
		texts := 0
		return script{wants: exchange.Wants{Events: true, Cut: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
			for i := range events {
				emit(&events[i])
				if events[i].Kind != canon.EventText {
					continue
				}
				if texts++; texts == 3 {
					return end(emit)
				}
			}
			return exchange.Verdict{}
		}}
	}}
}

// endless is an answer that goes on until it is let go.
const endless = "[[sim tokens=4000 tps=100]]"

// TestAStageCutsAStreamCleanly holds that both SDKs read a whole answer that a stage
// ended early, that the provider is let go, and that its row says who did it.
func TestAStageCutsAStreamCleanly(t *testing.T) {
	t.Parallel()
	r := start(t, cuts(func(emit exchange.Emit) exchange.Verdict {
		emit(&canon.Event{Kind: canon.EventText, Text: scan.Value(`" That is all."`)})
		emit(&canon.Event{Kind: canon.EventFinish, Finish: canon.FinishLength})
		emit(&canon.Event{Kind: canon.EventDone})
		return exchange.Verdict{}
	}))
	n := 0
	fourWays(t, func(t *testing.T, client, model string) {
		got := r.speak(t, client, model, endless, true)
		if got.err != nil || !strings.HasSuffix(got.text, " That is all.") || (got.finish != "length" && got.finish != "max_tokens") {
			t.Errorf("%+v", got)
		}
		n++
		r.letGo(t, n)
		row := r.row(n)
		if row.Outcome != "cut" || row.By != "gateway" || row.Status != 200 || row.UsageSource != "estimated" || row.Tokens.GetOutput() == 0 {
			t.Errorf("row %v", row)
		}
	})
}

// TestADenialCutsAStream holds that a client gets an error of its dialect in the stream.
func TestADenialCutsAStream(t *testing.T) {
	t.Parallel()
	r := start(t, cuts(func(exchange.Emit) exchange.Verdict {
		return exchange.Denied(403, exchange.ReasonProviderRefused, "Not this.")
	}))
	n := 0
	fourWays(t, func(t *testing.T, client, model string) {
		got := r.speak(t, client, model, endless, true)
		if got.err == nil || !strings.Contains(got.err.Error(), "Not this.") {
			t.Errorf("%+v", got)
		}
		n++
		r.letGo(t, n)
		if row := r.row(n); row.Outcome != "cut" || row.By != "gateway" || row.Reason != string(exchange.ReasonProviderRefused) {
			t.Errorf("row %v", row)
		}
	})
}

// letGo waits until the provider has finished its n-th answer, which was broken off.
func (r *rig) letGo(t *testing.T, n int) {
	t.Helper()
	if last := r.provider.With(t).Last(n); last.Ended != sim.EndedClientGone {
		t.Errorf("the provider's answer ended as %q", last.Ended)
	}
}

// TestAStageSpeaksWhileTheProviderIsSilent holds that a stage may say something of its
// own, more than once, before the provider's first text.
func TestAStageSpeaksWhileTheProviderIsSilent(t *testing.T) {
	t.Parallel()
	speaks := kind{name: "speaks", visit: func(*exchange.Exchange) script {
		said := 0
		return script{wants: exchange.Wants{Events: true, Speak: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
			for i := range events {
				emit(&events[i])
			}
			if len(events) == 0 {
				said++
				emit(&canon.Event{Kind: canon.EventText, Text: scan.Value(`"wait... "`)})
			}
			if said < 2 {
				return exchange.Verdict{Wake: 100 * time.Millisecond}
			}
			return exchange.Verdict{}
		}}
	}}
	r := start(t, speaks)
	t.Run("four ways", func(t *testing.T) {
		fourWays(t, func(t *testing.T, client, model string) {
			t.Parallel() // each waits for seconds
			got := r.speak(t, client, model, `[[sim text="here it is" pause=600ms]]`, true)
			if got.err != nil || got.text != "wait... wait... here it is" && strings.Count(got.text, "wait... ") != 2 || (got.finish != "stop" && got.finish != "end_turn") {
				t.Errorf("%+v", got)
			}
		})
	})
	for n := range 4 {
		if row := r.row(n + 1); row.Outcome != "ok" {
			t.Errorf("row %v", row)
		}
	}
}

// TestAnOverdueStreamEndsWithAnErrorEvent holds that a stream which a stage may cut is no
// broken connection to its client if the provider falls silent or takes too long: the SDKs
// raise an error in words, the provider is let go, and the row says why.
func TestAnOverdueStreamEndsWithAnErrorEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ models, directive, says, outcome string }{
		{"hasty-", "[[sim hang=6]]", "fell silent", "idle_timeout"},
		{"brief-", "[[sim tokens=4000 tps=50]]", "within the time", "deadline"},
	} {
		t.Run(c.outcome, func(t *testing.T) {
			t.Parallel()
			r := start(t, cuts(func(exchange.Emit) exchange.Verdict { return exchange.Verdict{} }))
			n, inWords := 0, 0
			fourWays(t, func(t *testing.T, client, model string) {
				got := r.speak(t, client, c.models+model, c.directive, true)
				if got.err == nil || got.text == "" || got.finish != "" {
					t.Errorf("%+v", got)
				}
				if n++; strings.Contains(got.err.Error(), c.says) {
					inWords++
				}
				if ended := r.provider.With(t).Last(n).Ended; ended != sim.EndedClientGone && ended != sim.EndedHung {
					t.Errorf("the provider's answer ended as %q", ended)
				}
				row := r.row(n)
				if row.Outcome != c.outcome || row.By != "provider" || row.Status != 200 || row.UsageSource != "estimated" || row.Tokens.GetOutput() == 0 {
					t.Errorf("row %v", row)
				}
			})
			if inWords == 0 { // a machine that stands still may make Envoy the first, but not each time
				t.Error("each was cut")
			}
		})
	}
}
