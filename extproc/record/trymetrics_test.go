package record_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// counted are the series of these metrics after a row, short: the values of the labels, with slashes.
func counted(t *testing.T, r *policypb.Row) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	record.NewMetrics(reg).Take(r)
	out := map[string]float64{}
	for name, v := range series(t, reg) {
		for _, m := range []string{"headgate_attempts_total ", "headgate_fallbacks_total ", "headgate_fields_dropped_total "} {
			if labels, ok := strings.CutPrefix(name, m); ok {
				out[strings.TrimSuffix(strings.ReplaceAll(labels, ` model="m"`, ""), " ")] = v
			}
		}
	}
	return out
}

// lone is the row of a pool of one that was asked once.
func lone(result exchange.Result, by exchange.Party, status int32, more func(*policypb.Row)) *policypb.Row {
	r := &policypb.Row{Route: "m", Backend: "b", Written: "x", Attempts: 1, Outcome: string(result), By: string(by), Status: status}
	if more != nil {
		more(r)
	}
	return r
}

// TestAttemptsOfPoolsOfOne holds what the row of each ending counts for the one backend that was asked.
func TestAttemptsOfPoolsOfOne(t *testing.T) {
	first := func(r *policypb.Row) { r.FirstTokenNanos = new(int64(1)) }
	said := func(status int32) func(*policypb.Row) {
		return func(r *policypb.Row) { r.Error = &policypb.ProviderError{Status: status} }
	}
	for _, c := range []struct {
		row             *policypb.Row
		status, failure string
	}{
		{lone(exchange.OK, "", 200, first), "2xx", ""},
		{lone(exchange.Blocked, exchange.ByProvider, 403, first), "2xx", ""},
		{lone(exchange.ClientError, exchange.ByClient, 400, said(400)), "4xx", ""},
		{lone(exchange.Cancelled, exchange.ByClient, 200, first), "2xx", ""},
		{lone(exchange.Cancelled, exchange.ByClient, 0, nil), "none", "client_left"},
		{lone(exchange.ProviderRateLimited, exchange.ByProvider, 429, said(429)), "4xx", "limited"},
		{lone(exchange.ProviderRefusedKey, exchange.ByGateway, 401, nil), "4xx", "refused_key"},
		{lone(exchange.ProviderError, exchange.ByProvider, 503, nil), "5xx", "status"},
		{lone(exchange.ProviderError, exchange.ByProvider, 503, said(529)), "5xx", "overloaded"},
		{lone(exchange.ProviderError, exchange.ByProvider, 500, said(200)), "2xx", "error"},
		{lone(exchange.ProviderError, exchange.ByProvider, 502, func(r *policypb.Row) { r.Reason = string(exchange.ReasonUnprocessable) }), "2xx", "unreadable"},
		{lone(exchange.Cut, exchange.ByProvider, 200, first), "2xx", "cut"},
		{lone(exchange.Cut, exchange.ByProvider, 502, nil), "none", "cut"},
		{lone(exchange.IdleTimeout, exchange.ByProvider, 200, first), "2xx", "silent"},
		{lone(exchange.IdleTimeout, exchange.ByClient, 200, first), "2xx", ""},
		{lone(exchange.Timeout, exchange.ByProvider, 504, nil), "none", "timeout"},
		{lone(exchange.Deadline, exchange.ByProvider, 504, nil), "none", "deadline"},
		{lone(exchange.ConnectFailed, exchange.ByProvider, 503, nil), "none", "connect_failed"},
		{lone(exchange.NoHealthyBackend, exchange.ByProvider, 503, nil), "none", "no_address"},
		{lone(exchange.GatewayError, exchange.ByGateway, 503, nil), "none", "gateway"},
		{lone(exchange.Drained, exchange.ByGateway, 200, first), "2xx", "gateway"},
	} {
		want := map[string]float64{`backend="b" failure="` + c.failure + `" served="x" status="` + c.status + `"`: 1}
		if got := counted(t, c.row); !maps.Equal(got, want) {
			t.Errorf("%s by %q, status %d: %v, want %v", c.row.Outcome, c.row.By, c.row.Status, got, want)
		}
	}
	again := lone(exchange.OK, "", 200, first)
	again.Attempts = 3
	want := map[string]float64{`backend="b" failure="" served="x" status="2xx"`: 1, `backend="b" failure="tried_again" served="x" status="none"`: 2}
	if got := counted(t, again); !maps.Equal(got, want) {
		t.Errorf("retried: %v, want %v", got, want)
	}
	for _, none := range []*policypb.Row{{Route: "m", Outcome: "client_error"}, {Route: "m", Attempts: 1, UsageSource: "cached"}} {
		if got := counted(t, none); len(got) != 0 {
			t.Errorf("nobody was asked: %v", got)
		}
	}
}

// TestFallbacks holds that each step from one link to another counts once, with why, that tries of one
// link are none, and that what Envoy has not shown has no backend.
func TestFallbacks(t *testing.T) {
	at := func(backend, model string, status int32, fault exchange.Fault, failed bool) *policypb.Attempt {
		return &policypb.Attempt{Backend: backend, Model: model, Status: status, Fault: string(fault), Failed: failed}
	}
	chain := &policypb.Row{Route: "m", Outcome: "ok", Backend: "c", Status: 200, Attempts: 6, Tried: []*policypb.Attempt{
		at("a", "x", 500, "", true), at("a", "x", 529, "", true), at("a", "y", 0, "", true), at("b", "z", 200, "", true), at("c", "z", 200, "", false),
	}}
	want := map[string]float64{
		`backend="a" failure="status" served="x" status="5xx"`:     1,
		`backend="a" failure="overloaded" served="x" status="5xx"`: 1,
		`backend="a" failure="no_answer" served="y" status="none"`: 1,
		`backend="b" failure="cut" served="z" status="2xx"`:        1,
		`backend="c" failure="" served="z" status="2xx"`:           1,
		`backend="" failure="no_answer" served="" status="none"`:   1,
		`failure="overloaded" from="a/x" to="a/y"`:                 1,
		`failure="no_answer" from="a/y" to="b/z"`:                  1,
		`failure="cut" from="b/z" to="c/z"`:                        1,
	}
	if got := counted(t, chain); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, c := range []struct{ outcome, by, failure string }{
		{"exhausted", "provider", "no_answer"}, {"cancelled", "client", "client_left"}, {"drained", "gateway", "gateway"}, {"deadline", "provider", "deadline"},
	} {
		last := &policypb.Row{Route: "m", Outcome: c.outcome, By: c.by, Attempts: 1, Tried: []*policypb.Attempt{at("a", "x", 0, "", true)}}
		if got := counted(t, last); got[`backend="a" failure="`+c.failure+`" served="x" status="none"`] != 1 {
			t.Errorf("the last attempt of %s: %v", c.outcome, got)
		}
	}
}

// TestFieldsBecomeLabelsIfKnown holds that every field of every dialect is a label by its own name, once
// for each exchange, and that no other word of a client's is one.
func TestFieldsBecomeLabelsIfKnown(t *testing.T) {
	for _, d := range dialect.All {
		decoded, err := d.Decode([]byte(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"input":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range decoded.Names {
			field, _, _ := strings.Cut(name, ".")
			if field == "" {
				continue
			}
			got := counted(t, &policypb.Row{Route: "m", Backend: "b", Dropped: []string{name, name + "[3].x"}})
			if want := map[string]float64{`backend="b" field="` + field + `"`: 1}; !maps.Equal(got, want) {
				t.Errorf("%s of %s: %v", name, d.Name(), got)
			}
		}
	}
	got := counted(t, &policypb.Row{Route: "m", Backend: "b", Dropped: []string{"of_a_client", "messages[2].content[0]", "another", "messages[3]"}})
	if want := map[string]float64{`backend="b" field="other"`: 1, `backend="b" field="messages"`: 1}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
