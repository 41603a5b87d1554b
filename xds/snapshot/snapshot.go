// Package snapshot turns a policy into one consistent set of Envoy resources.
//
// It is pure: the same policy and options give the same resources and versions,
// whatever the time and the machine. The promise: what Build returns was
// validated resource by resource and is complete, so Envoy never waits for a name
// that nobody serves. The trap: first-matched routes decide the filter chain and
// the buffer limit, which is why the fall-through forwards to a cluster without
// hosts instead of answering directly.
package snapshot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	cachev3 "github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/headgate/headgate/policy"
)

// Options say what the resources need to know beside the policy.
type Options struct {
	AccessLog string   // file of Envoy's own access log; empty: none
	Simulated *url.URL // where backends of the provider "simulated" without a URL are answered
	Roots     string   // file with the system's root certificates where Envoy runs; empty: DefaultRoots
}

// DefaultRoots is where Debian, Ubuntu, Alpine and images made from them keep the
// system's root certificates.
const DefaultRoots = "/etc/ssl/certs/ca-certificates.crt"

// ExtProcCluster is the cluster of the ext_proc server. It is part of the
// bootstrap, because its socket belongs to the pair and not to the policy.
const ExtProcCluster = "headgate_extproc"

// Names of the resources that every snapshot has.
const (
	listenerName = "gateway"
	routesName   = "gateway"
	nowhere      = "nowhere" // the cluster without hosts: what nobody processed ends here
)

// Resources are Envoy's resources for one policy.
type Resources struct {
	Listener *listenerv3.Listener // takes its routes from ADS
	Routes   *routev3.RouteConfiguration
	Clusters []*clusterv3.Cluster // sorted by name
}

// Build makes the resources of a policy. An error names the resource at fault.
func Build(set *policy.Set, o Options) (*Resources, error) {
	all, err := pools(set, o)
	if err != nil {
		return nil, err
	}
	r := &Resources{}
	if r.Routes, err = routes(set, all, o); err != nil {
		return nil, err
	}
	if r.Listener, err = listener(set, o, fromADS()); err != nil {
		return nil, err
	}
	r.Clusters = append(slices.Collect(maps.Values(all)), &clusterv3.Cluster{
		Name: nowhere, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
	})
	slices.SortFunc(r.Clusters, func(a, b *clusterv3.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	return r, r.validate()
}

// validator is what protoc-gen-validate gives every message.
type validator interface{ ValidateAll() error }

func (r *Resources) validate() error {
	if err := r.Listener.ValidateAll(); err != nil {
		return fmt.Errorf("listener: %w", err)
	}
	if err := r.Routes.ValidateAll(); err != nil {
		return fmt.Errorf("routes: %w", err)
	}
	for _, c := range r.Clusters {
		if err := c.ValidateAll(); err != nil {
			return fmt.Errorf("cluster %q: %w", c.Name, err)
		}
	}
	return nil
}

// Snapshot is the form in which go-control-plane serves resources. Each type has
// its own version, the hash of its content, so that a type that did not change is
// not sent again.
func (r *Resources) Snapshot() (*cachev3.Snapshot, error) {
	s := &cachev3.Snapshot{}
	clusters := make([]types.Resource, len(r.Clusters))
	for i, c := range r.Clusters {
		clusters[i] = c
	}
	for url, resources := range map[resourcev3.Type][]types.Resource{
		resourcev3.ListenerType: {r.Listener},
		resourcev3.RouteType:    {r.Routes},
		resourcev3.ClusterType:  clusters,
	} {
		version, err := contentHash(resources)
		if err != nil {
			return nil, err
		}
		s.Resources[cachev3.GetResponseType(url)] = cachev3.NewResources(version, resources)
	}
	if err := s.Consistent(); err != nil {
		return nil, fmt.Errorf("inconsistent snapshot: %w", err)
	}
	return s, nil
}

func contentHash(resources []types.Resource) (string, error) {
	h := sha256.New()
	for _, r := range resources {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
		if err != nil {
			return "", fmt.Errorf("hashing resources: %w", err)
		}
		fmt.Fprintf(h, "%d:", len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// packed wraps an extension's configuration. It is validated here, because
// ValidateAll of the message around it does not look inside.
func packed(m proto.Message) *anypb.Any {
	if v, ok := m.(validator); ok {
		if err := v.ValidateAll(); err != nil {
			panic(fmt.Sprintf("snapshot: %T: %v", m, err)) // a constant of this package is wrong
		}
	}
	a := &anypb.Any{}
	if err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic(fmt.Sprintf("snapshot: %T: %v", m, err)) // cannot happen: m is a valid message
	}
	return a
}
