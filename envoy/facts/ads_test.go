package facts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// dynamic is what a control plane gives to Envoy, each text being one resource in
// YAML.
type dynamic struct {
	clusters, endpoints []string
	routes              string // of the RouteConfiguration "gateway"
	secrets             []*tlsv3.Secret
}

// control is a control plane over delta ADS.
type control struct {
	cache   cachev3.SnapshotCache
	version int

	mu      sync.Mutex
	sent    map[string]string // by nonce: type and version
	acked   map[string]bool   // type and version
	refused string            // what Envoy said of the last one that it did not take
}

// everyone gives every Envoy the same.
type everyone struct{}

func (everyone) ID(*corev3.Node) string { return "all" }

// startControlled is start with routes and further clusters from a control plane.
func startControlled(t *testing.T, s setup, first dynamic, links ...string) (*rig, *control) {
	t.Helper()
	binary(t)
	c := &control{cache: cachev3.NewSnapshotCache(true, everyone{}, nil), sent: map[string]string{}, acked: map[string]bool{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, serverv3.NewServer(t.Context(), c.cache,
		serverv3.CallbackFuncs{StreamDeltaResponseFunc: c.response, StreamDeltaRequestFunc: c.request}))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("control plane: %v", err)
		}
	})
	c.publish(t, first)
	s.ADSPort = l.Addr().(*net.TCPAddr).Port
	return start(t, s, links...), c
}

func (c *control) response(_ int64, _ *discoveryv3.DeltaDiscoveryRequest, r *discoveryv3.DeltaDiscoveryResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[r.Nonce] = r.TypeUrl + r.SystemVersionInfo
}

func (c *control) request(_ int64, r *discoveryv3.DeltaDiscoveryRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := r.GetErrorDetail(); e != nil {
		c.refused = e.GetMessage()
		return nil
	}
	c.acked[c.sent[r.GetResponseNonce()]] = true
	return nil
}

// publish offers all of what is given, in the place of what was before.
func (c *control) publish(t *testing.T, d dynamic) {
	t.Helper()
	c.version++
	var clusters, endpoints []types.Resource
	for _, text := range d.clusters {
		clusters = append(clusters, message(t, text, &clusterv3.Cluster{}))
	}
	for _, text := range d.endpoints {
		endpoints = append(endpoints, message(t, text, &endpointv3.ClusterLoadAssignment{}))
	}
	var secrets []types.Resource
	for _, s := range d.secrets {
		secrets = append(secrets, s)
	}
	snap, err := cachev3.NewSnapshot(strconv.Itoa(c.version), map[resourcev3.Type][]types.Resource{
		resourcev3.ClusterType:  clusters,
		resourcev3.EndpointType: endpoints,
		resourcev3.SecretType:   secrets,
		resourcev3.RouteType:    {message(t, d.routes, &routev3.RouteConfiguration{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cache.SetSnapshot(context.Background(), "all", snap); err != nil {
		t.Fatal(err)
	}
}

// taken waits until Envoy has acknowledged what was published last of a type.
func (c *control) taken(t *testing.T, kind string) {
	t.Helper()
	eventually(t, "Envoy takes "+kind, func() bool {
		c.mu.Lock()
		refused := c.refused
		c.mu.Unlock()
		if refused != "" {
			t.Fatal(refused)
		}
		return c.has(kind)
	})
}

// refusal is what Envoy said of the last one that it did not take; empty: it took all.
func (c *control) refusal() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// has reports whether Envoy has acknowledged what was published last of a type.
func (c *control) has(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked[kind+strconv.Itoa(c.version)]
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := passed()
	for !holds() {
		select {
		case <-late:
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}

// message reads a resource from YAML.
func message[M proto.Message](t *testing.T, text string, m M) M {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := protojson.Unmarshal(b, m); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return m
}

// routesTo are the template's routes, with another cluster for the chosen one.
func routesTo(cluster string) string {
	return `{ name: gateway, virtual_hosts: [ { name: gateway, domains: ["*"], routes: [
  { name: chosen, match: { prefix: /, headers: [ { name: x-pool, string_match: { exact: pool } } ] }, route: { cluster: ` + cluster + `, timeout: 0s } },
  { name: unrouted, match: { prefix: / }, route: { cluster: nowhere } } ] } ] }`
}

// fixed is a cluster of providers by their addresses, each with a weight.
func fixed(name string, endpoints ...string) string {
	return fmt.Sprintf("{ name: %s, type: STATIC, connect_timeout: 1s, load_assignment: { cluster_name: %s, endpoints: [ { lb_endpoints: [ %s ] } ] } }",
		name, name, strings.Join(endpoints, ", "))
}

func (p *provider) endpoint(weight int) string {
	return fmt.Sprintf("{ load_balancing_weight: %d, endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: %d } } } }", weight, p.port())
}
