// Package xds is the control plane's side towards Envoy: it publishes snapshots
// of resources and learns whether Envoy took them.
//
// The promise: Envoy is only offered what was validated, and keeps the last good
// resources where it refuses some. The trap: a refusal (NACK) is all that says
// so, so it is counted, logged, and kept for Accepted.
package xds

import (
	"context"
	"fmt"
	"net"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// group is a cache key for all Envoys of one node cluster: replicas share
// snapshots.
type group struct{}

// ID returns the node's cluster.
func (group) ID(node *corev3.Node) string { return node.GetCluster() }

// Server serves resources to Envoys over delta ADS. It is safe for concurrent use.
type Server struct {
	cache   cachev3.SnapshotCache
	grpc    *grpc.Server
	log     *zap.Logger
	metrics *metrics
	options snapshot.Options
	cluster string
	fleet   *fleet
}

// New makes a server for the Envoys of one node cluster.
func New(cluster string, o snapshot.Options, reg prometheus.Registerer, log *zap.Logger) *Server {
	s := &Server{log: log, metrics: newMetrics(reg), options: o, cluster: cluster, fleet: newFleet()}
	s.cache = cachev3.NewSnapshotCache(true, group{}, nil)
	s.grpc = grpc.NewServer(
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// An Envoy whose machine is gone says no goodbye: without this it would count
		// as connected, and hold Accepted up, until TCP gives up.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 5 * time.Second}),
	)
	ads := serverv3.NewServer(context.Background(), s.cache, serverv3.CallbackFuncs{
		StreamDeltaRequestFunc: s.request, StreamDeltaResponseFunc: s.response, DeltaStreamClosedFunc: s.closed,
	})
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s.grpc, ads)
	return s
}

// Serve serves on a listener until Stop.
func (s *Server) Serve(l net.Listener) error { return s.grpc.Serve(l) }

// Stop ends every stream. Envoys keep what they have.
func (s *Server) Stop() { s.grpc.Stop() }

// Publish builds the resources of a policy and offers them to Envoy. On an error
// nothing changes.
func (s *Server) Publish(ctx context.Context, set *policy.Set) error {
	r, err := snapshot.Build(set, s.options)
	if err != nil {
		return fmt.Errorf("building resources: %w", err)
	}
	snap, err := r.Snapshot()
	if err != nil {
		return fmt.Errorf("building resources: %w", err)
	}
	if err := snap.ConstructVersionMap(); err != nil {
		return fmt.Errorf("building resources: %w", err)
	}
	s.fleet.publish(snap)
	if err := s.cache.SetSnapshot(ctx, s.cluster, snap); err != nil {
		return fmt.Errorf("publishing resources: %w", err)
	}
	s.metrics.published(set.Revision)
	return nil
}

// request sees every request of Envoy's: one with a nonce answers what was sent.
func (s *Server) request(stream int64, r *discoveryv3.DeltaDiscoveryRequest) error {
	if err := s.admit(stream, r.GetNode()); err != nil {
		return err
	}
	refused, connected := s.fleet.request(stream, r)
	s.metrics.envoys.Set(float64(connected))
	if refused != nil {
		s.metrics.nacks.WithLabelValues(refused.kind).Inc()
		s.log.Error("Envoy refused resources", zap.String("node", refused.node), zap.String("type", refused.kind),
			zap.String("version", refused.version), zap.String("reason", refused.reason))
	}
	return nil
}

// admit ends the stream of an Envoy of another node cluster, with the reason for its
// log: the cache would leave it without an answer. Only the first request of a
// stream must name the node.
func (s *Server) admit(stream int64, node *corev3.Node) error {
	if node == nil && s.fleet.knows(stream) || node.GetCluster() == s.cluster {
		return nil
	}
	s.log.Warn("an Envoy of another node cluster asked", zap.String("node", node.GetId()), zap.String("cluster", node.GetCluster()))
	return status.Errorf(codes.PermissionDenied, "node cluster %q is not served here, only %q", node.GetCluster(), s.cluster)
}

func (s *Server) response(stream int64, _ *discoveryv3.DeltaDiscoveryRequest, r *discoveryv3.DeltaDiscoveryResponse) {
	s.fleet.sent(stream, r)
}

func (s *Server) closed(stream int64, _ *corev3.Node) {
	s.metrics.envoys.Set(float64(s.fleet.closed(stream)))
}

// Accepted waits until every Envoy that is connected, and at least one, has taken
// what was published last. It returns an error with Envoy's own words where one
// refuses it, such as a listener whose port is taken.
func (s *Server) Accepted(ctx context.Context) error {
	for {
		done, changed, err := s.fleet.accepted()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for Envoy to take its resources: %w", context.Cause(ctx))
		}
	}
}
