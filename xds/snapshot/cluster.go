package snapshot

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	commondnsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/common/dns/v3"
	dnsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dns/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/headgate/headgate/policy"
)

const connectTimeout = time.Second

// resolveAgain is the longest time until a name that could not be resolved is resolved again.
const resolveAgain = 10 * time.Second

// endpoint is a use with the address that it has.
type endpoint struct {
	use  policy.Use
	url  *url.URL
	host string
	port uint32
}

// identify names a pool by its content: pool/<model>/<hash>. During a change both policies
// have routes in use, and a pool must not change under a route, so each change makes another
// cluster. A pool has no weights, because ext_proc splits the users: new weights change
// nothing in Envoy. The name of the statistics has no hash.
func identify(c *clusterv3.Cluster, model string) error {
	hash, err := contentHash(c)
	if err != nil {
		return err
	}
	c.AltStatName = policy.PoolPrefix + model
	c.Name = c.AltStatName + "/" + hash[:8]
	c.LoadAssignment.ClusterName = c.Name
	return nil
}

// pool makes the cluster of a model, still without a name.
func pool(m *policy.Model, o Options) (*clusterv3.Cluster, error) {
	all := make([]endpoint, 0, len(m.Chain))
	for _, use := range m.Uses() {
		e, err := locate(use, o)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	c := &clusterv3.Cluster{
		ConnectTimeout: durationpb.New(connectTimeout),
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			Endpoints: places(m, all),
			// At the default of 140 %, traffic leaks to the next link before this
			// one has lost every endpoint.
			Policy: &endpointv3.ClusterLoadAssignment_Policy{OverprovisioningFactor: wrapperspb.UInt32(1000)},
		},
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(connectionBuffer),
		CircuitBreakers:               breakers(m.Breaker),
		HealthChecks:                  checks(m.Health, o),
		OutlierDetection:              outliers(m),
		CommonLbConfig:                lbConfig(),
		TypedExtensionProtocolOptions: protocol(all, o),
	}
	if len(all) > 1 {
		c.LbSubsetConfig = subsets(m)
	}
	discover(c, all)
	secure(c, all, o)
	return c, nil
}

// locate finds the address of a use. For a backend of the simulated provider without a
// URL it is the one in the options.
func locate(use policy.Use, o Options) (endpoint, error) {
	u := use.Backend.URL
	if u == nil {
		u = o.Simulated
	}
	if u == nil {
		return endpoint{}, fmt.Errorf("backend %q: no simulated provider runs here: give the backend a url", use.Backend.Name)
	}
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return endpoint{}, fmt.Errorf("backend %q: port %q: %w", use.Backend.Name, port, err)
	}
	return endpoint{use: use, url: u, host: u.Hostname(), port: uint32(n)}, nil
}

func (e *endpoint) tls() bool { return e.url.Scheme == "https" }

// authority is the Host header that the endpoint expects: as the URL writes it, with the
// brackets of an IPv6 address, and with a port only if the URL has one.
func (e *endpoint) authority() string { return e.url.Host }

// discover has Envoy resolve names, if there are any. Each address of a name is an
// endpoint. A name that cannot be resolved is resolved again soon.
func discover(c *clusterv3.Cluster, all []endpoint) {
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	for i := range all {
		if all[i].address().IsValid() {
			continue
		}
		c.ClusterDiscoveryType = &clusterv3.Cluster_ClusterType{ClusterType: &clusterv3.Cluster_CustomClusterType{
			Name: "envoy.cluster.dns",
			TypedConfig: packed(&dnsv3.DnsCluster{
				DnsLookupFamily: commondnsv3.DnsLookupFamily_V4_PREFERRED,
				RespectDnsTtl:   true,
				DnsFailureRefreshRate: &dnsv3.DnsCluster_RefreshRate{
					BaseInterval: durationpb.New(time.Second), MaxInterval: durationpb.New(resolveAgain),
				},
			}),
		}}
		return
	}
}

// What a pool may hold if its model does not say.
const (
	maxConnections = 4096
	maxPending     = 4096
	maxRequests    = 16384
)

// breakers bound what one pool may hold. Envoy's default of three concurrent
// retries would stop failover in the outage that it is for.
func breakers(b policy.Breaker) *clusterv3.CircuitBreakers {
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(cmp.Or(b.Connections, maxConnections)),
		MaxPendingRequests: wrapperspb.UInt32(cmp.Or(b.Pending, maxPending)),
		MaxRequests:        wrapperspb.UInt32(cmp.Or(b.Requests, maxRequests)),
		RetryBudget: &clusterv3.CircuitBreakers_Thresholds_RetryBudget{
			BudgetPercent:       &typev3.Percent{Value: 100},
			MinRetryConcurrency: wrapperspb.UInt32(200),
		},
	}}}
}

// Clocks of an active check: how long one may take, and how soon a backend that is
// down is asked again.
const (
	checkTimeout = time.Second
	checkAgain   = 2 * time.Second
)

// checks, by an Envoy for which nobody else does it, open a connection to each backend. A new endpoint counts as down until its first
// check, and a new cluster is not used before that. This one check may fail by chance, so
// what is down is checked again soon, whatever the interval.
func checks(h policy.Health, o Options) []*corev3.HealthCheck {
	if h.Interval == 0 || o.Probed {
		return nil
	}
	interval, again := durationpb.New(h.Interval), durationpb.New(min(h.Interval, checkAgain))
	return []*corev3.HealthCheck{{
		Timeout:                  durationpb.New(checkTimeout),
		Interval:                 interval,
		NoTrafficHealthyInterval: interval,
		UnhealthyInterval:        again,
		NoTrafficInterval:        again,
		UnhealthyThreshold:       wrapperspb.UInt32(2),
		HealthyThreshold:         wrapperspb.UInt32(1),
		HealthChecker:            &corev3.HealthCheck_TcpHealthCheck_{TcpHealthCheck: &corev3.HealthCheck_TcpHealthCheck{}},
	}}
}
