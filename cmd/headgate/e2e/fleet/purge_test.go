package fleet

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// purged waits until so many purges are in effect at pairs.
func purged(t *testing.T, n float64, pairs ...*gatewaytest.Pair) {
	t.Helper()
	for _, p := range pairs {
		gatewaytest.Eventually(t, p.Node+" to have the purges", func() bool { return p.Metric("headgate_cache_purges_total") == n })
	}
}

// TestThePurgesOfACacheReachEveryPair holds that a purge is in effect at every pair that is linked
// when the command returns, at those of another control plane on the same database soon, and at a
// pair that comes later, also if the control plane was killed right after it had answered.
func TestThePurgesOfACacheReachEveryPair(t *testing.T) {
	t.Parallel()
	f, other := acrossPlanes(t, gatewaytest.Simulate(t, sim.Options{Keyless: true}), gatewaytest.Simulate(t, sim.Options{Keyless: true}))
	first, second := gatewaytest.NewOperator(t, f.XDS[0].Admin), gatewaytest.NewOperator(t, f.XDS[1].Admin)
	first.Says(0, []string{"cache", "purge", "--model", "m", "--reason", "it is wrong"}, "in effect at 1 of 1 pair,", "1 pair of other control planes")
	if n := f.Pairs[0].Metric("headgate_cache_purges_total"); n != 1 {
		t.Errorf("%v purges are in effect where the command was heard", n)
	}
	purged(t, 1, other)
	second.Says(0, []string{"cache", "purges"}, "model m", "it is wrong")
	first.Says(2, []string{"cache", "purge"}, "--all")
	first.Says(0, []string{"cache", "evict", "01JZ8Q4C7T3V5W6X7Y8Z9A0B1C"}, "in effect at 1 of 1 pair,")
	f.XDS[0].Kill()
	purged(t, 2, f.Pairs[0], other)
	gatewaytest.Eventually(t, "both pairs to be linked", func() bool { return f.XDS[1].Metric("headgate_pairs") == 2 })
	late := f.AddPair()
	f.StartExtProc(late)
	f.StartEnvoy(late)
	f.AwaitAnswer(late)
	purged(t, 2, f.Pairs[0], other, late)
	second.Says(0, []string{"cache", "purge", "--all", "-y"}, "in effect at 3 of 3 pairs,")
	purged(t, 3, f.Pairs[0], other, late)
	if list := second.Says(0, []string{"cache", "purges"}); strings.Contains(list, "model m") || !strings.Contains(list, " all ") {
		t.Errorf("listed:\n%s", list)
	}
	second.Says(0, []string{"audit", "--action", "cache.purge"}, "cache: model m", "cache: ids 01JZ8Q4C7T3V5W6X7Y8Z9A0B1C", "cache: all")
	if log := f.Pairs[0].Log(); strings.Count(log, "an operator has purged them") != 3 {
		t.Errorf("%s does not say so once for each: %s", f.Pairs[0].Node, log)
	}
}
