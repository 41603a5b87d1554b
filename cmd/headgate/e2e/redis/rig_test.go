// Package redis is about the balances that pairs share, and their loss.
package redis

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/extproc/sim"
)

const key = "hg-the-key-of-ann"

// rig is two pairs before a provider, with one Redis.
type rig struct {
	*gatewaytest.Fleet
	t      *testing.T
	at     *gatewaytest.Provider
	server *redistest.Server
}

// start starts pairs whose caller ann has a quota. Redis keeps on its disk what it has said.
func start(t *testing.T, quota, redis string) *rig {
	t.Helper()
	r := &rig{t: t, at: gatewaytest.Simulate(t, sim.Options{Keyless: true}), server: redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")}
	r.Fleet = gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Pairs: 2, Policy: gatewaytest.PolicyFor(r.at, "") + fmt.Sprintf("callers: {ann: {key: {env: ANN_KEY}, quota: %s}}\nredis: {url: {env: REDIS_URL}%s}\n", quota, redis),
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "ANN_KEY=" + key, "REDIS_URL=" + r.server.URL()},
	})
	for _, p := range r.Pairs {
		gatewaytest.Eventually(t, p.Node+" knows of both", func() bool { return p.Metric("headgate_fleet_pairs") == 2 })
	}
	return r
}

// ask asks a pair, and notes what it cost.
func (r *rig) ask(pair int) gatewaytest.Answer {
	r.t.Helper()
	return r.Pairs[pair].Chat(gatewaytest.ChatBody("once", "hello", false), "", "authorization", "Bearer "+key)
}

// cost is what the rows of all pairs add up to, in nano-USD, once so many exchanges have theirs.
func (r *rig) cost(exchanges int) (nano int64) {
	r.t.Helper()
	gatewaytest.Eventually(r.t, fmt.Sprintf("%d rows", exchanges), func() bool {
		rows := 0
		nano = 0
		for _, p := range r.Pairs {
			for _, row := range p.Rows() {
				if row.Model == "once" {
					rows++
				}
				if row.CostNano != nil {
					nano += *row.CostNano
				}
			}
		}
		return rows == exchanges
	})
	return nano
}

// used is what Redis says of the one limit that there is.
func (r *rig) used() int64 {
	r.t.Helper()
	client := r.server.Client()
	var used []int64
	for _, k := range client.Keys(r.t.Context(), "headgate:*").Val() {
		if strings.HasSuffix(k, ":claims") || strings.Contains(k, "probe/") {
			continue
		}
		for field, value := range client.HGetAll(r.t.Context(), k).Val() {
			if strings.HasPrefix(field, "u:") {
				n, _ := strconv.ParseInt(value, 10, 64)
				used = append(used, n)
			}
		}
	}
	if len(used) != 1 {
		return -1
	}
	return used[0]
}
