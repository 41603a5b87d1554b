package snapshot

import (
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/ads"
)

// Set is the form in which the resources are served. Versions are hashes of the
// content and of the salt, so that what did not change is not sent again.
func (r *Resources) Set(salt string) (ads.Set, error) {
	clusters, err := r.clusters(salt)
	if err != nil {
		return nil, err
	}
	listeners, err := ads.Encode(map[string]*listenerv3.Listener{r.Listener.Name: r.Listener}, salt)
	if err != nil {
		return nil, err
	}
	routes, err := ads.Encode(map[string]*routev3.RouteConfiguration{r.Routes.Name: r.Routes}, salt)
	if err != nil {
		return nil, err
	}
	return ads.Set{resourcev3.ClusterType: clusters, resourcev3.ListenerType: listeners, resourcev3.RouteType: routes}, nil
}

// clusters are encoded already. With a salt they are encoded again.
func (r *Resources) clusters(salt string) (*ads.Resources, error) {
	if salt == "" {
		return ads.Of(r.encoded), nil
	}
	byName := make(map[string]*clusterv3.Cluster, len(r.Clusters))
	for _, c := range r.Clusters {
		byName[c.Name] = c
	}
	return ads.Encode(byName, salt)
}

// maxLinger bounds how long clusters that are no longer routed to are kept.
const maxLinger = time.Hour

// Linger is how long an exchange that began with a policy may still begin attempts: until
// its request was sent, has waited in ext_proc, and every attempt of the longest chain was
// given up.
func Linger(set *policy.Set) time.Duration { return min(upload+maxSilence(set), maxLinger) }
