package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/ads"
)

// Builder builds one policy after the other. What a policy has in common with the one
// before is built, checked and encoded once, so that a change of one model among
// thousands costs what one model costs. The zero value is ready; it is not for
// concurrent use.
type Builder struct {
	options Options
	models  map[string]*modelResources
	nowhere *modelResources
}

// modelResources is what one model contributes.
type modelResources struct {
	model   *policy.Model
	folds   bool // answers of it may be made of streams
	cluster *clusterv3.Cluster
	encoded ads.Resource // the cluster
	routes  []*routev3.Route
}

// Build makes the resources of one policy. An error names the resource at fault.
func Build(set *policy.Set, o Options) (*Resources, error) { return new(Builder).Build(set, o) }

// Build makes the resources of the next policy. An error names the resource at fault,
// and leaves the builder as it was. The resources share what did not change with
// those of earlier policies: they must not be changed.
func (b *Builder) Build(set *policy.Set, o Options) (*Resources, error) {
	o.stall, o.largeStall = set.Stall, set.LargeStall()
	models, err := b.modelResources(set, o)
	if err != nil {
		return nil, err
	}
	r := &Resources{encoded: make(map[string]ads.Resource, len(models)+1)}
	if r.Routes, err = routes(set, models); err != nil {
		return nil, err
	}
	if r.Listener, err = listener(set, o, fromADS()); err != nil {
		return nil, err
	}
	if err := r.Listener.ValidateAll(); err != nil {
		return nil, fmt.Errorf("listener: %w", err)
	}
	if b.nowhere == nil {
		if b.nowhere, err = withoutHosts(); err != nil {
			return nil, err
		}
	}
	for _, p := range append(slices.Collect(maps.Values(models)), b.nowhere) {
		r.Clusters = append(r.Clusters, p.cluster)
		r.encoded[p.cluster.Name] = p.encoded
	}
	slices.SortFunc(r.Clusters, func(a, b *clusterv3.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	b.options, b.models = o, models
	return r, nil
}

// modelResources makes the resources of a policy's models, by name, or takes them from the
// policy before.
func (b *Builder) modelResources(set *policy.Set, o Options) (map[string]*modelResources, error) {
	before := b.models
	if !reflect.DeepEqual(b.options, o) {
		before = nil
	}
	all := make(map[string]*modelResources, len(set.Models))
	for name, m := range set.Models {
		folds := folds(m, set)
		if p := before[name]; p != nil && p.folds == folds && reflect.DeepEqual(p.model, m) {
			all[name] = p
			continue
		}
		p, err := newModelResources(m, folds, o)
		if err != nil {
			return nil, fmt.Errorf("model %q: %w", name, err)
		}
		all[name] = p
	}
	return all, nil
}

// newModelResources makes and validates the resources of one model.
func newModelResources(m *policy.Model, folds bool, o Options) (*modelResources, error) {
	c, err := pool(m, o)
	if err != nil {
		return nil, err
	}
	if err := identify(c, m.Name); err != nil {
		return nil, err
	}
	p := &modelResources{model: m, folds: folds, cluster: c, routes: routesOf(m, c.Name, folds, o)}
	if err := nameHost(m, p.routes, o); err != nil {
		return nil, err
	}
	for _, r := range p.routes {
		if err := r.ValidateAll(); err != nil {
			return nil, fmt.Errorf("route %q: %w", r.Name, err)
		}
	}
	return p, p.finish()
}

// withoutHosts is the cluster to which requests go that ext_proc did not process.
func withoutHosts() (*modelResources, error) {
	p := &modelResources{cluster: &clusterv3.Cluster{
		Name: nowhere, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
	}}
	return p, p.finish()
}

// finish validates and encodes the cluster.
func (p *modelResources) finish() (err error) {
	if err := p.cluster.ValidateAll(); err != nil {
		return fmt.Errorf("cluster %q: %w", p.cluster.Name, err)
	}
	p.encoded, err = ads.EncodeOne(p.cluster, "")
	return err
}
