// Package envoy runs Envoy beside Headgate: it finds the binary, writes its
// bootstrap and supervises it as a child process. Its tests say what Envoy really
// does.
//
// The promise: an Envoy that ends is started again with back-off, and one whose
// parent is gone ends too. The trap: Envoy takes its listeners from the control
// plane, so a started child serves nothing until that has answered.
package envoy

import (
	"fmt"
	"net"
	"strconv"
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

// Bootstrap is what Envoy must know before it can ask the control plane.
type Bootstrap struct {
	NodeID  string // of this Envoy
	Cluster string // of all Envoys that share a policy
	XDS     string // host:port of the control plane
	ExtProc string // Unix socket of the ext_proc server
	Admin   string // Unix socket of Envoy's admin interface; empty: none
}

// The names of the static clusters. snapshot.ExtProcCluster is the second one.
const (
	xdsCluster     = "xds"
	extProcCluster = "headgate_extproc"
)

// Windows of the socket to ext_proc, in bytes: what one slow stream may pile up,
// and what all streams of a worker may.
const (
	streamWindow     = 1 << 20
	connectionWindow = 16 << 20
)

// maxConnections is how many clients may be connected at a time: far beyond what
// one Envoy serves well, and few enough that a flood of them leaves it memory.
const maxConnections = 50_000

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
	host, port, err := net.SplitHostPort(b.XDS)
	if err != nil {
		return nil, fmt.Errorf("address of the control plane: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port of the control plane: %w", err)
	}
	ads := &corev3.ConfigSource{ResourceApiVersion: corev3.ApiVersion_V3, ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
	p := &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: b.NodeID, Cluster: b.Cluster},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{
			AdsConfig: &corev3.ApiConfigSource{
				ApiType:                   corev3.ApiConfigSource_DELTA_GRPC,
				TransportApiVersion:       corev3.ApiVersion_V3,
				SetNodeOnFirstMessageOnly: true,
				GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
					EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: xdsCluster}}}},
			},
			CdsConfig: ads, LdsConfig: ads,
		},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{
			control(&corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
				Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(n)}}}}),
			ExtProcCluster(b.ExtProc),
		}},
	}
	limit, err := anypb.New(&connectionsv3.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: maxConnections})
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

// control is the cluster of the control plane. Keepalive finds a dead connection.
func control(a *corev3.Address) *clusterv3.Cluster {
	c := cluster(xdsCluster, a, &corev3.Http2ProtocolOptions{ConnectionKeepalive: &corev3.KeepaliveSettings{
		Interval: durationpb.New(30 * time.Second), Timeout: durationpb.New(5 * time.Second),
	}})
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STRICT_DNS}
	return c
}

// ExtProcCluster is the cluster of the ext_proc server. Every exchange in flight
// holds a stream of it, so Envoy's default breakers would cap the gateway at 1,024
// answers at a time.
func ExtProcCluster(socket string) *clusterv3.Cluster {
	c := cluster(extProcCluster, &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: socket}}}, &corev3.Http2ProtocolOptions{
		InitialStreamWindowSize:     wrapperspb.UInt32(streamWindow),
		InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
	})
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	c.PerConnectionBufferLimitBytes = wrapperspb.UInt32(32 << 20)
	c.CircuitBreakers = &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(4096),
		MaxPendingRequests: wrapperspb.UInt32(100_000),
		MaxRequests:        wrapperspb.UInt32(100_000),
	}}}
	return c
}

func cluster(name string, a *corev3.Address, h2 *corev3.Http2ProtocolOptions) *clusterv3.Cluster {
	options, err := anypb.New(&httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: h2}}},
	})
	if err != nil {
		panic("envoy: " + err.Error()) // cannot happen: the message is valid
	}
	return &clusterv3.Cluster{
		Name:           name,
		ConnectTimeout: durationpb.New(time.Second),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: a}}}},
		}}},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
	}
}
