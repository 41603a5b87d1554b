package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
)

// probes are how many scopes a probe asks: enough for each node of a small cluster to have one.
const probes = 16

// Probe reports whether scripts can write, on each node. A reader could not know: replicas answer,
// and so do servers without memory. The client of a cluster asks anew which nodes there are: one
// that is gone cannot say that another has taken its place.
func (s *Store) Probe(ctx context.Context) error {
	if c, ok := s.client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
	all := make([]ledger.Settlement, probes)
	for i := range all {
		limit := ledger.Limit{Scope: fmt.Sprintf("probe/%d", i), Name: "probe", Max: 1, Period: time.Second}
		all[i] = ledger.Settlement{
			Claim: &ledger.Claim{ID: fmt.Sprint(time.Now().UnixNano()), TTL: time.Second, Limits: []ledger.Limit{limit}}, Used: []int64{0},
		}
	}
	_, err := s.SettleAll(ctx, all)
	return err
}
