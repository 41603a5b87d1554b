package agent

import (
	"maps"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// step does what can be done now, and sets the timer for what is due later.
func (a *Agent) step() {
	a.now = time.Now()
	a.dropExpired()
	a.retryRefused()
	a.renewSecrets()
	// Both use the same refresh, and in this order: an Envoy that refuses clusters of the
	// next revision, at whatever moment, is not given routes to them before the revision is
	// taken back.
	for a.refreshEnvoys(); a.advance() || a.advanceEnvoys(); a.refreshEnvoys() {
	}
	a.retrySave()
	a.warnIfSlow()
	a.reportTrouble()
	a.wakeup.Reset(a.due())
}

// warnIfSlow logs that Envoy neither accepts nor refuses a revision. Nothing else is done:
// what is in effect goes on, and it is not known which of the two Envoy has.
func (a *Agent) warnIfSlow() {
	late := a.progress != idle && a.now.Sub(a.begun) >= slowAfter
	if late == a.slow {
		return
	}
	a.slow = late
	a.metrics.slow.Set(0)
	if late {
		a.metrics.slow.Set(1)
		a.log.Warn("Envoy has not answered to a revision; no other can follow until it does",
			zap.String("revision", a.next.policy.GetRevision()), zap.Duration("since", slowAfter), zap.String("serving", a.Revision()))
	}
}

// advance makes one step of progress, or begins a change. False: it waits for something.
func (a *Agent) advance() bool {
	if a.progress == idle {
		b := a.nextRevision()
		if b == nil {
			b = a.revisionAlone()
		}
		if b == nil {
			return false
		}
		if err := b.open(a.log); err != nil {
			a.rejectFiles(b, err)
		} else {
			a.begin(b)
		}
		return true
	}
	if refusal := a.refusal(); refusal != nil {
		a.takeBack(refusal)
		return true
	}
	switch set := *a.current.Load(); {
	case a.progress == offeringClusters && a.everyEnvoyHas(clustersOf(set)):
		a.progress = offeringRoutes
		a.offer()
	case a.progress == offeringRoutes && a.everyEnvoyHas(set):
		a.commit()
	default:
		return false
	}
	return true
}

// begin puts a policy into effect in ext_proc, and gives Envoy its clusters.
func (a *Agent) begin(b *bundle) {
	if err := a.options.Apply(b.policy); err != nil {
		a.reject(b, ads.Refusal{Type: policypb.TypeURL, Reason: err.Error()})
		return
	}
	a.noteOldRefusals()
	a.next, a.progress, a.begun = b, offeringClusters, a.now
	a.save()
	a.retain()
	a.offer()
}

// target is what Envoys should have now: listeners and routes of one revision, the
// clusters that they name or that routes are about to name, and what is kept of others.
func (a *Agent) target() ads.Set {
	var set ads.Set
	items := map[string]ads.Resource{}
	if a.good != nil && a.progress != offeringRoutes {
		set = a.good.set
		maps.Copy(items, a.good.clusters())
	}
	if a.next != nil {
		maps.Copy(items, a.next.clusters())
	}
	if a.progress == offeringRoutes {
		set = a.next.set
	}
	return set.With(resourcev3.ClusterType, ads.Of(items).Keeping(maps.Keys(a.kept)))
}

// commit ends a change: ext_proc and every Envoy have accepted the next revision.
func (a *Agent) commit() {
	last := a.next
	if a.good != nil {
		last = a.good
	}
	a.expireKept(last.policy.GetLinger().AsDuration())
	a.setGood(a.next)
	a.next, a.progress = nil, idle
	a.save()
	a.log.Info("policy in effect", zap.String("revision", a.good.policy.GetRevision()))
	a.acknowledge(a.good)
}

// takeBack takes the next revision back from ext_proc and from Envoys.
func (a *Agent) takeBack(refusal *ads.Refusal) {
	b := a.next
	a.keepAfterRefusal(b)
	if a.progress == offeringRoutes {
		// An Envoy that has connected since may lack the good revision's clusters.
		for _, e := range a.envoys {
			e.progress = gettingClusters
		}
	}
	a.next, a.progress = nil, idle
	if a.good != nil {
		if err := a.options.Apply(a.good.policy); err != nil {
			a.log.Error("going back to the last good policy", zap.Error(err))
		}
	}
	a.offer()
	a.save()
	a.reject(b, forControlPlane(*refusal))
}

// due is how long it is until something must be done without an event. It reckons from
// the moment when the step began, so that nothing which has become due since is missed.
func (a *Agent) due() time.Duration {
	next := a.now.Add(time.Hour)
	earlier := func(t time.Time) {
		if t.After(a.now) && t.Before(next) {
			next = t
		}
	}
	for _, until := range a.kept {
		earlier(until)
	}
	for _, e := range a.envoys {
		if e.progress == ending {
			earlier(e.drained)
		}
	}
	if a.progress != idle {
		earlier(a.begun.Add(slowAfter))
	}
	if a.unsaved != (unsaved{}) {
		earlier(a.unsaved.next)
	}
	if at, ok := a.aloneAt(); ok {
		earlier(at)
	}
	if a.looksAtFiles() {
		earlier(a.now.Add(lookAtFiles))
	}
	if a.progress != idle || a.hadEnvoy && len(a.envoys) == 0 {
		earlier(a.noEnvoySince.Add(awaitEnvoy))
	}
	return max(time.Until(next), time.Millisecond)
}
