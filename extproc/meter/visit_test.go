package meter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/policy"
)

// join lets the meter join an exchange with one backend, whose model has a price of 1 and
// 2 USD for a million tokens.
func join(t *testing.T, stream string) *exchangetest.Visit {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(`{version: 1, backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}},
models: {m: b/x}, prices: {b/x: {input: 1, output: 2}}}`))
	if err != nil {
		t.Fatal(err)
	}
	stage, err := meter.NewKind(time.Now, prometheus.NewRegistry()).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	ex := exchangetest.Ask(t, "openai", `{"model":"m","stream":`+stream+`,"messages":[{"role":"user","content":"hi"}]}`)
	ex.Route = exchange.Route{Backend: "b", Provider: "openai-compatible", Serves: "x", Single: true}
	v := exchangetest.Join(t, stage, ex)
	v.Request()
	return v
}

// reported is what a provider reports of a thousand tokens in and five hundred out.
var reported = canon.Usage{Input: 1000, Output: 500, Seen: canon.BucketInput | canon.BucketOutput, Source: canon.UsageProvider}

const reportedNano = 2_000_000

// TestAWholeAnswerIsPricedAtOnce holds what an answer costs, and that its caller is told.
func TestAWholeAnswerIsPricedAtOnce(t *testing.T) {
	v := join(t, "false")
	v.Exchange.Usage = reported
	v.Respond(200, `{"id":"1"}`)
	if got := v.Exchange.Cost; got.Nano != reportedNano || !got.Priced {
		t.Errorf("it costs %+v", got)
	}
	if got := string(v.Exchange.Response.Out.Set.Get(meter.CostHeader)); got != "0.002" {
		t.Errorf("the caller is told %q", got)
	}
	v.End(exchange.Outcome{Result: exchange.OK})
	if got := v.Exchange.Cost.Nano; got != reportedNano {
		t.Errorf("at the end it costs %d", got)
	}
}

// TestAModerationIsFree holds that an answer without a usage costs nothing where its model does
// not, and that nothing is known of what others cost.
func TestAModerationIsFree(t *testing.T) {
	for name, c := range map[string]struct {
		operation exchange.Operation
		model     string
		status    int
		want      bool // that the cost is known
	}{
		"a free model":           {exchange.Moderations, "omni-moderation-latest", 200, true},
		"one with a price":       {exchange.Moderations, "gpt-4o-mini", 200, false},
		"one that is not known":  {exchange.Moderations, "unheard-of", 200, false},
		"an error":               {exchange.Moderations, "omni-moderation-latest", 400, false},
		"another free operation": {exchange.CountTokens, "omni-moderation-latest", 200, false},
	} {
		v := join(t, "false")
		v.Exchange.Request.Operation, v.Exchange.Response.Model = c.operation, c.model
		v.Exchange.Route.Provider, v.Exchange.Route.Serves = "openai", ""
		v.Respond(c.status, `{"id":"1"}`)
		v.End(exchange.Outcome{Result: exchange.OK})
		if got := v.Exchange.Cost; got.Priced != c.want || got.Nano != 0 || v.Exchange.Usage != (canon.Usage{}) {
			t.Errorf("%s: it costs %+v, with the usage %+v", name, got, v.Exchange.Usage)
		}
	}
}

// TestAStreamIsPricedAtItsEnd holds when a stream is priced, that it passes untouched, and
// that one which failed is priced by what is reported afterwards.
func TestAStreamIsPricedAtItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  canon.Event
		want int64
	}{
		"a whole one":        {exchangetest.Done(), reportedNano},
		"one that broke off": {exchangetest.Failed(), 2 * reportedNano},
	} {
		v := join(t, "true")
		v.Stream()
		v.Exchange.Response.TextBytes = 2
		text := exchangetest.Text("hi")
		if diff := cmp.Diff([]canon.Event{text}, v.Events(text)); diff != "" {
			t.Errorf("%s: the stream is changed: %s", name, diff)
		}
		if v.Exchange.Cost.Priced {
			t.Errorf("%s: it is priced before its end", name)
		}
		v.Exchange.Usage = reported
		if out := v.Events(c.end); len(out) != 1 || v.Exchange.Cost.Nano != reportedNano {
			t.Errorf("%s: %d events, a cost of %d", name, len(out), v.Exchange.Cost.Nano)
		}
		v.Exchange.Usage.Input, v.Exchange.Usage.Output = 2000, 1000 // the provider was not let go
		v.End(exchange.Outcome{})
		if got := v.Exchange.Cost.Nano; got != c.want {
			t.Errorf("%s: at the end it costs %d, want %d", name, got, c.want)
		}
	}
}

// TestWhatNoProviderAnsweredCostsNothing holds so of Envoy's own replies and refusals.
func TestWhatNoProviderAnsweredCostsNothing(t *testing.T) {
	for _, origin := range []exchange.Origin{exchange.FromEnvoy, exchange.FromGateway, exchange.FromStage} {
		v := join(t, "false")
		v.Exchange.Response.Origin = origin
		v.Respond(503, `{}`)
		v.End(exchange.Outcome{Result: exchange.NoHealthyBackend})
		if c := v.Exchange.Cost; c != (exchange.Cost{}) || v.Exchange.Usage.Source != "" {
			t.Errorf("origin %d: cost %+v, usage of %q", origin, c, v.Exchange.Usage.Source)
		}
	}
}

// TestAnAnswerInTheBackgroundIsChargedOnce holds that one which is not there yet costs what is
// estimated of it, the client's bound included, and that reading what was kept costs nothing.
func TestAnAnswerInTheBackgroundIsChargedOnce(t *testing.T) {
	for bound, output := range map[int64]int64{0: 500, 100: 100, 9000: 500} {
		v := join(t, "false")
		v.Exchange.Request.MaxTokens, v.Exchange.Response.Unfinished = bound, true
		v.Respond(200, `{"id":"1"}`)
		v.End(exchange.Outcome{Result: exchange.OK})
		if u := v.Exchange.Usage; u.Source != canon.UsageEstimated || u.Output != output || u.Input == 0 || v.Exchange.Cost.Nano != 1000*u.Input+2000*output {
			t.Errorf("bounded by %d: usage %+v, cost %+v", bound, u, v.Exchange.Cost)
		}
	}
	for _, op := range []exchange.Operation{exchange.GetResponse, exchange.DeleteResponse, exchange.CancelResponse, exchange.InputItems} {
		v := join(t, "false")
		v.Exchange.Request.Operation, v.Exchange.Usage = op, reported
		v.Respond(200, `{"id":"1"}`)
		v.End(exchange.Outcome{Result: exchange.OK})
		if v.Exchange.Usage != (canon.Usage{}) || v.Exchange.Cost != (exchange.Cost{}) {
			t.Errorf("%s: usage %+v, cost %+v", op, v.Exchange.Usage, v.Exchange.Cost)
		}
	}
}
