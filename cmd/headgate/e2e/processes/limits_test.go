package processes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/extproc/sim"
)

// BenchmarkLimitsCPU measures what a key and the limits of a tier, a team and a model cost: the CPU
// of ext_proc and Envoy for each request with them and without, by the median of pairs of rounds.
func BenchmarkLimitsCPU(b *testing.B) {
	p := gatewaytest.Simulate(b, sim.Options{Keyless: true})
	const key = "hg-the-key-of-the-benchmark"
	backend := fmt.Sprintf("version: 1\nbackends: {s: {provider: simulated, url: %q}}\n", p.URL)
	bounded := backend + `
models: {gpt-4o-mini: {chain: [s/gpt-4o-mini], quota: {rpm: 100000000}}}
tiers: {all: {rpm: 100000000, tpm: 100000000, usd_per_day: 1000000}}
teams: {one: {usd_per_month: 1000000}}
callers: {bench: {key: {env: BENCH_KEY}, tier: all, team: one}}
`
	without := gatewaytest.StartFleet(b, gatewaytest.FleetOptions{Policy: backend + "models: {gpt-4o-mini: s/gpt-4o-mini}\n"})
	for _, c := range []struct{ name, more string }{{"memory", ""}, {"redis", "redis: {url: {env: BENCH_REDIS}}\n"}} {
		b.Run(c.name, func(b *testing.B) {
			env, store := []string{"BENCH_KEY=" + key}, 0
			if c.more != "" {
				server := redistest.Start(b)
				env, store = append(env, "BENCH_REDIS="+server.URL()), server.Pid()
			}
			with := gatewaytest.StartFleet(b, gatewaytest.FleetOptions{Policy: bounded + c.more, Env: env})
			body := fmt.Sprintf(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":%q}]}`, strings.Repeat("word ", 200))
			for b.Loop() {
				compare(b, side{with.Pairs[0], with.XDS[0], key, store}, side{without.Pairs[0], without.XDS[0], "none", 0}, body)
			}
		})
	}
}
