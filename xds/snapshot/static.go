package snapshot

import (
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/headgate/headgate/policy"
)

// Static returns the same resources as static ones, with the routes inside the
// listener: what `envoy --mode validate` can check, and what an Envoy without a
// control plane runs. The cluster of ext_proc is the bootstrap's.
func Static(set *policy.Set, o Options) (*bootstrapv3.Bootstrap_StaticResources, error) {
	r, err := Build(set, o)
	if err != nil {
		return nil, err
	}
	l, err := listener(set, o, inline(r.Routes))
	if err != nil {
		return nil, err
	}
	return &bootstrapv3.Bootstrap_StaticResources{Listeners: []*listenerv3.Listener{l}, Clusters: r.Clusters}, nil
}
