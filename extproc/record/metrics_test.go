package record_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
		`headgate_cache_requests_total model="gpt-4o" result="miss"`:                                                                         1,
		`headgate_attempts_total backend="gpt" failure="no_answer" model="gpt-4o" served="gpt-4o" status="none"`:                             1,
		`headgate_attempts_total backend="gpt" failure="limited" model="gpt-4o" served="gpt-4o" status="4xx"`:                                1,
		`headgate_attempts_total backend="gpt" failure="empty" model="gpt-4o" served="gpt-4o" status="2xx"`:                                  1,
		`headgate_attempts_total backend="gpt" failure="silent" model="gpt-4o" served="gpt-4o" status="2xx"`:                                 2,
		`headgate_attempts_total backend="claude" failure="unreadable" model="gpt-4o" served="*" status="2xx"`:                               1,
		`headgate_fallbacks_total failure="silent" from="gpt/gpt-4o" model="gpt-4o" to="claude/*"`:                                           1,
		`headgate_caller_requests_total caller="" outcome="client_error"`:                                                                    1,
		`headgate_caller_requests_total caller="" outcome="ok"`:                                                                              1,
		`headgate_caller_requests_total caller="(hop)" outcome="provider_error"`:                                                             1,
		`headgate_fields_dropped_total backend="claude" field="seed"`:                                                                        1,
		`headgate_fields_dropped_total backend="claude" field="logit_bias"`:                                                                  1,
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

// TestMetricsOfTheCache holds what answers from the cache, and hits that were asked anew, add: the
// former consume nothing, and the latter make the rate of wrong hits of their model.
func TestMetricsOfTheCache(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := record.NewCloser(reg, nil, record.NewMetrics(reg))
	ok := exchange.Outcome{Result: exchange.OK}
	for range 2 {
		c.Add(cachedExchange(), ok)
	}
	if got := series(t, reg); len(got) != 9 {
		t.Errorf("nothing was verified, and there is %v", got)
	}
	c.Add(verifiedExchange(), ok)
	for range 3 {
		same := verifiedExchange()
		same.Cached.Verdict, same.Cached.NotStored = exchange.CacheSame, ""
		c.Add(same, ok)
	}
	near := verifiedExchange()
	near.Model, near.Cached.Compared, near.Cached.Similarity, near.Cached.NotStored = "near", true, .97, ""
	c.Add(near, ok)
	unknown := verifiedExchange()
	unknown.Model, unknown.Cached.Verdict = "other", ""
	c.Add(unknown, ok)
	want := map[string]float64{
		`headgate_requests_total backend="" by="" model="gpt-4o" outcome="ok" reason=""`: 6,
		`headgate_caller_requests_total caller="" outcome="ok"`:                          8,
		`headgate_requests_total backend="" by="" model="other" outcome="ok" reason=""`:  1,
		`headgate_request_duration_seconds model="gpt-4o" stream="false"`:                0.0016,
		`headgate_request_duration_seconds model="other" stream="false"`:                 0,
		`headgate_time_to_first_token_seconds model="gpt-4o" stream="false"`:             0.0014,
		`headgate_cache_requests_total model="gpt-4o" result="semantic_hit"`:             2,
		`headgate_cache_requests_total model="gpt-4o" result="verified"`:                 4,
		`headgate_cache_requests_total model="other" result="verified"`:                  1,
		`headgate_cache_not_stored_total model="gpt-4o" reason="tool_calls"`:             1,
		`headgate_cache_not_stored_total model="other" reason="tool_calls"`:              1,
		`headgate_cache_saved_usd_total model="gpt-4o"`:                                  0.003,
		`headgate_cache_saved_seconds_total model="gpt-4o"`:                              4,
		`headgate_cache_verified_total kind="exact" model="gpt-4o" verdict="other"`:      1,
		`headgate_cache_verified_total kind="exact" model="gpt-4o" verdict="same"`:       3,
		`headgate_cache_wrong_hit_ratio bound="low" kind="exact" model="gpt-4o"`:         0.0456,
		`headgate_cache_wrong_hit_ratio bound="point" kind="exact" model="gpt-4o"`:       0.25,
		`headgate_cache_wrong_hit_ratio bound="high" kind="exact" model="gpt-4o"`:        0.6994,
		`headgate_requests_total backend="" by="" model="near" outcome="ok" reason=""`:   1,
		`headgate_request_duration_seconds model="near" stream="false"`:                  0,
		`headgate_cache_requests_total model="near" result="verified"`:                   1,
		`headgate_cache_verified_total kind="semantic" model="near" verdict="other"`:     1,
		`headgate_cache_wrong_hit_ratio bound="low" kind="semantic" model="near"`:        0.2065,
		`headgate_cache_wrong_hit_ratio bound="point" kind="semantic" model="near"`:      1,
		`headgate_cache_wrong_hit_ratio bound="high" kind="semantic" model="near"`:       1,
		`headgate_endings_total account="joined"`:                                        0,
		`headgate_endings_total account="missing"`:                                       0,
	}
	if diff := cmp.Diff(want, series(t, reg), cmpopts.EquateApprox(0, 5e-5)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
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
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
		}
	}
	return all
}
