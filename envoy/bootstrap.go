// Package envoy runs Envoy beside Headgate: it finds the binary, writes its
// bootstrap and supervises it as a child process. The tests in facts hold what Envoy
// really does.
//
// The promise: an Envoy that ends is started again with back-off, and on Linux one whose
// parent is killed ends too. The trap: Envoy takes its listeners from the ext_proc
// server's socket, so a started child serves nothing until that has answered.
package envoy

import (
	"cmp"
	"fmt"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Bootstrap is what Envoy must know before it can ask for its configuration.
type Bootstrap struct {
	NodeID  string // of this Envoy
	Cluster string // of all Envoys that share a policy
	ExtProc string // Unix socket of the ext_proc server, which serves Envoy's configuration too
	Region  string // in which this Envoy runs; may be empty
	Admin   string // Unix socket of Envoy's admin interface; empty: none

	Connections uint64 // of clients at a time; 0: MaxConnections
}

// extProcCluster is the name of the only static cluster, as snapshot.ExtProcCluster.
const extProcCluster = "headgate_extproc"

// Back-off of the stream by which Envoy gets its configuration. It is a socket on the same
// machine, so asking often costs nothing, and after a restart of the ext_proc server Envoy
// must be connected again at once.
const (
	askAgain    = 100 * time.Millisecond
	askAgainMax = time.Second
)

// Windows of the socket to ext_proc, in bytes: how much one slow stream may have waiting,
// and how much all streams of a worker.
const (
	streamWindow     = 1 << 20
	connectionWindow = 16 << 20
)

// JSON renders the bootstrap.
func (b *Bootstrap) JSON() ([]byte, error) {
	p, err := b.proto()
	if err != nil {
		return nil, err
	}
	if err := p.ValidateAll(); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	return protojson.MarshalOptions{Multiline: true}.Marshal(p)
}

func (b *Bootstrap) proto() (*bootstrapv3.Bootstrap, error) {
	ads := &corev3.ConfigSource{ResourceApiVersion: corev3.ApiVersion_V3, ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
	p := &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: b.NodeID, Cluster: b.Cluster, Locality: &corev3.Locality{Region: b.Region}},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: &corev3.ApiConfigSource{
				ApiType:                   corev3.ApiConfigSource_DELTA_GRPC,
				TransportApiVersion:       corev3.ApiVersion_V3,
				SetNodeOnFirstMessageOnly: true,
				GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
					EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: extProcCluster, RetryPolicy: &corev3.RetryPolicy{
						RetryBackOff: &corev3.BackoffStrategy{BaseInterval: durationpb.New(askAgain), MaxInterval: durationpb.New(askAgainMax)},
					}}}}},
			},
			CdsConfig: ads, LdsConfig: ads,
		},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{ExtProcCluster(b.ExtProc)}},
	}
	limit, err := anypb.New(&connectionsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: int64(cmp.Or(b.Connections, MaxConnections))})
	if err != nil {
		return nil, err
	}
	p.OverloadManager = &overloadv3.OverloadManager{ResourceMonitors: []*overloadv3.ResourceMonitor{{
		Name:       "envoy.resource_monitors.global_downstream_max_connections",
		ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: limit},
	}}}
	if b.Admin != "" {
		p.Admin = &bootstrapv3.Admin{Address: pipe(b.Admin)}
	}
	return p, nil
}

func pipe(path string) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: path, Mode: 0o600}}}
}

// ExtProcCluster is the cluster of the ext_proc server. Every exchange in flight
// holds a stream of it, so Envoy's default breakers would cap the gateway at 1,024
// answers at a time.
func ExtProcCluster(socket string) *clusterv3.Cluster {
	options, err := anypb.New(&httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
				InitialStreamWindowSize:     wrapperspb.UInt32(streamWindow),
				InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
			}}}},
	})
	if err != nil {
		panic("envoy: " + err.Error()) // cannot happen: the message is valid
	}
	address := &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: socket}}}
	return &clusterv3.Cluster{
		Name:                          extProcCluster,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:                durationpb.New(time.Second),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(32 << 20),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: extProcCluster, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}}}},
		}}},
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
			MaxConnections:     wrapperspb.UInt32(4096),
			MaxPendingRequests: wrapperspb.UInt32(100_000),
			MaxRequests:        wrapperspb.UInt32(100_000),
		}}},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
	}
}
