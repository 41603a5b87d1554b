package xds

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy/policypb"
	"github.com/headgate/headgate/xds/ads"
)

// OnConnect implements ads.Owner. A client of another node cluster is refused, with the
// reason for its own log.
func (s *Server) OnConnect(c ads.Client) (ads.Set, error) {
	if c.Node.GetCluster() != s.options.Cluster {
		s.log.Warn("a node of another cluster asked", zap.String("node", c.Node.GetId()), zap.String("cluster", c.Node.GetCluster()))
		return nil, status.Errorf(codes.PermissionDenied, "node cluster %q is not served here, only %q", c.Node.GetCluster(), s.options.Cluster)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &member{client: c, group: s.group(c.Node), pair: c.Node.GetUserAgentName() == policypb.PairAgent}
	m.given = m.group.target
	s.members[c.ID] = m
	s.metrics.members.Set(float64(len(s.members)))
	s.wake()
	if m.given == nil {
		return nil, nil
	}
	return m.set(m.given), nil
}

// group returns the group of a node. The caller holds the mutex.
func (s *Server) group(node *corev3.Node) *group {
	key := groupOf(node)
	g := s.groups[key]
	if g == nil {
		g = &group{key: key}
		g.aim(s.latest)
		s.groups[key] = g
		s.metrics.serve(g)
	}
	return g
}

// OnChange implements ads.Owner.
func (s *Server) OnChange(id int64, refusal *ads.Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, isConnected := s.hub.Client(id)
	m := s.members[id]
	if m == nil || !isConnected {
		return
	}
	m.client = c
	if refusal != nil {
		kind := ads.Kind(refusal.Type)
		s.metrics.nacks.WithLabelValues(kind).Inc()
		s.log.Log(s.refusalLevel(c.Node.GetId(), refusal), "resources were refused", zap.String("node", c.Node.GetId()), zap.String("type", kind),
			zap.String("version", refusal.Version), zap.String("reason", refusal.Reason))
	}
	s.evaluate(m)
	s.advance(m)
	s.wake()
}

// maxRefusals bounds the refusals that are remembered, which are some hundred bytes each.
const maxRefusals = 4096

// refusalLevel is the level at which a node's refusal is logged: once as an error. A node that is offered
// the same again, and refuses it in the same words, says nothing new. The caller holds the mutex.
func (s *Server) refusalLevel(node string, r *ads.Refusal) zapcore.Level {
	is := ads.Refusal{Type: r.Type, Version: r.Version, Reason: r.Reason}
	if s.options.PairsLog || s.refusals[node] == is {
		return zap.DebugLevel
	}
	if len(s.refusals) >= maxRefusals {
		clear(s.refusals)
	}
	s.refusals[node] = is
	return zap.ErrorLevel
}

// OnDisconnect implements ads.Owner.
func (s *Server) OnDisconnect(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.members, id)
	s.metrics.members.Set(float64(len(s.members)))
	s.wake()
}
