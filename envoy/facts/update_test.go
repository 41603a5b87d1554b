package facts_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/dns/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/network/dns_resolver/cares/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/google/go-cmp/cmp"
)

func TestInitialMetadataOfTheFirstMatchedRouteIsAddedToTheFilters(t *testing.T) {
	const override = `route: { cluster: nowhere }
typed_per_filter_config: { facts.router: { "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute, overrides: { grpc_initial_metadata: [ { key: x-headgate-revision, value: r1 } ] } } }`
	for unrouted, want := range map[string][]string{"": nil, override: {"r1"}} {
		r := start(t, setup{Unrouted: unrouted, UpstreamMode: headersOnly})
		r.play(routed(), script{})
		if got := r.post(t, `{}`); got.status != 200 {
			t.Fatalf("answer: %+v", got)
		}
		// next finds the stream by its level: the filter's own metadata is there, too.
		for level, want := range map[string][]string{"router": want, "upstream": nil} {
			if d := cmp.Diff(want, r.next(t, level).meta.Get("x-headgate-revision")); d != "" {
				t.Errorf("%s level's metadata (-want +got):\n%s", level, d)
			}
		}
	}
}

func TestARequestKeepsTheRouteTableOfItsHeaders(t *testing.T) {
	mine := &journal{}
	a, b := startProvider(t, "a", mine), startProvider(t, "b", mine)
	clusters := []string{fixed("one", a.endpoint(1)), fixed("two", b.endpoint(1))}
	r, c := startControlled(t, setup{}, dynamic{clusters: clusters, routes: routesTo("one")})
	r.play(routed(), script{})

	upload, body := io.Pipe()
	answered := make(chan answer, 1)
	go func() {
		resp, err := r.try(t.Context(), http.MethodPost, "/", upload)
		if err != nil {
			answered <- answer{err: err}
			return
		}
		defer func() { _ = resp.Body.Close() }()
		answered <- answer{status: resp.StatusCode}
	}()
	r.next(t, "router").await(t) // the headers are in
	c.publish(t, dynamic{clusters: clusters, routes: routesTo("two")})
	eventually(t, "a new request takes the new table", func() bool {
		r.post(t, `{}`)
		return names(mine.take()) == "b"
	})
	if _, err := io.WriteString(body, `{}`); err != nil {
		t.Fatal(err)
	}
	_ = body.Close() // the route cache is cleared now
	if got := <-answered; got.status != 200 || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	if got := names(mine.take()); got != "a" {
		t.Errorf("routed to %q after the cache clear, want the old table's a", got)
	}
}

func TestARemovedClusterLetsItsAnswersEnd(t *testing.T) {
	mine := &journal{}
	a, b := startProvider(t, "a", mine), startProvider(t, "b", mine)
	two := fixed("two", b.endpoint(1))
	r, c := startControlled(t, setup{}, dynamic{clusters: []string{fixed("one", a.endpoint(1)), two}, routes: routesTo("one")})
	r.play(script{requestBody: always(requestBody(toPool())), responseHeaders: toStreamed()}, script{})
	do, write, _ := events()
	a.serve(do)
	resp := r.stream(t, context.Background(), write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")

	c.publish(t, dynamic{clusters: []string{two}, routes: routesTo("two")})
	r.withoutCluster(t, "one")
	give(t, write, "data: 2\n\n")
	close(write)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "data: 2\n\n" {
		t.Errorf("the rest of the answer: %q, %v", rest, err)
	}
}

func TestARetryDoesNotOutliveItsCluster(t *testing.T) {
	mine := &journal{}
	a := startProvider(t, "a", mine)
	retried := strings.Replace(routesTo("one"), "timeout: 0s", "timeout: 0s, retry_policy: { retry_on: 5xx, num_retries: 1 }", 1)
	r, c := startControlled(t, setup{}, dynamic{clusters: []string{fixed("one", a.endpoint(1))}, routes: retried})
	r.play(routed(), script{})
	asked, goOn := make(chan struct{}), make(chan struct{})
	a.serve(inTurn(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		select {
		case <-goOn:
		case <-r.Context().Done():
		}
		answerStatus(500)(w, r)
	}, answerJSON(`{}`)))
	answered := make(chan int, 1)
	go func() { answered <- r.post(t, `{}`).status }()
	await(t, "the first attempt", asked)
	c.publish(t, dynamic{routes: retried})
	r.withoutCluster(t, "one")
	close(goOn)
	if got := <-answered; got != 503 {
		t.Errorf("status %d, want 503: there is no cluster to retry on", got)
	}
	if e := r.logged(t, "all").CommonProperties; !e.ResponseFlags.GetNoHealthyUpstream() {
		t.Errorf("flags: %v", e.ResponseFlags)
	}
}

// withoutCluster waits until Envoy routes nothing to a cluster.
func (r *rig) withoutCluster(t *testing.T, name string) {
	t.Helper()
	eventually(t, "cluster "+name+" is gone", func() bool { return !strings.Contains(r.ask(t, "/clusters"), "\n"+name+"::") })
}

// ask asks Envoy's admin interface.
func (r *rig) ask(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(r.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnUpdateOfAClustersWeightsLosesNoRequest(t *testing.T) {
	mine := &journal{}
	a, b := startProvider(t, "a", mine), startProvider(t, "b", mine)
	weighted := func(n int) dynamic {
		return dynamic{clusters: []string{fixed("one", a.endpoint(100-n), b.endpoint(n))}, routes: routesTo("one")}
	}
	r, c := startControlled(t, setup{NoRouterLevel: true, KeepClientHeaders: true}, weighted(1))
	var wg sync.WaitGroup
	var answers atomic.Int64
	done := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := r.post(t, `{}`, "x-pool", "pool"); got.status != 200 || got.err != nil {
					t.Errorf("answer: %+v", got)
				}
				answers.Add(1)
			}
		})
	}
	for n := 2; n <= 42; n++ {
		before := answers.Load()
		c.publish(t, weighted(n))
		c.taken(t, resourcev3.ClusterType)
		eventually(t, "answers go on", func() bool { return answers.Load() > before+16 })
	}
	close(done)
	wg.Wait()
	if got := r.ask(t, "/stats?filter=cluster_manager.cluster_modified"); !strings.HasSuffix(strings.TrimSpace(got), ": 41") {
		t.Errorf("the cluster was not updated 41 times: %s", got)
	}
	t.Logf("%d requests over 41 updates", answers.Load())
}

func TestOnlyEDSDropsASecondEndpointOfTheSameAddress(t *testing.T) {
	mine := &journal{}
	a := startProvider(t, "a", mine)
	same := func(host string, priorities ...int) string {
		var all []string
		for _, p := range priorities {
			all = append(all, fmt.Sprintf("{ priority: %d, lb_endpoints: [ { endpoint: { address: { socket_address: { address: %s, port_value: %d } } } } ] }", p, host, a.port()))
		}
		return "[ " + strings.Join(all, ", ") + " ]"
	}
	const dns = `cluster_type: { name: envoy.cluster.dns, typed_config: { "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster, dns_lookup_family: V4_ONLY } }`
	const eds = "type: EDS, eds_cluster_config: { eds_config: { ads: {}, resource_api_version: V3 } }"
	var d dynamic
	d.routes = routesTo("nowhere")
	for name, priorities := range map[string][]int{"one": {0, 0}, "two": {0, 1}} {
		assignment := func(kind, host string) string {
			return fmt.Sprintf("{ cluster_name: %s_%s, endpoints: %s }", kind, name, same(host, priorities...))
		}
		d.clusters = append(d.clusters,
			fmt.Sprintf("{ name: eds_%s, connect_timeout: 1s, %s }", name, eds),
			fmt.Sprintf("{ name: static_%s, connect_timeout: 1s, type: STATIC, load_assignment: %s }", name, assignment("static", "127.0.0.1")),
			fmt.Sprintf("{ name: dns_%s, connect_timeout: 1s, %s, load_assignment: %s }", name, dns, assignment("dns", "localhost")))
		d.endpoints = append(d.endpoints, assignment("eds", "127.0.0.1"))
	}
	r, _ := startControlled(t, setup{}, d)
	for kind, want := range map[string]int{"eds": 1, "static": 2, "dns": 2} {
		for _, name := range []string{"one", "two"} {
			stat := "cluster." + kind + "_" + name + ".membership_total"
			if got := strings.TrimSpace(r.ask(t, "/stats?filter="+stat)); got != fmt.Sprintf("%s: %d", stat, want) {
				t.Errorf("%s, want %d", got, want)
			}
		}
	}
}

func TestANewClusterIsAcknowledgedOnlyWhenItsNameIsResolvedAndRoutesFindIt(t *testing.T) {
	mine := &journal{}
	a := startProvider(t, "a", mine)
	names := startNames(t)
	r, c := startControlled(t, setup{}, dynamic{routes: routesTo("late")})
	r.play(routed(), script{})
	c.publish(t, dynamic{routes: routesTo("late"), clusters: []string{fmt.Sprintf(`
name: late
connect_timeout: 1s
cluster_type:
  name: envoy.cluster.dns
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster
    dns_lookup_family: V4_ONLY
    typed_dns_resolver_config:
      name: envoy.network.dns_resolver.cares
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig
        resolvers: [ { socket_address: { address: 127.0.0.1, port_value: %d } } ]
        query_timeout_seconds: 60
load_assignment: { cluster_name: late, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: late.example, port_value: %d } } } } ] } ] }`, names.port, a.port())}})
	await(t, "the question for the name", names.asked)
	if got := r.post(t, `{}`); got.status != 503 {
		t.Errorf("answer before the name is resolved: %+v", got)
	}
	if e := r.logged(t, "all"); !e.CommonProperties.ResponseFlags.GetNoClusterFound() || e.Response.ResponseCodeDetails != "cluster_not_found" {
		t.Errorf("logged %v %q, want no cluster found", e.CommonProperties.ResponseFlags, e.Response.ResponseCodeDetails)
	}
	passes(t, 300)
	if c.has(resourcev3.ClusterType) {
		t.Error("the cluster was acknowledged before it could be used")
	}
	close(names.answer)
	c.taken(t, resourcev3.ClusterType)
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer after the acknowledgement: %+v", got)
	}
}

func TestANewClusterIsAcknowledgedOnlyAfterItsFirstCheck(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	asked := make(chan struct{})
	go func() {
		conn, err := silent.Accept()
		if err != nil {
			return
		}
		close(asked)
		_, _ = io.Copy(io.Discard, conn) // until Envoy gives up
	}()
	r, c := startControlled(t, setup{}, dynamic{routes: routesTo("late")})
	r.play(routed(), script{})
	checked := strings.Replace(fixed("late", fmt.Sprintf("{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: %d } } } }", silent.Addr().(*net.TCPAddr).Port)),
		"connect_timeout: 1s", `connect_timeout: 1s, common_lb_config: { healthy_panic_threshold: { value: 0 } },
health_checks: [ { timeout: 0.5s, interval: 60s, unhealthy_threshold: 2, healthy_threshold: 1, tcp_health_check: { send: { text: "00" }, receive: [ { text: "01" } ] } } ]`, 1)
	c.publish(t, dynamic{routes: routesTo("late"), clusters: []string{checked}})
	await(t, "the first check", asked)
	passes(t, 200)
	if c.has(resourcev3.ClusterType) {
		t.Error("the cluster was acknowledged during its first check")
	}
	c.taken(t, resourcev3.ClusterType)
	if got := r.post(t, `{}`); got.status != 503 {
		t.Errorf("answer: %+v", got)
	}
	if e := r.logged(t, "all").CommonProperties; !e.ResponseFlags.GetNoHealthyUpstream() {
		t.Errorf("flags: %v: one failed check is enough for a new endpoint", e.ResponseFlags)
	}
}
