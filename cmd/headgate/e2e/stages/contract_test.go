package stages

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
)

// TestTheStagesHereKeepTheContract drives the stages of these tests alone, so that what
// Envoy and a client see of them is the gateway's doing.
func TestTheStagesHereKeepTheContract(t *testing.T) {
	t.Parallel()
	spoken := func(events []canon.Event) string {
		var b strings.Builder
		for i := range events {
			b.WriteString(canon.Str(events[i].Text))
		}
		return b.String()
	}
	for _, c := range []struct {
		name  string
		kind  kind
		end   canon.Event
		early string // what goes on before the end comes
		want  string // in all
	}{
		{"one that holds back", holds(false), exchangetest.Done(), "ab", "abcd"},
		{"one that holds all back", holds(true), exchangetest.Done(), "", "abcd"},
		{"one that holds back what then fails", holds(false), exchangetest.Failed(), "ab", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := c.kind.Compile(nil)
			if err != nil {
				t.Fatal(err)
			}
			v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", `{"model":"m","stream":true,"messages":[]}`))
			v.Request()
			v.Stream()
			early := append(v.Events(exchangetest.Text("a"), exchangetest.Text("b")), v.Events(exchangetest.Text("c"), exchangetest.Text("d"))...)
			late := v.Events(c.end)
			if got, all := spoken(early), spoken(append(early, late...)); got != c.early || all != c.want {
				t.Errorf("%q goes on at once and %q in all, want %q and %q", got, all, c.early, c.want)
			}
			v.End(exchange.Outcome{})
		})
	}
}

// TestTheStageThatCutsKeepsTheContract holds that of the stage which ends a stream.
func TestTheStageThatCutsKeepsTheContract(t *testing.T) {
	t.Parallel()
	s, err := cuts(func(emit exchange.Emit) exchange.Verdict {
		done := exchangetest.Done()
		emit(&done)
		return exchange.Verdict{}
	}).Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := exchangetest.Join(t, s, exchangetest.Ask(t, "openai", `{"model":"m","stream":true,"messages":[]}`))
	v.Request()
	v.Stream()
	out := v.Events(exchangetest.Text("a"), exchangetest.Text("b"), exchangetest.Text("c"), exchangetest.Text("d"))
	if len(out) != 4 || out[3].Kind != canon.EventDone {
		t.Errorf("%d events", len(out))
	}
	v.End(exchange.Outcome{Result: exchange.Cut, By: exchange.ByGateway})
}
