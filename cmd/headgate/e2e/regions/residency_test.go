// Package regions shows what a gateway before backends of several regions does: which it
// may ask, and how soon another one answers if one is lost.
package regions

import (
	"fmt"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// residency is a policy with a model that keeps to the EU, whatever its chain says, and
// one that does not.
func residency(us, eu, nowhere string) string {
	return fmt.Sprintf(`version: 1
unpriced: flag
backends:
  us: {provider: simulated, region: us, url: %q}
  eu: {provider: simulated, region: eu, url: %q}
  nowhere: {provider: simulated, url: %q}
models:
  kept: {regions_only: [eu], retries: 0, chain: [us/m, [{use: eu/m}, {use: us/m, weight: 100}], nowhere/m]}
  free: {retries: 0, chain: [eu/m, us/m, nowhere/m]}
`, us, eu, nowhere)
}

// TestModelsKeepToTheirRegions holds that a model which keeps to a region is served from
// there alone, even if all of it fails, by pairs of the release before, too.
func TestModelsKeepToTheirRegions(t *testing.T) {
	for name, binary := range map[string]string{"this version": "", "a pair of the release before": gatewaytest.Release(t)} {
		t.Run(name, func(t *testing.T) {
			var all [3]*gatewaytest.Provider // us, eu, nowhere
			for i := range all {
				all[i] = gatewaytest.Simulate(t, sim.Options{Keyless: true})
			}
			document := residency(all[0].URL, all[1].URL, all[2].URL)
			f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Policy: document, PairBinary: binary})
			pair := f.Pairs[0]
			pair.AwaitPolicy(gatewaytest.RevisionOf(t, document))
			for i := range 10 {
				mark := fmt.Sprint("well-", i)
				gatewaytest.MustOK(t, pair.Chat(gatewaytest.ChatBody("kept", mark, false), ""))
				all[1].Find(mark)
			}
			if a := pair.Chat(gatewaytest.ChatBody("kept", "failing", false), "status=500"); a.Status != 500 {
				t.Errorf("the region fails: status %d, want 500: %s", a.Status, a.Body)
			}
			pair.Chat(gatewaytest.ChatBody("free", "everywhere", false), "status=500")
			for i, p := range all {
				p.Find("everywhere")
				if n := len(p.Settled()); i != 1 && n != 1 {
					t.Errorf("backend %d, which is elsewhere, was asked %d times for a model that keeps to the region", i, n-1)
				}
			}
		})
	}
}
