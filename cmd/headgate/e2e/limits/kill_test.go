package limits

import (
	"context"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

// TestAKilledGatewayGivesItsClaimsBack holds that what a gateway had reserved in Redis when it was
// killed is there again once the claim is over: the model's total, and five seconds.
func TestAKilledGatewayGivesItsClaimsBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := start(t, "  brief: {chain: [sim/plain], total: 10s}\n", "redis: {url: {env: HEADGATE_E2E_REDIS}}\n",
		map[string]string{"ann": "{usd_per_day: 1000000}"}, "HEADGATE_E2E_REDIS="+"redis://"+server.Addr)
	gatewaytest.MustOK(t, r.chat("ann", "brief", ""))
	var before int64
	r.Eventually("the settlement", func() bool { before = r.left("ann"); return before == million-*r.of("brief")[0].CostNano })
	go func() {
		body := gatewaytest.ChatBody("brief", "hangs", false)
		_, _ = r.Try(context.Background(), gatewaytest.ChatRequest("/v1/chat/completions", body, "hang=headers", "authorization", "Bearer "+key("ann")))
	}()
	r.At.Received()
	r.Process.Kill()
	r.StartAgain()
	if left := r.left("ann"); left >= before {
		t.Errorf("%d nano-USD are left before the claim is over, as many as before it", left)
	}
	r.Eventually("the end of the claim", func() bool { return r.left("ann") == before })
}
