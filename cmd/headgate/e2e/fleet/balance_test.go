package fleet

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// TestTheHealthiestRegionGetsMore holds that users move away from a region whose answers begin
// later, as the pairs see it together, that operators can see why, that a control plane which is
// replaced goes on from there, and that the region gets its part back once it is mended.
func TestTheHealthiestRegionGetsMore(t *testing.T) {
	t.Parallel()
	us, eu := gatewaytest.Simulate(t, sim.Options{Keyless: true}), gatewaytest.Simulate(t, sim.Options{Keyless: true})
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{Pairs: 2, Policy: fmt.Sprintf(`version: 1
unpriced: flag
backends:
  us: {provider: openai-compatible, region: us, url: %q}
  eu: {provider: openai-compatible, region: eu, url: %q}
models: {m: {balance: health, chain: [[{use: us/m, weight: 50}, {use: eu/m, weight: 50}]]}}
`, us.URL, eu.URL)})
	if err := us.Script(sim.Rule{Do: sim.Behaviour{TTFT: 300 * time.Millisecond}}); err != nil {
		t.Fatal(err)
	}
	round := 0
	// inUS asks as 40 other users, and returns how many of them us has answered.
	inUS := func() int {
		round++
		var all sync.WaitGroup
		var n atomic.Int64
		for i := range 40 {
			all.Go(func() {
				user := fmt.Sprint("user-", round, "-", i)
				a := f.Pairs[i%2].Ask(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("m", "Where?", false), "", "x-headgate-user", user))
				if a.Status != 200 {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
				if a.Header.Get("x-headgate-backend") == "us" {
					n.Add(1)
				}
			})
		}
		all.Wait()
		return int(n.Load())
	}
	x := f.XDS[0]
	share := func() float64 { return x.Metric(`headgate_balance_share{model="m",region="",use="us/m"}`) }
	gatewaytest.Eventually(t, "us to lose", func() bool {
		inUS()
		s := share()
		return s > 0 && s <= 0.4
	})
	if status := x.Status(); !strings.Contains(status, "\nbalance\n") || !strings.Contains(status, "first token after 3") {
		t.Errorf("the status is\n%s", status)
	}
	gatewaytest.Eventually(t, "users to move", func() bool { return inUS() <= 12 })
	if err := us.Script(); err != nil {
		t.Fatal(err)
	}
	x.Kill()
	f.StartXDS(0)
	gatewaytest.Eventually(t, "the next control plane to go on", func() bool { return share() > 0 && share() < 0.7 })
	before := share()
	gatewaytest.Eventually(t, "us to get more", func() bool {
		inUS()
		return share() > before
	})
}
