package agent

import (
	"maps"
	"strings"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/ads"
)

// envoy is one that is connected.
type envoy struct {
	client    ads.Client // as the agent has looked last
	connected bool       // it was then; else Left will tell
	phase     phase
	ailing    bool // it refused the clusters before the revision on its way, which is not to blame
}

// phase is how far an Envoy that has joined has come. It may route by whatever there
// was when it was here last.
type phase int

const (
	greeted phase = iota // it is given the clusters that it lacks, and loses none
	led                  // it is given the listeners and routes as well
	settled              // it is given what all have
)

// share is what an Envoy is given of a set.
func (e *envoy) share(set ads.Set) ads.Set {
	clusters := set[resourcev3.ClusterType]
	switch {
	case e.phase == settled || clusters == nil:
		return set
	case e.phase == led:
		return set.With(resourcev3.ClusterType, clusters.Added())
	}
	return ads.Set{resourcev3.ClusterType: clusters.Added()}
}

var _ ads.Owner = (*Agent)(nil)

// Joined implements ads.Owner.
func (r *Agent) Joined(c ads.Client) (ads.Set, error) {
	r.do(func() {
		e := &envoy{}
		r.envoys[c.ID], r.joined = e, true
		r.metrics.envoys.Set(float64(len(r.envoys)))
		r.log.Info("an Envoy follows this pair", zap.String("node", c.Node.GetId()), zap.Int("envoys", len(r.envoys)))
		r.hub.Give(c.ID, e.share(*r.current.Load()))
	})
	return (&envoy{}).share(*r.current.Load()), nil
}

// Moved implements ads.Owner.
func (r *Agent) Moved(_ int64, refusal *ads.Refusal) {
	r.do(func() {
		if refusal != nil {
			r.lament(refusal)
		}
	})
}

// lament tells of a refusal of what is in effect. It concerns one Envoy, which has been
// started beside the one that took it, and changes nothing.
func (r *Agent) lament(refusal *ads.Refusal) {
	given := (*r.current.Load())[refusal.Type]
	if r.stage != idle || given == nil || given.Version != refusal.Version {
		return // it was of a revision on its way, and is dealt with there
	}
	r.metrics.refusals.WithLabelValues(ads.Kind(refusal.Type)).Inc()
	r.log.Error("Envoy refused what is in effect", zap.String("type", ads.Kind(refusal.Type)), zap.String("reason", refusal.Reason))
}

// Left implements ads.Owner.
func (r *Agent) Left(id int64) {
	r.do(func() {
		delete(r.envoys, id)
		r.metrics.envoys.Set(float64(len(r.envoys)))
		if len(r.envoys) == 0 {
			r.alone = time.Now()
			r.log.Warn("the last Envoy has left; none is connected")
		}
	})
}

// clustersOf is the part of a set that holds the clusters.
func clustersOf(set ads.Set) ads.Set {
	if set[resourcev3.ClusterType] == nil {
		return ads.Set{}
	}
	return ads.Set{resourcev3.ClusterType: set[resourcev3.ClusterType]}
}

// look takes over what is known of Envoys now. What they answer later counts at the
// next look, for which Moved sees to.
func (r *Agent) look() {
	for id, e := range r.envoys {
		e.client, e.connected = r.hub.Client(id)
	}
}

// give offers Envoys what they should have at this stage.
func (r *Agent) give() {
	set := r.target()
	r.current.Store(&set)
	for id, e := range r.envoys {
		r.hub.Give(id, e.share(set))
	}
}

// admit leads Envoys that have joined to where the others are. One that refuses
// clusters goes on with those that it can take; one that refuses the rest keeps the
// clusters to which it routes. It reports whether there was one to lead.
func (r *Agent) admit() (admitted bool) {
	set := *r.current.Load()
	for id, e := range r.envoys {
		share := e.share(set)
		if !e.connected || e.phase == settled || !e.client.Has(share) && (e.phase == led || e.client.Refused(share) == nil) {
			continue
		}
		e.phase, admitted = e.phase+1, true
		r.hub.Give(id, e.share(set))
	}
	return admitted
}

// everyEnvoyHas tells whether all Envoys have a set. What one of them refused holds
// nothing up where refusal has found no fault in it. Without any it waits a while for
// one to return.
func (r *Agent) everyEnvoyHas(set ads.Set) bool {
	for _, e := range r.envoys {
		if !e.connected || !e.client.Has(set) && e.client.Refused(set) == nil {
			return false
		}
	}
	return len(r.envoys) > 0 || r.now.Sub(r.alone) >= absent
}

// refusal returns what an Envoy will not take of what the revision on its way brings.
func (r *Agent) refusal() *ads.Refusal {
	for _, e := range r.envoys {
		if refusal := r.fault(e); refusal != nil {
			return refusal
		}
	}
	return nil
}

// fault returns why the revision on its way does not work at an Envoy, or nil. An
// ailing one refuses clusters anyhow: then it is the revision's fault where Envoy names
// one that it has, and an old one where the good revision has it, too.
func (r *Agent) fault(e *envoy) *ads.Refusal {
	if refusal := e.client.Refused(r.brought(e)); refusal != nil || !e.ailing {
		return refusal
	}
	refusal := e.client.Refused(clustersOf(*r.current.Load()))
	if refusal == nil || r.next == nil || !names(refusal.Reason, r.next.set) {
		return nil
	}
	refusal.Old = r.good != nil && names(refusal.Reason, r.good.set)
	return refusal
}

// names tells whether Envoy's words name a pool of a set.
func names(reason string, set ads.Set) bool {
	for name := range set[resourcev3.ClusterType].Items {
		if strings.HasPrefix(name, "pool/") && strings.Contains(reason, name) {
			return true
		}
	}
	return false
}

// brought is what the revision on its way changes for an Envoy: refusals of the rest
// are older than it is.
func (r *Agent) brought(e *envoy) ads.Set {
	set := maps.Clone(*r.current.Load())
	for typ, given := range set {
		if typ == resourcev3.ClusterType {
			if e.ailing {
				delete(set, typ)
			}
		} else if r.good != nil && r.good.set[typ].Version == given.Version {
			delete(set, typ)
		}
	}
	return set
}

// examine notes which Envoys are ailing.
func (r *Agent) examine() {
	for _, e := range r.envoys {
		e.ailing = e.client.Refused(clustersOf(*r.current.Load())) != nil
	}
}
