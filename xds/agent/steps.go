package agent

import (
	"maps"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// step does what can be done now, and sets the alarm for what cannot yet.
func (r *Agent) step() {
	r.now = time.Now()
	r.forget()
	// Both judge by one look, and in this order: who refuses the clusters of a revision on
	// its way, at whatever moment, is not given routes to them before it is taken back.
	for r.look(); r.stepped() || r.admit(); r.look() {
	}
	r.saveLate()
	r.hurry()
	r.report()
	r.wakeup.Reset(r.due())
}

// hurry tells of a revision that Envoy neither takes nor refuses. Nothing is done about
// it: what is in effect goes on, and there is no telling which of both Envoy has.
func (r *Agent) hurry() {
	late := r.stage != idle && r.now.Sub(r.begun) >= patience
	if late == r.late {
		return
	}
	r.late = late
	r.metrics.late.Set(0)
	if late {
		r.metrics.late.Set(1)
		r.log.Warn("Envoy has not answered to a revision; no other can follow until it does",
			zap.String("revision", r.next.policy.GetRevision()), zap.Duration("since", patience), zap.String("serving", r.Revision()))
	}
}

// stepped goes one stage on. False: it waits for something.
func (r *Agent) stepped() bool {
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
	switch set := *r.current.Load(); {
	case r.stage == clusters && r.everyEnvoyHas(clustersOf(set)):
		r.stage = routes
		r.give()
	case r.stage == routes && r.everyEnvoyHas(set):
		r.commit()
	default:
		return false
	}
	return true
}

// begin puts a policy into effect in ext_proc, and gives Envoy its clusters.
func (r *Agent) begin(b *bundle) {
	if err := r.options.Apply(b.policy); err != nil {
		r.reject(b, ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		return
	}
	r.examine()
	r.next, r.stage, r.begun = b, clusters, r.now
	r.save()
	r.retain()
	r.give()
}

// target is what Envoys should have at this stage: all clusters that somebody needs,
// and listeners and routes of the revision in effect.
func (r *Agent) target() ads.Set {
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

// commit ends the way of a revision: both have taken it.
func (r *Agent) commit() {
	last := r.next
	if r.good != nil {
		last = r.good
	}
	r.release(last.policy.GetLinger().AsDuration())
	r.keep(r.next)
	r.next, r.stage = nil, idle
	r.save()
	r.log.Info("policy in effect", zap.String("revision", r.good.policy.GetRevision()))
	r.acknowledge(r.good)
}

// refuse takes the revision on its way back from ext_proc and from Envoys.
func (r *Agent) refuse(refusal *ads.Refusal) {
	b := r.next
	r.unwind(b)
	r.next, r.stage = nil, idle
	if r.good != nil {
		if err := r.options.Apply(r.good.policy); err != nil {
			r.log.Error("going back to the last good policy", zap.Error(err))
		}
	}
	r.give()
	r.save()
	r.reject(b, *refusal)
}

// due is how long until something is to be done without an event. It speaks of the
// moment at which the step looked: what has come since is not missed.
func (r *Agent) due() time.Duration {
	next := r.now.Add(time.Hour)
	earlier := func(t time.Time) {
		if t.After(r.now) && t.Before(next) {
			next = t
		}
	}
	for _, k := range r.kept {
		earlier(k.until)
	}
	if r.stage != idle {
		earlier(r.begun.Add(patience))
	}
	if r.unsaved != (unsaved{}) {
		earlier(r.unsaved.next)
	}
	if r.stage != idle || r.joined && len(r.envoys) == 0 {
		earlier(r.alone.Add(absent))
	}
	return max(time.Until(next), time.Millisecond)
}
