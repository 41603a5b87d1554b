package agent

import (
	"maps"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads"
)

// keptClusters are names of clusters that only exchanges under way need, each with the
// time until which they may; zero: as long as the revision that has it is in effect. An
// Envoy that has such a cluster keeps it. One that has not began none of those exchanges,
// and is not given it.
type keptClusters map[string]time.Time

// retain keeps the clusters of the good revision that the one on its way lacks.
func (a *Agent) retain() {
	if a.good == nil {
		return
	}
	for name := range a.good.clusters() {
		if _, stays := a.next.clusters()[name]; !stays {
			a.kept[name] = time.Time{}
		}
	}
}

// expireKept sets when clusters go that were kept for a revision which has ended: once
// its exchanges can no longer need them.
func (a *Agent) expireKept(linger time.Duration) {
	for name, until := range a.kept {
		if until.IsZero() {
			a.kept[name] = time.Now().Add(linger)
		}
	}
}

// keepAfterRefusal leaves what is needed after a revision was taken back. While Envoys
// were offered its clusters, nothing routed to them. Later exchanges may have begun with
// it; and if there is no good revision to go back to, an Envoy goes on routing by it.
func (a *Agent) keepAfterRefusal(b *bundle) {
	maps.DeleteFunc(a.kept, func(_ string, until time.Time) bool {
		return a.good != nil && until.IsZero() // the good revision has it
	})
	if a.progress != offeringRoutes {
		return
	}
	until := time.Time{}
	if a.good != nil {
		until = time.Now().Add(b.policy.GetLinger().AsDuration())
	}
	for name := range b.clusters() {
		if before, kept := a.kept[name]; !kept || until.IsZero() || before.Before(until) {
			a.kept[name] = until
		}
	}
}

// dropExpired drops clusters that no exchange can need any more.
func (a *Agent) dropExpired() {
	before := len(a.kept)
	maps.DeleteFunc(a.kept, func(_ string, until time.Time) bool { return !until.IsZero() && !a.now.Before(until) })
	if len(a.kept) < before {
		a.offer()
	}
}

// clusters are a revision's own, by name.
func (b *bundle) clusters() map[string]ads.Resource { return b.set[resourcev3.ClusterType].Items }
