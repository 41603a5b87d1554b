package record_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
)

// TestMetrics holds the names and labels of the metrics, which dashboards rely on, and
// what one exchange of each kind adds to them.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := record.NewCloser(reg, nil, record.NewMetrics(reg))
	c.Add(fullExchange(), exchange.Outcome{Result: exchange.ProviderError, By: exchange.ByProvider})
	c.Add(refusedExchange(), exchange.Outcome{Result: exchange.ClientError, By: exchange.ByClient})
	unpriced := freeExchange(false)
	unpriced.Model, unpriced.Route.Backend, unpriced.Usage.Input = "m", "b", 7
	c.Add(unpriced, exchange.Outcome{Result: exchange.OK})
	want := map[string]float64{
		`headgate_requests_total backend="claude" by="provider" model="gpt-4o" outcome="provider_error" reason="provider_answer_unreadable"`: 1,
		`headgate_requests_total backend="" by="client" model="" outcome="client_error" reason="model_not_found"`:                            1,
		`headgate_requests_total backend="b" by="" model="m" outcome="ok" reason=""`:                                                         1,
		`headgate_request_duration_seconds model="gpt-4o" stream="true"`:                                                                     12.345678999,
		`headgate_request_duration_seconds model="" stream="false"`:                                                                          0.00042,
		`headgate_request_duration_seconds model="m" stream="false"`:                                                                         0,
		`headgate_time_to_first_token_seconds model="gpt-4o" stream="true"`:                                                                  0.345678901,
		`headgate_time_to_first_token_seconds model="m" stream="false"`:                                                                      0,
		`headgate_cost_usd_total backend="claude" model="gpt-4o"`:                                                                            1.23456789,
		`headgate_unpriced_total backend="b" model="m"`:                                                                                      1,
		`headgate_tokens_total backend="b" kind="input" model="m" source="estimated"`:                                                        7,
		`headgate_cost_usd_total backend="gpt" model="gpt-4o"`:                                                                               7.7e-08,
		`headgate_unpriced_total backend="gpt" model="gpt-4o"`:                                                                               1,
		`headgate_tokens_total backend="gpt" kind="input" model="gpt-4o" source="estimated"`:                                                 44,
		`headgate_tokens_total backend="gpt" kind="cache_read" model="gpt-4o" source="estimated"`:                                            22,
		`headgate_endings_total account="joined"`:                                                                                            0,
		`headgate_endings_total account="missing"`:                                                                                           0,
	}
	for i, kind := range []string{"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output"} {
		want[fmt.Sprintf(`headgate_tokens_total backend="claude" kind=%q model="gpt-4o" source="provider"`, kind)] = float64(11 + i)
	}
	if got := series(t, reg); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// series returns the value of every series by its name and labels; of a histogram, the sum.
func series(t *testing.T, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += fmt.Sprintf(" %s=%q", l.GetName(), l.GetValue())
			}
			all[name] = m.GetCounter().GetValue() + m.GetHistogram().GetSampleSum()
		}
	}
	return all
}
