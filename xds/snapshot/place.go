package snapshot

import (
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/headgate/headgate/policy"
)

// orderKey is the key in policy.BalancerNamespace that holds the orders which have the
// endpoint at its priority.
const orderKey = "order"

// places are the endpoints of a chain. A link of one use is one priority. A link of
// several is as many, because its users go through it in different orders: each
// use has an endpoint at each of these priorities, for the orders that have it there.
//
// So the use to which a user is sent is decided before Envoy chooses, and all else is as
// in any chain: retries, ejection, degraded endpoints and what a backend supports. Envoy's
// own sticky balancers, ring hash and maglev, cannot do that: they know neither the
// priorities that a request has tried nor a degraded last resort.
func places(m *policy.Model, all []endpoint) []*endpointv3.LocalityLbEndpoints {
	var out []*endpointv3.LocalityLbEndpoints
	priority := uint32(0)
	for l, link := range m.Chain {
		n := len(link.Uses)
		for place := range n {
			for i := range n {
				begins := (i + n - place) % n
				out = append(out, &endpointv3.LocalityLbEndpoints{
					Priority:    priority,
					Locality:    locality(all[i].use),
					LbEndpoints: []*endpointv3.LbEndpoint{lbEndpoint(m, all[i], orders(m, l, begins))},
				})
			}
			priority++
		}
		all = all[n:]
	}
	return out
}

// orders lists the orders in which a link begins with a use, as Envoy compares them.
func orders(m *policy.Model, link, use int) []string {
	var out []string
	for o := range m.Orders() {
		if m.Begins(o, link) == use {
			out = append(out, strconv.Itoa(o))
		}
	}
	return out
}

// locality is the backend's region. Zone and sub-zone distinguish the uses of a region.
func locality(u policy.Use) *corev3.Locality {
	return &corev3.Locality{Region: u.Backend.Region, Zone: u.Backend.Name, SubZone: u.Model}
}

func lbEndpoint(m *policy.Model, e endpoint, orders []string) *endpointv3.LbEndpoint {
	lb := &structpb.Struct{Fields: map[string]*structpb.Value{policy.FitKey: list(m.FitNames(e.use))}}
	if m.Orders() > 1 {
		lb.Fields[orderKey] = list(orders)
	}
	return &endpointv3.LbEndpoint{
		Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			policy.MetadataNamespace:       fields(policy.BackendKey, e.use.Backend.Name, policy.ModelKey, e.use.Model),
			policy.BalancerNamespace:       lb,
			"envoy.transport_socket_match": fields("socket", socketName(&e)),
		}},
		HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
			Hostname: e.host, // for the handshake, so without a port
			Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
				Address: e.host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: e.port},
			}}},
		}},
	}
}

func list(texts []string) *structpb.Value {
	l := &structpb.ListValue{}
	for _, t := range texts {
		l.Values = append(l.Values, structpb.NewStringValue(t))
	}
	return structpb.NewListValue(l)
}

// subsets keep requests, and their retries, on the endpoints that can express them,
// and in the user's order of a chain that has several. If no endpoint supports the request,
// none is chosen.
func subsets(m *policy.Model) *clusterv3.Cluster_LbSubsetConfig {
	c := &clusterv3.Cluster_LbSubsetConfig{
		FallbackPolicy:  clusterv3.Cluster_LbSubsetConfig_NO_FALLBACK,
		ListAsAny:       true,
		SubsetSelectors: []*clusterv3.Cluster_LbSubsetConfig_LbSubsetSelector{{Keys: []string{policy.FitKey}}},
	}
	if m.Orders() > 1 {
		c.SubsetSelectors = append(c.SubsetSelectors, &clusterv3.Cluster_LbSubsetConfig_LbSubsetSelector{Keys: []string{policy.FitKey, orderKey}})
	}
	return c
}
