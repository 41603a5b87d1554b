package keys

import (
	"encoding/json"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/xds/key"
)

// TestWhatIsLeftToAKey holds that headgate key show has the live balances of each pair: together
// they lack what the provider was asked for, and not more.
func TestWhatIsLeftToAKey(t *testing.T) {
	t.Parallel()
	const budget = 1_000_000_000
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: policyOf(p, "tiers: {free: {usd_per_month: 1}}\n"), Pairs: 2, Env: environment})
	o := gatewaytest.NewOperator(t, f.XDS[0].Admin)
	var made key.Made
	decode(t, o.Says(0, []string{"key", "create", "app", "--tier", "free", "-o", "json"}), &made)
	awaits(t, "a new key", made.Text, ok, f.Pairs...)
	for range 3 {
		takes(t, "the key", made.Text, ok, f.Pairs[0])
	}
	used := int64(0)
	for _, s := range p.Settled() {
		used += gatewaytest.Nano(s.Usage)
	}
	var left map[string]int64
	gatewaytest.Eventually(t, "what was used is settled", func() bool {
		var shown struct{ Balances key.Balances }
		decode(t, o.Says(0, []string{"key", "show", "app", "-o", "json"}), &shown)
		left = map[string]int64{}
		for _, b := range shown.Balances.Limits {
			left[b.Pair] = b.Left
		}
		return left["pair-1"]+left["pair-2"] == 2*budget-used
	})
	if left["pair-1"] >= left["pair-2"] || left["pair-2"] >= budget {
		t.Errorf("four requests at one pair and one at the other leave %v", left)
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
