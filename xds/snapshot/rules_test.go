package snapshot_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	prioritiesv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/priority/previous_priorities/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/snapshot"
)

// numbers are what the rule of a chain comes to in Envoy.
type numbers struct {
	Retries, OnALink     uint32 // num_retries; previous_priorities' update_frequency, 0: none
	OtherHosts           bool   // previous_hosts
	On                   string // status codes that are tried again
	Try, Idle            time.Duration
	EjectedAfter         uint32
	Priorities, Endpoint int
}

// TestRules holds the numbers of retries and clocks against the policy they are of.
func TestRules(t *testing.T) {
	const backends = `version: 1
unpriced: flag
backends:
  a: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  b: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}
  c: {provider: openai-compatible, url: "http://127.0.0.1:3/v1"}
models: {m: `
	s, ms := time.Second, time.Millisecond
	tie := 100 * time.Millisecond
	for _, c := range []struct {
		name, model string
		want        numbers
	}{
		{"short form", "a/x", numbers{2, 0, false, "[408]", 30 * s, 93500*ms + tie, 9, 1, 1}},
		{"no retries", "{chain: [a/x], retries: 0}", numbers{0, 0, false, "[408]", 30 * s, 60 * s, 3, 1, 1}},
		{"two links, no retries", "{chain: [a/x, b/x], retries: 0}", numbers{1, 1, true, "[408 429]", 30 * s, 62250*ms + tie, 3, 2, 2}},
		{"three links", "{chain: [a/x, b/x, c/x], retries: 2}", numbers{8, 3, true, "[408 429]", 30 * s, 281*s + tie, 10, 3, 3}},
		{"two links, two retries", "{chain: [a/x, b/x]}", numbers{5, 3, true, "[408 429]", 30 * s, 187250*ms + tie, 9, 2, 2}},
		{"one link of two", "{chain: [[{use: a/x, weight: 70}, {use: b/x, weight: 30}]], retries: 1}", numbers{1, 1, true, "[408 429]", 30 * s, 62250*ms + tie, 3, 2, 4}},
		{"more uses than attempts", "{chain: [[{use: a/x, weight: 70}, {use: b/x, weight: 30}], c/x], retries: 0}", numbers{2, 1, true, "[408 429]", 30 * s, 93500*ms + tie, 4, 3, 5}},
		{"the longest chain", "{chain: [a/x, b/x, c/x, a/y, b/y, c/y, a/z, b/z], retries: 5}", numbers{47, 6, true, "[408 429]", 30 * s, 1499750*ms + tie, 49, 8, 8}},
		{"a model that thinks", "{chain: [a/x], timeout: 10m, idle_timeout: 20s}", numbers{2, 0, false, "[408]", 600 * s, 1803500*ms + tie, 9, 1, 1}},
		{"a patient one", "{chain: [a/x], timeout: 5s, idle_timeout: 5m}", numbers{2, 0, false, "[408]", 5 * s, 300 * s, 9, 1, 1}},
		{"shorter than ext_proc's own part", "{chain: [a/x], retries: 0, timeout: 1ms, idle_timeout: 1ms}", numbers{0, 0, false, "[408]", ms, 2*s + tie, 3, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := snapshot.Build(parse(t, backends+c.model+"}"), snapshot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, route := range r.Routes.VirtualHosts[0].Routes[:2] { // JSON and stream
				if d := cmp.Diff(c.want, numbersOf(t, route, poolOf(r, "m"))); d != "" {
					t.Errorf("%s (-want +got):\n%s", route.Name, d)
				}
			}
		})
	}
}

func numbersOf(t *testing.T, r *routev3.Route, pool *clusterv3.Cluster) numbers {
	t.Helper()
	a := r.GetRoute()
	p := a.GetRetryPolicy()
	n := numbers{
		Retries: p.GetNumRetries().GetValue(), OtherHosts: len(p.RetryHostPredicate) > 0, On: fmt.Sprint(p.RetriableStatusCodes),
		Try: p.PerTryTimeout.AsDuration(), Idle: a.IdleTimeout.AsDuration(),
		EjectedAfter: pool.OutlierDetection.Consecutive_5Xx.GetValue(),
	}
	for _, e := range pool.LoadAssignment.Endpoints {
		n.Priorities = max(n.Priorities, int(e.Priority)+1)
		n.Endpoint += len(e.LbEndpoints)
	}
	if packed := p.RetryPriority.GetTypedConfig(); packed != nil {
		var priorities prioritiesv3.PreviousPrioritiesConfig
		if err := packed.UnmarshalTo(&priorities); err != nil {
			t.Fatal(err)
		}
		n.OnALink = uint32(priorities.UpdateFrequency)
	}
	return n
}

func poolOf(r *snapshot.Resources, model string) *clusterv3.Cluster {
	for _, c := range r.Clusters {
		if c.AltStatName == "pool/"+model {
			return c
		}
	}
	return nil
}

// TestNamesFit holds, for every policy in testdata, that each name that one resource
// says is another's, once, and that every backend is asked by the host that its URL has.
func TestNamesFit(t *testing.T) {
	for name, document := range documents(t) {
		t.Run(name, func(t *testing.T) {
			set := parse(t, document)
			r, err := snapshot.Build(set, options(t))
			if err != nil {
				t.Fatal(err)
			}
			clusters, seen, values := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, c := range r.Clusters {
				if clusters[c.Name] || c.LoadAssignment != nil && c.LoadAssignment.ClusterName != c.Name {
					t.Errorf("cluster %q: twice, or its endpoints are another's", c.Name)
				}
				clusters[c.Name] = true
			}
			for _, route := range r.Routes.VirtualHosts[0].Routes {
				if seen[route.Name] || !clusters[route.GetRoute().GetCluster()] {
					t.Errorf("route %q: twice, or without its cluster %q", route.Name, route.GetRoute().GetCluster())
				}
				seen[route.Name] = true
				for _, h := range route.Match.Headers {
					if h.Name == policy.RouteHeader {
						values[h.GetStringMatch().GetExact()] = true
					}
				}
				model := route.Metadata.GetFilterMetadata()[policy.MetadataNamespace].GetFields()[policy.ModelKey].GetStringValue()
				m := set.Models[model]
				if m == nil {
					continue
				}
				if use, single := m.Single(); single && use.Backend.URL != nil && route.GetRoute().GetHostRewriteLiteral() != use.Backend.URL.Host {
					t.Errorf("route %q asks the host %q, the URL says %q", route.Name, route.GetRoute().GetHostRewriteLiteral(), use.Backend.URL.Host)
				}
			}
			want := map[string]bool{}
			for model := range set.Models {
				want[policy.RouteName(model, false)], want[policy.RouteName(model, true)] = true, true
			}
			if d := cmp.Diff(want, values); d != "" {
				t.Errorf("values of %s that lead somewhere (-want +got):\n%s", policy.RouteHeader, d)
			}
		})
	}
}

// TestBuildValidates holds that what Envoy would refuse is refused before, with the
// place, although no policy document can say it.
func TestBuildValidates(t *testing.T) {
	const document = "version: 1\nunpriced: flag\nbackends: {b: {provider: openai-compatible, url: \"http://127.0.0.1:1/v1\"}}\nmodels: {m: b/x}"
	for _, c := range []struct {
		name  string
		spoil func(*policy.Set)
		want  string
	}{
		{"a host that is no header", func(s *policy.Set) { s.Backends["b"].URL = &url.URL{Scheme: "http", Host: "a\nb"} }, "route \"m/json\""},
		{"a port that is none", func(s *policy.Set) { s.Backends["b"].URL = &url.URL{Scheme: "http", Host: "a:99999"} }, `backend "b": port`},
		{"no host", func(s *policy.Set) { s.Backends["b"].URL = &url.URL{Scheme: "http", Host: ":1"} }, `cluster "pool/m/`},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := parse(t, document)
			c.spoil(set)
			if _, err := snapshot.Build(set, snapshot.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want it to say %q", err, c.want)
			}
		})
	}
}
