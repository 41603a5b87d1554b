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
func (r *Agent) retain() {
	if r.good == nil {
		return
	}
	for name, item := range r.good.set[resourcev3.ClusterType].Items {
		if _, stays := r.next.set[resourcev3.ClusterType].Items[name]; !stays {
			r.kept[name] = keptCluster{resource: item}
		}
	}
}

// release lets the clusters go that were kept for a revision which has ended, once
// its exchanges can no longer need them.
func (r *Agent) release(linger time.Duration) {
	for name, k := range r.kept {
		if k.until.IsZero() {
			k.until = time.Now().Add(linger)
			r.kept[name] = k
		}
	}
}

// unwind leaves in what is kept what is needed when a revision is taken back. At the
// clusters stage nothing routed to its own. Later exchanges may have begun with it;
// and where there is no good revision to go back to, an Envoy goes on routing by it.
func (r *Agent) unwind(b *bundle) {
	for name, k := range r.kept {
		if r.good != nil && k.until.IsZero() {
			delete(r.kept, name) // the good revision has it
		}
	}
	if r.stage != routes {
		return
	}
	until := time.Time{}
	if r.good != nil {
		until = time.Now().Add(b.policy.GetLinger().AsDuration())
	}
	for name, item := range b.set[resourcev3.ClusterType].Items {
		if k, kept := r.kept[name]; !kept || until.IsZero() || k.until.Before(until) {
			r.kept[name] = keptCluster{item, until}
		}
	}
}

// forget drops clusters that no exchange can need any more.
func (r *Agent) forget() {
	dropped := false
	for name, k := range r.kept {
		if !k.until.IsZero() && !r.now.Before(k.until) {
			delete(r.kept, name)
			dropped = true
		}
	}
	if dropped {
		r.give()
	}
}
