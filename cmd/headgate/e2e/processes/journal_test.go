package processes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// BenchmarkJournalCPU measures what the journal costs: the CPU of ext_proc and Envoy for each
// request with it and without, by the median of pairs of rounds, and the control plane's.
func BenchmarkJournalCPU(b *testing.B) {
	p := gatewaytest.Simulate(b, sim.Options{Keyless: true})
	f := gatewaytest.StartFleet(b, gatewaytest.FleetOptions{
		Policy: fmt.Sprintf("version: 1\nbackends: {s: {provider: simulated, url: %q}}\nmodels: {gpt-4o-mini: s/gpt-4o-mini, chain: {chain: [s/gpt-4o-mini, s/gpt-4o]}}\n", p.URL),
	})
	without := f.AddPair()
	without.Args = []string{"--state", ""} // nowhere to keep rows
	f.StartExtProc(without)
	f.StartEnvoy(without)
	f.AwaitAnswer(without)
	for _, load := range []struct {
		name, model string
		stream      bool
	}{{"json", "gpt-4o-mini", false}, {"stream", "gpt-4o-mini", true}, {"chain", "chain", false}} {
		b.Run(load.name, func(b *testing.B) {
			body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":%q}]}`, load.model, load.stream, strings.Repeat("word ", 200))
			for b.Loop() {
				compare(b, side{pair: f.Pairs[0], control: f.XDS[0]}, side{pair: without, control: f.XDS[0]}, body)
			}
		})
	}
}
