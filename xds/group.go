package xds

import (
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
	good    *release // the last target that a client has taken whole
	refused *Refusal // why the group went back from the latest publication
}

// member is one connected client. A pair is given the next release when it is done
// with the one before, because its ext_proc server holds two revisions only; an
// Envoy without a pair gets everything at once.
type member struct {
	client  ads.Client
	group   *group
	pair    bool
	given   *release
	taken   string   // the revision that it has taken whole; empty: none
	refused *Refusal // of a release, until it is given a later one
	since   int      // number of the release that was refused
}

func (m *member) set(r *release) ads.Set {
	if m.pair {
		return r.pair
	}
	return r.envoy
}

// busy tells whether a pair is still on its way to what it was given.
func (m *member) busy() bool {
	if m.given == nil || !m.pair {
		return false
	}
	set := m.set(m.given)
	return !m.client.Has(set) && m.client.Refused(set) == nil
}

// advance gives a member what its group is at, when it is ready for it. The mutex
// is held.
func (s *Server) advance(m *member) {
	for m.given != m.group.target && !m.busy() {
		m.given = m.group.target
		if m.refused != nil && m.given.number > m.since {
			m.refused = nil
		}
		c, connected := s.hub.Give(m.client.ID, m.set(m.given))
		if !connected {
			return
		}
		m.client = c
		s.settle(m)
	}
}

// settle draws the conclusions from what a client has taken or refused. The mutex
// is held.
func (s *Server) settle(m *member) {
	if m.given == nil {
		return
	}
	set := m.set(m.given)
	if r := m.client.Refused(set); r != nil {
		if m.refused == nil {
			m.since = m.given.number
			m.refused = &Refusal{
				Node: m.client.Node.GetId(), Type: ads.Kind(r.Type), Revision: m.given.revision, Reason: r.Reason, At: s.now(),
			}
		}
		if good := s.lastGood(m.group); !r.Old && (good == nil || m.set(good)[r.Type].Version != r.Version) {
			s.goBack(m.group, m.given, m.refused) // else the last good release would be refused as well
		}
		return
	}
	if !m.client.Has(set) {
		return
	}
	m.taken = m.given.revision
	if g := m.group; m.given == g.target {
		g.good = m.given
		if g.refused != nil && g.refused.Revision == g.good.revision && g.good == s.latest {
			g.refused = nil // the first to be asked refused it, where there was none to go back to
		}
	}
}

// goBack gives a group the last good release again, when a client has refused what
// it is at. Without one there is nothing to go back to: the clients keep what they
// have until something else is published. The mutex is held.
func (s *Server) goBack(g *group, refused *release, why *Refusal) {
	if refused != g.target {
		return
	}
	g.refused = why
	good := s.lastGood(g)
	if good == nil {
		return
	}
	g.target = good
	s.metrics.rollbacks.Inc()
	s.metrics.serve(g)
	s.log.Error("going back to the last good revision", zap.String("cluster", g.key.cluster), zap.String("region", g.key.region),
		zap.String("refused", refused.revision), zap.String("revision", good.revision))
	s.advanceAll(g)
}

// lastGood is what a group goes back to; nil: nothing is known. The mutex is held.
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
