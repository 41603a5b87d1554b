package relay

import (
	"maps"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// step does what can be done now, and sets the alarm for what cannot yet.
func (r *Relay) step() {
	for r.stepped() {
	}
	r.forget()
	r.wakeup.Reset(r.due())
}

// stepped goes one stage on. False: it waits for something.
func (r *Relay) stepped() bool {
	if r.stage == idle {
		b := r.whole()
		if b == nil {
			return false
		}
		r.begin(b)
		return true
	}
	if refusal := r.refusal(); refusal != nil {
		r.refuse(refusal)
		return true
	}
	if r.stage == clusters && r.everyEnvoyHas(ads.Set{resourcev3.ClusterType: (*r.current.Load())[resourcev3.ClusterType]}) && !time.Now().Before(r.settled) {
		r.at(routes)
		r.give()
		return true
	}
	if r.stage == routes && r.everyEnvoyHas(*r.current.Load()) {
		r.commit()
		return true
	}
	return false
}

func (r *Relay) at(s stage) { r.stage, r.since = s, time.Now() }

// begin puts a policy into effect in ext_proc, and gives Envoy its clusters.
func (r *Relay) begin(b *bundle) {
	if err := r.options.Apply(b.policy); err != nil {
		r.reject(b, &ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		return
	}
	r.disk.save(r.good, b, r.log)
	if r.good != nil {
		for name, item := range r.good.set[resourcev3.ClusterType].Items {
			if _, stays := b.set[resourcev3.ClusterType].Items[name]; !stays {
				r.kept[name] = keptCluster{resource: item}
			}
		}
	}
	r.next = b
	r.at(clusters)
	before := (*r.current.Load())[resourcev3.ClusterType]
	r.settled = time.Time{}
	if before != nil && resolvesNew(b.set[resourcev3.ClusterType], before) {
		r.settled = time.Now().Add(settle)
	}
	r.give()
}

// resolvesNew tells whether there are clusters whose names Envoy must resolve first.
func resolvesNew(now, before *ads.Resources) bool {
	for name, item := range now.Items {
		if _, old := before.Items[name]; old {
			continue
		}
		c := &clusterv3.Cluster{}
		if err := item.Value.UnmarshalTo(c); err != nil || c.GetClusterType() != nil {
			return true
		}
	}
	return false
}

// give offers Envoys what they should have at this stage.
func (r *Relay) give() {
	set := r.target()
	r.current.Store(&set)
	for id := range r.envoys {
		r.hub.Give(id, set)
	}
}

// target is what Envoys should have at this stage: all clusters that somebody needs,
// and listeners and routes of the revision in effect.
func (r *Relay) target() ads.Set {
	var set ads.Set
	if r.good != nil {
		set = r.good.set
	}
	if r.stage == routes {
		set = r.next.set
	}
	items := map[string]ads.Resource{}
	for name, k := range r.kept {
		items[name] = k.resource
	}
	for _, b := range []*bundle{r.good, r.next} {
		if b != nil {
			maps.Copy(items, b.set[resourcev3.ClusterType].Items)
		}
	}
	return set.With(resourcev3.ClusterType, ads.Of(items))
}

// everyEnvoyHas tells whether all Envoys have a set. What one of them refused before
// holds nothing up. Without any it waits a while for one to return.
func (r *Relay) everyEnvoyHas(set ads.Set) bool {
	for id := range r.envoys {
		if c, connected := r.hub.Client(id); connected && !c.Has(set) && c.Refused(set) == nil {
			return false
		}
	}
	return len(r.envoys) > 0 || time.Since(r.alone) >= absent
}

// refusal returns what an Envoy will not take of what it is given.
func (r *Relay) refusal() *ads.Refusal {
	for id := range r.envoys {
		if c, connected := r.hub.Client(id); connected {
			if refusal := c.Refused(*r.current.Load()); refusal != nil && !r.before(refusal) {
				return refusal
			}
		}
	}
	return nil
}

// before tells whether a refusal is older than the revision on its way, which has
// the same resources.
func (r *Relay) before(refusal *ads.Refusal) bool {
	return refusal.Type != resourcev3.ClusterType && r.good != nil && r.good.set[refusal.Type].Version == refusal.Version
}

// commit ends the way of a revision: both have taken it.
func (r *Relay) commit() {
	if r.good != nil {
		r.release(r.good.policy.GetLinger().AsDuration())
	}
	r.keep(r.next)
	r.next = nil
	r.at(idle)
	r.disk.save(r.good, nil, r.log)
	r.log.Info("policy in effect", zap.String("revision", r.good.policy.GetRevision()))
	r.answer(nil)
}

// release lets the clusters go that were kept for a revision which has ended, once
// its exchanges can no longer need them.
func (r *Relay) release(linger time.Duration) {
	for name, k := range r.kept {
		if k.until.IsZero() {
			k.until = time.Now().Add(linger)
			r.kept[name] = k
		}
	}
}

// refuse takes the revision on its way back from ext_proc and from Envoys.
func (r *Relay) refuse(refusal *ads.Refusal) {
	b := r.next
	r.next = nil
	for name := range b.set[resourcev3.ClusterType].Items {
		delete(r.kept, name)
	}
	if r.stage == routes { // exchanges may have begun with it
		for name, item := range b.set[resourcev3.ClusterType].Items {
			r.kept[name] = keptCluster{item, time.Now().Add(b.policy.GetLinger().AsDuration())}
		}
	}
	for name, k := range r.kept {
		if r.good != nil && k.until.IsZero() {
			delete(r.kept, name) // the good revision has it
		}
	}
	r.at(idle)
	if r.good != nil {
		if err := r.options.Apply(r.good.policy); err != nil {
			r.log.Error("going back to the last good policy", zap.Error(err))
		}
	}
	r.give()
	r.disk.save(r.good, nil, r.log)
	r.reject(b, refusal)
}

// reject tells the control plane that a revision does not work here.
func (r *Relay) reject(b *bundle, refusal *ads.Refusal) {
	r.rejected = b.version
	r.metrics.refusals.WithLabelValues(ads.Kind(refusal.Type)).Inc()
	r.log.Error("policy refused; the one before stays in effect", zap.String("revision", b.policy.GetRevision()),
		zap.String("type", ads.Kind(refusal.Type)), zap.String("reason", refusal.Reason), zap.String("serving", r.Revision()))
	r.answer(refusal)
}

// forget drops clusters that no exchange can need any more.
func (r *Relay) forget() {
	dropped := false
	for name, k := range r.kept {
		if !k.until.IsZero() && !time.Now().Before(k.until) {
			delete(r.kept, name)
			dropped = true
		}
	}
	if dropped {
		r.give()
	}
}

// due is how long until something is to be done without an event.
func (r *Relay) due() time.Duration {
	next := time.Now().Add(time.Hour)
	earlier := func(t time.Time) {
		if t.After(time.Now()) && t.Before(next) {
			next = t
		}
	}
	for _, k := range r.kept {
		if !k.until.IsZero() {
			earlier(k.until)
		}
	}
	if r.stage != idle {
		earlier(r.settled)
		earlier(r.alone.Add(absent))
	}
	return max(time.Until(next), time.Millisecond)
}
