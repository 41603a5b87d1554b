package limits

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

const million = 1_000_000_000_000_000 // nano-USD

// TestSumsAgreeWithTheProvider holds that after fifty clients asked at the same time, for answers,
// streams, translated and folded ones, and of chains whose first links fail, what is left of
// a budget is what the provider has not served.
func TestSumsAgreeWithTheProvider(t *testing.T) {
	t.Parallel()
	const clients, each = 50, 6
	r := start(t, `
  folded: {chain: [sim/plain], ask: stream}
  chain: {retries: 0, chain: ["sim/plain+status=500", claude/plain-claude]}
`, "  plain+status=500: {input: 1, output: 1}\n", map[string]string{"ann": "{rpm: 100000000, tpm: 100000000, usd_per_day: 1000000}"})
	models := []string{"plain", "plain-claude", "folded", "chain", "once"}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for j := range each {
				model := models[(i+j)%len(models)]
				body := gatewaytest.ChatBody(model, fmt.Sprintf("sum %d %d", i, j), (i+j)%2 == 0)
				a, err := r.Try(context.Background(), gatewaytest.ChatRequest("/v1/chat/completions", body, "", "authorization", "Bearer "+key("ann")))
				if err != nil || a.Status != 200 || a.Err != nil {
					t.Errorf("%s: %v %d %v", model, err, a.Status, a.Err)
				}
			}
		})
	}
	all.Wait()
	var served int64
	for _, s := range r.At.Settled() {
		if s.Status == 200 {
			served += gatewaytest.Nano(s.Usage)
		}
	}
	r.Eventually("the settlement", func() bool { return len(r.Rows()) > clients*each })
	if left := r.left("ann"); left != million-served || served == 0 {
		t.Errorf("%d nano-USD are left after %d were served: %d too many", left, served, left+served-million)
	}
}

// TestClientsThatLeaveArePaidFor holds what is left of a budget after clients have hung up: before
// an answer the whole estimate is gone, within one what came of it.
func TestClientsThatLeaveArePaidFor(t *testing.T) {
	t.Parallel()
	r := start(t, "", "", map[string]string{"early": "{usd_per_day: 1000000}", "late": "{usd_per_day: 1000000}"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		r.At.Received()
		cancel()
	}()
	body := gatewaytest.ChatBody("plain", "leaves early", false)
	_, _ = r.Try(ctx, gatewaytest.ChatRequest("/v1/chat/completions", body, "hang=headers", "authorization", "Bearer "+key("early")))
	r.Eventually("the row", func() bool { return len(r.of("plain")) == 1 })
	reserved := million - *r.of("plain")[0].LeftNano
	if left := r.left("early"); left != million-reserved || reserved <= 0 {
		t.Errorf("%d nano-USD are taken, %d were reserved", million-left, reserved)
	}
	s := r.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("renamed", "leaves late", true), "hang=6", "authorization", "Bearer "+key("late")))
	for range 4 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	r.Eventually("the row", func() bool { return len(r.of("renamed")) == 1 })
	row := r.of("renamed")[0]
	if left := r.left("late"); row.CostNano == nil || left != million-*row.CostNano || row.UsageSource != "estimated" {
		t.Errorf("%d nano-USD are taken, the row is %+v", million-left, row)
	}
}

// TestAShadowRefusesNothing holds that it counts what it would refuse.
func TestAShadowRefusesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, "", "", map[string]string{"ann": "{rpm: 2, mode: shadow}"})
	for range 5 {
		a := r.chat("ann", "plain", "")
		gatewaytest.MustOK(t, a)
		if got := limitHeaders(a); len(got) > 0 {
			t.Errorf("a shadow shows %v", got)
		}
	}
	if n := r.Metric(`headgate_limit_exceeded_total{mode="shadow",of="key",tier="",unit="requests"}`); n != 3 {
		t.Errorf("it would have refused %v requests, want 3", n)
	}
}

// TestAQuotaChangesWhileTrafficGoesOn holds that a new bound counts at once, and that what was
// used before still does.
func TestAQuotaChangesWhileTrafficGoesOn(t *testing.T) {
	t.Parallel()
	r := start(t, "", "", map[string]string{"ann": "{rpm: 3}"})
	for range 3 {
		gatewaytest.MustOK(t, r.chat("ann", "plain", ""))
	}
	if a := r.chat("ann", "plain", ""); a.Status != 429 {
		t.Fatalf("status %d", a.Status)
	}
	r.edit("{rpm: 3}", "{rpm: 100}")
	r.Eventually("the new quota", func() bool { return r.chat("ann", "plain", "").Status == 200 })
	a := r.chat("ann", "plain", "")
	if got := a.Header.Get("x-ratelimit-limit-requests"); got != "100" {
		t.Errorf("the limit is %s", got)
	}
	var left int
	if _, err := fmt.Sscan(a.Header.Get("x-ratelimit-remaining-requests"), &left); err != nil || left > 96 {
		t.Errorf("%d are left although five were used", left)
	}
}

// edit replaces a text of the policy.
func (r *rig) edit(from, to string) {
	text, err := os.ReadFile(r.Policy)
	if err != nil {
		panic(err)
	}
	r.Write(strings.Replace(string(text), from, to, 1))
}
