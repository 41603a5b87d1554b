package agent

import (
	"maps"
	"strings"
	"time"

	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/ads"
)

// envoy is one connected Envoy.
type envoy struct {
	client        ads.Client // as it was at the last refreshEnvoys
	connected     bool       // at that time; if not, OnDisconnect follows
	progress      envoyProgress
	drained       time.Time // when the exchanges have ended that it began before it had routes; zero: it has none yet
	refusedBefore bool      // it refused clusters before the present change began
}

// envoyProgress is how far an Envoy has come since it connected. It may still route by
// what was in effect when it was connected last.
type envoyProgress int

const (
	gettingClusters envoyProgress = iota // it is given the clusters that it lacks, and none is removed
	gettingRoutes                        // it is given listeners and routes as well
	ending                               // it has them; exchanges that it began before may need other clusters
	caughtUp                             // it is given what all others have
)

// share is what an Envoy is given of a set.
func (e *envoy) share(set ads.Set) ads.Set {
	clusters := set[resourcev3.ClusterType]
	switch {
	case e.progress == caughtUp || clusters == nil:
		return set
	case e.progress == gettingRoutes || e.progress == ending:
		return set.With(resourcev3.ClusterType, clusters.WithoutRemovals())
	}
	return ads.Set{resourcev3.ClusterType: clusters.WithoutRemovals()}
}

var _ ads.Owner = (*Agent)(nil)

// OnConnect implements ads.Owner.
func (a *Agent) OnConnect(c ads.Client) (ads.Set, error) {
	a.post(func() {
		e := &envoy{}
		a.envoys[c.ID], a.hadEnvoy = e, true
		a.metrics.envoys.Set(float64(len(a.envoys)))
		a.log.Info("an Envoy is connected", zap.String("node", c.Node.GetId()), zap.Int("envoys", len(a.envoys)))
		a.hub.Give(c.ID, e.share(*a.current.Load()))
	})
	return (&envoy{}).share(*a.current.Load()), nil
}

// OnChange implements ads.Owner.
func (a *Agent) OnChange(_ int64, refusal *ads.Refusal) {
	a.post(func() {
		if refusal != nil {
			a.logRefusal(refusal)
		}
	})
}

// logRefusal logs a refusal of what is in effect. It concerns the one Envoy that refuses,
// which connected after another had accepted it, and changes nothing.
func (a *Agent) logRefusal(refusal *ads.Refusal) {
	given := (*a.current.Load())[refusal.Type]
	if a.progress != idle || given == nil || given.Version != refusal.Version {
		return // it belongs to a change, and advance deals with it
	}
	a.metrics.refusals.WithLabelValues(ads.Kind(refusal.Type)).Inc()
	a.log.Error("Envoy refused what is in effect", zap.String("type", ads.Kind(refusal.Type)), zap.String("reason", refusal.Reason))
}

// OnDisconnect implements ads.Owner.
func (a *Agent) OnDisconnect(id int64) {
	a.post(func() {
		delete(a.envoys, id)
		a.metrics.envoys.Set(float64(len(a.envoys)))
		if len(a.envoys) == 0 {
			a.noEnvoySince = time.Now()
			a.log.Log(a.levelOfLeaving(), "the last Envoy has left; none is connected")
		}
	})
}

func (a *Agent) levelOfLeaving() zapcore.Level {
	if a.stopping {
		return zapcore.InfoLevel
	}
	return zapcore.WarnLevel
}

// clustersOf is the set with nothing but its clusters.
func clustersOf(set ads.Set) ads.Set {
	if set[resourcev3.ClusterType] == nil {
		return ads.Set{}
	}
	return ads.Set{resourcev3.ClusterType: set[resourcev3.ClusterType]}
}

// refreshEnvoys notes what Envoys have accepted and refused by now. What they answer later
// is seen at the next refresh, which OnChange causes.
func (a *Agent) refreshEnvoys() {
	for id, e := range a.envoys {
		e.client, e.connected = a.hub.Client(id)
	}
}

// offer gives each Envoy what it should have now.
func (a *Agent) offer() {
	set := a.target()
	a.current.Store(&set)
	for id, e := range a.envoys {
		a.hub.Give(id, e.share(set))
	}
}

// advanceEnvoys brings Envoys that have connected to where the others are, one step each.
// One that was away during a change may have begun exchanges by the routes before it until
// it was given the new ones, so it keeps what it has as long as those may take.
// One that refuses clusters goes on with those that it can use; one that refuses listeners
// or routes keeps the clusters to which it routes. It reports whether one has advanced.
func (a *Agent) advanceEnvoys() (advanced bool) {
	set := *a.current.Load()
	for id, e := range a.envoys {
		if !e.connected || !a.canAdvance(e, e.share(set)) {
			continue
		}
		e.progress, advanced = e.progress+1, true
		if e.progress == ending && e.drained.IsZero() {
			e.drained = a.now.Add(a.linger())
		}
		a.hub.Give(id, e.share(set))
	}
	return advanced
}

// canAdvance reports whether an Envoy has done what its progress waits for.
func (a *Agent) canAdvance(e *envoy, share ads.Set) bool {
	switch e.progress {
	case gettingClusters:
		return e.client.Has(share) || e.client.Refused(share) != nil
	case gettingRoutes:
		return e.client.Has(share)
	case ending:
		return !a.now.Before(e.drained)
	default:
		return false
	}
}

// linger is how long an exchange may take that began with what is in effect now.
func (a *Agent) linger() time.Duration {
	if a.good == nil {
		return 0
	}
	return a.good.policy.GetLinger().AsDuration()
}

// everyEnvoyHas reports whether all Envoys have a set. An Envoy that refuses it does not
// delay the change: refusal has found that the revision is not to blame. Without any Envoy
// it waits a while for one to return.
func (a *Agent) everyEnvoyHas(set ads.Set) bool {
	for _, e := range a.envoys {
		if !e.connected || !e.client.Has(set) && e.client.Refused(set) == nil {
			return false
		}
	}
	return len(a.envoys) > 0 || a.now.Sub(a.noEnvoySince) >= awaitEnvoy
}

// refusal returns an Envoy's refusal for which the next revision is to blame, or nil.
func (a *Agent) refusal() *ads.Refusal {
	for _, e := range a.envoys {
		if refusal := a.refusalBy(e); refusal != nil {
			return refusal
		}
	}
	return nil
}

// refusalBy returns why the next revision does not work at an Envoy, or nil. One that
// refused clusters before refuses them again: then the next revision is to blame if Envoy
// names a pool of it, and the fault is an old one if the good revision has that pool, too.
func (a *Agent) refusalBy(e *envoy) *ads.Refusal {
	if refusal := e.client.Refused(a.changesFor(e)); refusal != nil || !e.refusedBefore {
		return refusal
	}
	refusal := e.client.Refused(clustersOf(*a.current.Load()))
	if refusal == nil || a.next == nil || !namesPool(refusal.Reason, a.next.set) {
		return nil
	}
	refusal.Old = a.good != nil && namesPool(refusal.Reason, a.good.set)
	return refusal
}

// namesPool reports whether Envoy's reason names a pool of a set.
func namesPool(reason string, set ads.Set) bool {
	for name := range set[resourcev3.ClusterType].Items {
		if strings.HasPrefix(name, policy.PoolPrefix) && strings.Contains(reason, name) {
			return true
		}
	}
	return false
}

// changesFor is what the next revision changes for an Envoy: refusals of the rest are
// older than the change.
func (a *Agent) changesFor(e *envoy) ads.Set {
	set := maps.Clone(*a.current.Load())
	for typ, given := range set {
		if typ == resourcev3.ClusterType {
			if e.refusedBefore {
				delete(set, typ)
			}
		} else if a.good != nil && a.good.set[typ] != nil && a.good.set[typ].Version == given.Version {
			delete(set, typ)
		}
	}
	return set
}

// noteOldRefusals notes which Envoys refuse clusters before a change begins.
func (a *Agent) noteOldRefusals() {
	for _, e := range a.envoys {
		e.refusedBefore = e.client.Refused(clustersOf(*a.current.Load())) != nil
	}
}
