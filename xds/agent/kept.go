package agent

import (
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/xds/ads"
)

// keptCluster is a cluster that the revision in effect does not have.
type keptCluster struct {
	resource ads.Resource
	until    time.Time // zero: as long as the revision that has it is in effect
}

// retain keeps the clusters of the good revision that the one on its way lacks.
func (a *Agent) retain() {
	if a.good == nil {
		return
	}
	for name, item := range a.good.set[resourcev3.ClusterType].Items {
		if _, stays := a.next.set[resourcev3.ClusterType].Items[name]; !stays {
			a.kept[name] = keptCluster{resource: item}
		}
	}
}

// expireKept lets the clusters go that were kept for a revision which has ended, once
// its exchanges can no longer need them.
func (a *Agent) expireKept(linger time.Duration) {
	for name, k := range a.kept {
		if k.until.IsZero() {
			k.until = time.Now().Add(linger)
			a.kept[name] = k
		}
	}
}

// keepAfterRefusal leaves in what is kept what is needed when a revision is taken back. At the
// clusters stage nothing routed to its own. Later exchanges may have begun with it;
// and where there is no good revision to go back to, an Envoy goes on routing by it.
func (a *Agent) keepAfterRefusal(b *bundle) {
	for name, k := range a.kept {
		if a.good != nil && k.until.IsZero() {
			delete(a.kept, name) // the good revision has it
		}
	}
	if a.progress != offeringRoutes {
		return
	}
	until := time.Time{}
	if a.good != nil {
		until = time.Now().Add(b.policy.GetLinger().AsDuration())
	}
	for name, item := range b.set[resourcev3.ClusterType].Items {
		if k, kept := a.kept[name]; !kept || until.IsZero() || k.until.Before(until) {
			a.kept[name] = keptCluster{item, until}
		}
	}
}

// dropExpired drops clusters that no exchange can need any more.
func (a *Agent) dropExpired() {
	dropped := false
	for name, k := range a.kept {
		if !k.until.IsZero() && !a.now.Before(k.until) {
			delete(a.kept, name)
			dropped = true
		}
	}
	if dropped {
		a.offer()
	}
}
