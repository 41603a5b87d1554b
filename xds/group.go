package xds

import (
	"maps"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/ads"
)

// groupKey names a node group: clients that are served the same.
type groupKey struct{ cluster, region string }

func groupOf(node *corev3.Node) groupKey {
	return groupKey{node.GetCluster(), node.GetLocality().GetRegion()}
}

// group is one node group.
type group struct {
	key     groupKey
	target  *release // that its clients are given
	good    *release // the last target of which a client has accepted everything
	before  *release // good before it was the present target; nil: none is known
	refused *Refusal // why the group went back from the latest publication

	accepted map[string]bool // of the target: by node, what its clients have answered
}

// aim gives a group another target, of which nobody has said anything yet.
func (g *group) aim(r *release) {
	g.target, g.accepted = r, map[string]bool{}
}

// member is one connected client. A pair is given the next release when it is done
// with the one before, because its ext_proc server keeps no more than two revisions; an
// Envoy without a pair gets everything at once.
type member struct {
	client        ads.Client
	group         *group
	pair          bool
	given         *release
	accepted      string   // the last revision of which it has accepted everything; empty: none
	refused       *Refusal // of a release, until it is given a later one
	refusedNumber int      // number of the release that was refused
}

func (m *member) set(r *release) ads.Set {
	if m.pair {
		return r.pair
	}
	return r.envoy
}

// busy reports whether a pair has neither accepted nor refused what it was given. One that
// has refused a resource of it before is busy, too, until it has answered the rest: a pair
// needs a complete release to answer.
func (m *member) busy() bool {
	if m.given == nil || !m.pair {
		return false
	}
	set := m.set(m.given)
	return !m.client.Has(set) && (m.client.Busy() || m.client.Refused(set) == nil)
}

// advance gives a member its group's target, once it is ready for it. The caller holds
// the mutex.
func (s *Server) advance(m *member) {
	for m.given != m.group.target && !m.busy() {
		m.given = m.group.target
		if m.refused != nil && m.given.number > m.refusedNumber {
			m.refused = nil
		}
		c, connected := s.hub.Give(m.client.ID, m.set(m.given))
		if !connected {
			return
		}
		m.client = c
		s.evaluate(m)
	}
}

// evaluate acts on what a client has accepted or refused of what it was given. The
// caller holds the mutex.
func (s *Server) evaluate(m *member) {
	if m.given == nil {
		return
	}
	set := m.set(m.given)
	if r := m.client.Refused(set); r != nil {
		s.onNack(m, r)
	} else if m.client.Has(set) {
		s.onAck(m)
	}
}

// onNack notes a member's refusal. The member stays with what it had, and takes the group
// back with it if enough of the others refuse, too, unless the last good release has the
// same fault.
func (s *Server) onNack(m *member, r *ads.Refusal) {
	if m.refused == nil {
		m.refusedNumber = m.given.number
		m.refused = &Refusal{
			Node: m.client.Node.GetId(), Type: ads.Kind(r.Type), Revision: m.given.revision, Reason: r.Reason, At: s.now(),
		}
	}
	g := m.group
	if m.given != g.target {
		return
	}
	g.accepted[m.client.Node.GetId()] = false
	if good := s.lastGood(g); !r.Old && (good == nil || good == g.target || m.set(good)[r.Type].Version != r.Version) {
		s.decide(g)
	}
}

// onAck notes that a member has accepted everything that it was given: a release that
// one client accepts is good.
func (s *Server) onAck(m *member) {
	m.accepted = m.given.revision
	g := m.group
	if m.given != g.target {
		return
	}
	g.accepted[m.client.Node.GetId()] = true
	delete(s.refusals, m.client.Node.GetId())
	if g.good != g.target {
		g.before, g.good = s.lastGood(g), g.target
	}
	if g.refused != nil && g.refused.Revision == g.good.revision && g.good == s.latest {
		g.refused = nil // the first client refused it, when there was nothing to go back to
	}
}

// decide takes a group back from its target if as great a share of its clients refuses it as
// Options.GoBack says. One that has left counts by its last answer, or not at all. The
// caller holds the mutex.
func (s *Server) decide(g *group) {
	if s.options.GoBack == 1 && g.good == g.target {
		return // not all refuse it
	}
	refused, all, why := 0, maps.Clone(g.accepted), (*Refusal)(nil)
	for _, m := range s.members {
		if m.group != g {
			continue
		}
		if node := m.client.Node.GetId(); !all[node] {
			all[node] = false
		}
		if m.given == g.target && m.refused != nil && (why == nil || m.refused.At.Before(why.At)) {
			why = m.refused
		}
	}
	for _, accepted := range g.accepted {
		if !accepted {
			refused++
		}
	}
	if why != nil && float64(refused) >= s.options.GoBack*float64(len(all)) {
		s.goBack(g, why)
	}
}

// goBack gives a group the last good release again. Without one there is nothing to go back
// to: the clients keep what they have until something else is published. The caller holds
// the mutex.
func (s *Server) goBack(g *group, why *Refusal) {
	g.refused = why
	good := s.lastGood(g)
	if good == g.target {
		good = g.before
	}
	if good == nil {
		return
	}
	refused := g.target
	g.aim(good)
	g.good, g.before = good, nil
	s.metrics.rollbacks.Inc()
	s.metrics.serve(g)
	level := zap.ErrorLevel
	if s.options.PairsLog {
		level = zap.InfoLevel
	}
	s.log.Log(level, "going back to the last good revision", zap.String("cluster", g.key.cluster), zap.String("region", g.key.region),
		zap.String("refused", refused.revision), zap.String("revision", good.revision))
	s.advanceAll(g)
}

// lastGood is what a group goes back to; nil: nothing is known. The caller holds the
// mutex.
func (s *Server) lastGood(g *group) *release {
	if g.good == nil {
		return s.assumed
	}
	return g.good
}

func (s *Server) advanceAll(g *group) {
	for _, m := range s.members {
		if m.group == g {
			s.advance(m)
		}
	}
}
