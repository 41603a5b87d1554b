// Package xds is the control plane's side towards Envoy: it publishes snapshots
// of resources and learns whether Envoy took them.
//
// The promise: Envoy is only offered what was validated, and keeps the last good
// resources where it refuses some. The trap: a refusal (NACK) is all that says
// so, so it is counted, logged, and kept for Wait.
package xds

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

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

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when an answer of Envoy's came
	acked   map[string]int
	nacked  map[string]string // by type: the text of the latest refusal
}

// New makes a server for the Envoys of one node cluster.
func New(cluster string, o snapshot.Options, reg prometheus.Registerer, log *zap.Logger) *Server {
	s := &Server{
		log: log, metrics: newMetrics(reg), options: o, cluster: cluster,
		changed: make(chan struct{}), acked: map[string]int{}, nacked: map[string]string{},
	}
	s.cache = cachev3.NewSnapshotCache(true, group{}, nil)
	s.grpc = grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}))
	ads := serverv3.NewServer(context.Background(), s.cache, serverv3.CallbackFuncs{StreamDeltaRequestFunc: s.request})
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
	if err := s.cache.SetSnapshot(ctx, s.cluster, snap); err != nil {
		return fmt.Errorf("publishing resources: %w", err)
	}
	s.metrics.published(set.Revision)
	return nil
}

// request sees every request of Envoy's. One with a nonce answers what was sent:
// with an error it is a refusal.
func (s *Server) request(_ int64, r *discoveryv3.DeltaDiscoveryRequest) error {
	if r.GetResponseNonce() == "" {
		return nil
	}
	kind := shortType(r.GetTypeUrl())
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := r.GetErrorDetail(); e != nil {
		s.nacked[kind] = e.GetMessage()
		s.metrics.nacks.WithLabelValues(kind).Inc()
		s.log.Error("Envoy refused resources", zap.String("type", kind), zap.String("reason", e.GetMessage()))
	} else {
		s.acked[kind]++
		delete(s.nacked, kind)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// Accepted waits until Envoy has accepted a listener. It returns an error with
// Envoy's own words where it refuses resources, such as a port that is taken.
func (s *Server) Accepted(ctx context.Context) error {
	for {
		s.mu.Lock()
		changed, acked := s.changed, s.acked["listener"]
		var refusal error
		for kind, text := range s.nacked {
			refusal = fmt.Errorf("a %s was refused by Envoy: %s", kind, text)
		}
		s.mu.Unlock()
		switch {
		case refusal != nil:
			return refusal
		case acked > 0:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for Envoy to take its resources: %w", ctx.Err())
		}
	}
}

// shortType is a type as a metric label.
func shortType(url string) string {
	switch url {
	case resourcev3.ListenerType:
		return "listener"
	case resourcev3.RouteType:
		return "route"
	case resourcev3.ClusterType:
		return "cluster"
	case resourcev3.EndpointType:
		return "endpoint"
	}
	return "other"
}
