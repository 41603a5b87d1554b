package meter_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/price"
)

// costs returns what costs a usage of a model at a backend of this policy, and the registry of
// the stage.
func costs(t *testing.T, document string) (func(u canon.Usage, backend, model string) *exchange.Exchange, *prometheus.Registry) {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	stage, err := meter.NewKind(func() time.Time { return time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC) }, reg).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	return func(u canon.Usage, backend, model string) *exchange.Exchange {
		ex := exchangetest.Ask(t, "openai", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`)
		ex.Route = exchange.Route{Backend: backend, Provider: set.Backends[backend].Provider.Name, Serves: model, Single: true}
		v := exchangetest.Join(t, stage, ex)
		v.Request()
		u.Source = canon.UsageProvider
		ex.Usage = u
		v.Respond(200, `{"id":"1"}`)
		v.End(exchange.Outcome{Result: exchange.OK})
		return ex
	}, reg
}

const twoEndpoints = `{version: 1, unpriced: flag, backends: {here: {provider: openai, credential: {env: KEY}}, eu: {provider: openai, url: "https://eu.api.openai.com/v1", credential: {env: KEY}},
  seek: {provider: deepseek, credential: {env: KEY}}, fast: {provider: groq, credential: {env: KEY}}}, models: {m: here/gpt-5.4-mini}}`

// TestWhereAndWhenAnAnswerWasServed holds what the endpoint of a region and the hours of a peak
// make of a price.
func TestWhereAndWhenAnAnswerWasServed(t *testing.T) {
	cost, _ := costs(t, twoEndpoints)
	u := canon.Usage{Input: 1000, Output: 100, Seen: canon.BucketInput | canon.BucketOutput}
	for _, c := range []struct {
		backend, model, tier string
		nano                 int64
		id                   string
	}{
		{"here", "gpt-5.4-mini", "", 1_200_000, "openai/gpt-5.4-mini@2026-11-19"},
		{"eu", "gpt-5.4-mini", "", 1_320_000, "openai/gpt-5.4-mini@2026-11-19+regional"},
		{"eu", "gpt-5.4-mini", "priority", 2_640_000, "openai/gpt-5.4-mini@2026-11-19+priority+regional"},
		{"eu", "gpt-5-mini", "", 450_000, "openai/gpt-5-mini@2026-11-19"}, // older models cost no more
		{"seek", "deepseek-v4-pro", "", 1_716_000, "deepseek/deepseek-v4-pro@2026-08-16+peak"},
		{"fast", "openai/gpt-oss-20b", "flex", 105_000, "groq/openai/gpt-oss-20b@2026-11-19"},
		{"fast", "openai/gpt-oss-20b", "performance", 105_000, "groq/openai/gpt-oss-20b@2026-11-19+performance?"},
	} {
		u.ServiceTier = c.tier
		if ex := cost(u, c.backend, c.model); ex.Cost.Nano != c.nano || ex.Cost.PriceID != c.id {
			t.Errorf("%s %s %q: %d nano-USD by %s, want %d by %s", c.backend, c.model, c.tier, ex.Cost.Nano, ex.Cost.PriceID, c.nano, c.id)
		}
	}
}

// TestMoreTokensNeverCostLess holds so of every price of the catalogue, in every bucket, and that
// no way of being served changes what is counted.
func TestMoreTokensNeverCostLess(t *testing.T) {
	cost, _ := costs(t, twoEndpoints)
	r := rand.New(rand.NewPCG(1, 2))
	ways := []string{"", "default", "flex", "priority", "fast", "ultrafast", "scale", "batch"}
	var models []string
	for _, provider := range []string{"openai", "anthropic"} {
		models = append(models, price.Builtin().Models(provider)...)
	}
	for range 5_000 {
		draw := func() int64 { return r.Int64N(1 << r.IntN(19)) }
		u := canon.Usage{Input: draw(), CacheRead: draw(), CacheWrite5m: draw(), CacheWrite1h: draw(), AudioInput: draw(), Output: draw(), Reasoning: draw(), AudioOutput: draw(), Searches: draw() % 9, Seen: 1<<9 - 1}
		u.ServiceTier, u.Speed, u.Geo = ways[r.IntN(len(ways))], ways[r.IntN(len(ways))], []string{"", "us", "global"}[r.IntN(3)]
		model := models[r.IntN(len(models))]
		less := cost(u, "here", model)
		more := u
		for _, n := range []*int64{&more.Input, &more.CacheRead, &more.CacheWrite5m, &more.CacheWrite1h, &more.AudioInput, &more.Output, &more.Reasoning, &more.AudioOutput} {
			*n += draw()
		}
		dearer := cost(more, "here", model)
		if dearer.Cost.Nano < less.Cost.Nano || less.Cost.Priced != dearer.Cost.Priced {
			t.Fatalf("%s: %+v costs %+v, %+v costs %+v", model, u, less.Cost, more, dearer.Cost)
		}
		if u.Source = canon.UsageProvider; less.Usage != u {
			t.Fatalf("%s: counted %+v, charged %+v", model, u, less.Usage)
		}
	}
}

// TestAnAbsurdReportIsStillBounded holds that the largest report at the highest price, in the
// dearest way, overflows nothing.
func TestAnAbsurdReportIsStillBounded(t *testing.T) {
	cost, _ := costs(t, `{version: 1, backends: {b: {provider: openai, credential: {env: KEY}}}, models: {m: b/x}, prices: {x: {input: 10000, output: 10000}}}`)
	const most = 1 << 62
	u := canon.Usage{Input: most, CacheRead: most, CacheWrite5m: most, CacheWrite1h: most, AudioInput: most, Output: most, Reasoning: most, AudioOutput: most, Searches: most, ServiceTier: "ultrafast", Speed: "fast"}
	if ex := cost(u, "b", "x"); ex.Cost.Nano < 4_000_000_000_000_000 {
		t.Errorf("it costs %d nano-USD", ex.Cost.Nano)
	}
}

// TestProvidersOwnCosts holds what becomes of what providers say, and that it is counted, as is a
// price that is assumed.
func TestProvidersOwnCosts(t *testing.T) {
	cost, reg := costs(t, twoEndpoints)
	u := canon.Usage{Input: 1000, Output: 100, Seen: canon.BucketInput | canon.BucketOutput}
	for _, c := range []struct {
		model  string
		charge canon.Charge
		tier   string
		want   exchange.Cost
	}{
		{"nobody", canon.Charge{Nano: 7, Said: true}, "", exchange.Cost{Nano: 7, Priced: true, PriceID: "provider"}},
		{"nobody", canon.Charge{Nano: 0, Said: true}, "", exchange.Cost{Priced: true, PriceID: "provider"}},
		{"nobody", canon.Charge{Unfit: true}, "", exchange.Cost{}},
		{"gpt-5-mini", canon.Charge{Nano: 450_000, Said: true}, "", exchange.Cost{Nano: 450_000, Priced: true, PriceID: "openai/gpt-5-mini@2026-11-19"}},
		{"gpt-5-mini", canon.Charge{Nano: 454_501, Said: true}, "", exchange.Cost{Nano: 450_000, Priced: true, PriceID: "openai/gpt-5-mini@2026-11-19"}},
		{"gpt-5-mini", canon.Charge{Nano: 460_000, Said: true}, "", exchange.Cost{Nano: 450_000, Priced: true, PriceID: "openai/gpt-5-mini@2026-11-19"}},
		{"gpt-5-mini", canon.Charge{}, "", exchange.Cost{Nano: 450_000, Priced: true, PriceID: "openai/gpt-5-mini@2026-11-19"}},
		{"gpt-5-nano", canon.Charge{}, "priority", exchange.Cost{Nano: 180_000, Priced: true, Assumed: true, PriceID: "openai/gpt-5-nano@2026-11-19+priority?"}},
	} {
		u.Charge, u.ServiceTier = c.charge, c.tier
		if ex := cost(u, "here", c.model); ex.Cost != c.want {
			t.Errorf("%s, %+v: it costs %+v, want %+v", c.model, c.charge, ex.Cost, c.want)
		}
	}
	for result, want := range map[string]float64{"taken": 2, "unfit": 1, "same": 2, "other": 1} {
		if got := counted(t, reg, "headgate_provider_costs_total", result); got != want {
			t.Errorf("%s: counted %v times, want %v", result, got, want)
		}
	}
	if got := counted(t, reg, "headgate_assumed_prices_total", "here"); got != 1 {
		t.Errorf("assumed prices: counted %v times", got)
	}
	if n, err := testutil.GatherAndCount(reg); err != nil || n != 5 {
		t.Errorf("%d series, %v", n, err)
	}
}

// counted is the value of a counter with a label of this value.
func counted(t *testing.T, reg *prometheus.Registry, name, value string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetValue() == value {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}
