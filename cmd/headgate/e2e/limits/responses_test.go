package limits

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestLimitsCountResponses holds that quotas count what clients of OpenAI's Responses ask, whole
// and streamed, at a backend that has the API and at one of another dialect: each request, and
// what it cost to the nano-USD.
func TestLimitsCountResponses(t *testing.T) {
	t.Parallel()
	callers := map[string]string{}
	for _, model := range []string{"plain", "plain-claude"} {
		for _, stream := range []bool{false, true} {
			callers[caller(model, stream)] = "{rpm: 2, usd_per_day: 1}"
		}
	}
	r := start(t, "", "", callers)
	for _, model := range []string{"plain", "plain-claude"} {
		for _, stream := range []bool{false, true} {
			t.Run(caller(model, stream), func(t *testing.T) { r.with(t).counted(t, model, stream) })
		}
	}
}

func caller(model string, stream bool) string { return fmt.Sprintf("%s-%t", model, stream) }

func (r *rig) counted(t *testing.T, model string, stream bool) {
	who, cost := caller(model, stream), int64(0)
	respond := func() gatewaytest.Answer {
		body := fmt.Sprintf(`{"model":%q,"stream":%t,"max_output_tokens":64,"input":[{"role":"user","content":"hello"}]}`, model, stream)
		return r.Ask(gatewaytest.ChatRequest("/v1/responses", body, "tokens=9", "authorization", "Bearer "+key(who)))
	}
	for range 2 {
		a := respond()
		gatewaytest.MustOK(t, a)
		row := r.Row(a.Exchange())
		if row.Caller != who || row.Dialect != "responses" || row.CostNano == nil || row.UsageSource != "provider" {
			t.Fatalf("row %+v", row)
		}
		cost += *row.CostNano
	}
	if left := r.left(who); left != 1_000_000_000-cost {
		t.Errorf("%d nano-USD are left, want %d", left, 1_000_000_000-cost)
	}
	a := respond()
	if a.Status != 429 || a.Header.Get("retry-after") == "" || a.Header.Get("x-ratelimit-remaining-requests") != "0" || !strings.Contains(a.Body, `"type":"requests"`) {
		t.Errorf("the third: status %d, %v: %s", a.Status, limitHeaders(a), a.Body)
	}
}
