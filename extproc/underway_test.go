package extproc

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/policy"
)

// TestTheLogSaysThatABreakerIsNear holds that it does so at 80 % of the bound, once a minute at most,
// and not before; and that a model keeps its count when another policy raises the bound.
func TestTheLogSaysThatABreakerIsNear(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	at := time.Unix(1e9, 0)
	all := &allUnderWay{metrics: NewMetrics(prometheus.NewRegistry()), log: zap.New(core), now: func() time.Time { return at }, all: make(map[string]*underWay)}
	with := func(requests string) *underWay {
		set, err := policy.Parse("test.yaml", []byte(`version: 1
backends: {b: {provider: simulated, url: "https://b.example/v1"}}
models: {m: {chain: [b/x], breaker: {requests: `+requests+`}}}
unpriced: flag
`))
		if err != nil {
			t.Fatal(err)
		}
		return all.of(set)["m"]
	}
	u := with("10")
	for i, want := range []int{0, 0, 0, 0, 0, 0, 0, 1, 1} {
		if u.enter(); lines.Len() != want {
			t.Errorf("%d lines after %d requests, want %d", lines.Len(), i+1, want)
		}
	}
	at = at.Add(logEvery)
	if u = with("20"); u.count.Load() != 9 {
		t.Errorf("%d requests are under way", u.count.Load())
	}
	if u.enter(); lines.Len() != 1 {
		t.Error("the log warns of the bound of the policy before")
	}
	if u = with("12"); u.count.Load() == 10 {
		u.enter()
	}
	if lines.Len() != 2 {
		t.Errorf("%d lines in the next minute, want 2", lines.Len())
	}
	for range 11 {
		u.leave()
	}
	if n := u.count.Load(); n != 0 {
		t.Errorf("%d requests are under way after all have ended", n)
	}
}

// TestABreakersRefusalIsCounted holds so of Envoy's own reply, and of no other.
func TestABreakersRefusalIsCounted(t *testing.T) {
	r := newRig(t, testPolicy)
	for body, want := range map[string]float64{`{"error":{"code":"breaker_full"}}`: 1, `{"error":{"code":"backend_unavailable"}}`: 0} {
		before := r.gauge("headgate_breaker_refused_total")
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(H{":status", "503", "content-type", "application/json"}, false)
		s.ResponseBody(body, true)
		s.Cancel()
		r.idle()
		if n := r.gauge("headgate_breaker_refused_total") - before; n != want {
			t.Errorf("%s: %v are counted", body, n)
		}
	}
}
