package processes

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// moves are the series that the exchanges of TestMetrics change, without the
// clocks: value after, less value before.
var moves = []string{
	`headgate_requests_total{backend="sim",by="",model="plain",outcome="ok",reason=""}`,
	`headgate_requests_total{backend="sim",by="provider",model="plain",outcome="provider_rate_limited",reason=""}`,
	`headgate_requests_total{backend="",by="client",model="",outcome="client_error",reason="model_not_found"}`,
	`headgate_requests_total{backend="",by="client",model="",outcome="client_error",reason="unknown_path"}`,
	`headgate_requests_total{backend="sim",by="client",model="plain",outcome="cancelled",reason=""}`,
	`headgate_requests_total{backend="sim",by="provider",model="once",outcome="cut",reason=""}`,
	`headgate_requests_total{backend="keyed",by="gateway",model="keyed",outcome="provider_refused_key",reason="backend_credential_rejected"}`,
	`headgate_request_duration_seconds_count{model="plain",stream="false"}`,
	`headgate_request_duration_seconds_count{model="plain",stream="true"}`,
	`headgate_time_to_first_token_seconds_count{model="plain",stream="true"}`,
	`headgate_endings_total{account="joined"}`,
	`headgate_endings_total{account="missing"}`,
	`headgate_extproc_phase_seconds_count{phase="request_headers"}`,
	`headgate_extproc_phase_seconds_count{phase="request_body"}`,
	`headgate_unpriced_total{backend="sim",model="unpriced"}`,
	`headgate_panics_total`,
	`headgate_attempts_unjoined_total`,
	`headgate_access_records_lost_total`,
	`headgate_xds_nacks_total{type="listener"}`,
	`headgate_xds_pushes_total`,
	`headgate_envoy_restarts_total`,
	`headgate_credentials_refused_total{backend="keyed",status="401"}`,
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, "  unpriced: sim/nobody-knows\n")+"unpriced: flag\n", gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	before := series(g)
	revision := "headgate_policy_info{revision=\"" + exchangesFor(t, g, p) + "\"}"
	want := map[string]float64{
		moves[0]: 3, moves[1]: 1, moves[2]: 1, moves[3]: 1, moves[4]: 1, moves[5]: 1, moves[6]: 1,
		moves[7]: 2, moves[8]: 3, moves[9]: 3, moves[10]: 2, moves[11]: 0, moves[12]: 10, moves[13]: 9, moves[14]: 1,
		moves[15]: 0, moves[16]: 0, moves[17]: 0, moves[18]: 0, moves[19]: 0, moves[20]: 0, moves[21]: 1,
	}
	after := series(g)
	got := map[string]float64{}
	for name := range want {
		got[name] = after[name] - before[name]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("moves (-want +got):\n%s", d)
	}
	checkMoney(t, g, p)
	for name, v := range map[string]float64{revision: 1, "headgate_xds_pushes_total": 1, "headgate_streams_in_flight": 0} {
		if g.Metric(name) != v {
			t.Errorf("%s is %v, want %v", name, g.Metric(name), v)
		}
	}
	text := g.Metrics()
	for _, bound := range []string{`le="10"`, `le="30"`} {
		if !strings.Contains(text, "headgate_request_duration_seconds_bucket{model=\"plain\",stream=\"false\","+bound+"}") {
			t.Errorf("no bound %s", bound)
		}
	}
	for _, kind := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if g.Metric(kind) == 0 {
			t.Errorf("no %s", kind)
		}
	}
}

// series are all values of moves now.
func series(g *gatewaytest.Gateway) map[string]float64 {
	out := map[string]float64{}
	for _, name := range moves {
		out[name] = g.Metric(name)
	}
	return out
}

// exchangesFor has ten exchanges, each of another ending, and returns the
// revision of the policy.
func exchangesFor(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider) string {
	t.Helper()
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("plain", "counted one", false), "cached=3;reasoning=4"))
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("plain", "counted two", true), ""))
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("plain", "counted three", true), "ttft=30ms"))
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("unpriced", "never priced", false), ""))
	g.Chat(gatewaytest.ChatBody("plain", "too often", false), "status=429")
	g.Chat(gatewaytest.ChatBody("none", "no such model", false), "")
	g.Ask(gatewaytest.Request{Method: "GET", Path: "/v1/none"})
	g.Chat(gatewaytest.ChatBody("once", "cut", false), "cut=headers")
	a := g.Chat(gatewaytest.ChatBody("keyed", "its key is refused [[sim status=401]]", false), "")
	s := g.Stream(gatewaytest.ChatRequest("/v1/chat/completions", gatewaytest.ChatBody("plain", "hung up", true), "hang=6"))
	for range 6 {
		if _, err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if n := g.Metric("headgate_streams_in_flight"); n != 1 {
		t.Errorf("%v streams in flight, want 1", n)
	}
	s.Close()
	// The probe that proved readiness has a row, too.
	g.Eventually("eleven rows", func() bool { return len(g.Rows()) >= 11 })
	g.Eventually("the end of every stream", func() bool { return g.Metric("headgate_streams_in_flight") == 0 })
	return a.Header.Get("x-headgate-policy-revision")
}

// checkMoney compares tokens and cost with what the provider billed.
func checkMoney(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider) {
	t.Helper()
	var sum sim.Usage
	var cost int64
	for _, s := range p.FindAll("counted ", 3) {
		sum.Input, sum.CacheRead = sum.Input+s.Usage.Input, sum.CacheRead+s.Usage.CacheRead
		sum.Output, sum.Reasoning = sum.Output+s.Usage.Output, sum.Reasoning+s.Usage.Reasoning
		cost += gatewaytest.Nano(s.Usage)
	}
	for kind, n := range map[string]int{"input": sum.Input, "cache_read": sum.CacheRead, "output": sum.Output, "reasoning": sum.Reasoning} {
		if got := g.Metric(`headgate_tokens_total{backend="sim",kind="` + kind + `",model="plain",source="provider"}`); got != float64(n) || n == 0 {
			t.Errorf("%v tokens of kind %s, the provider billed %d", got, kind, n)
		}
	}
	estimated := 0.0
	for _, r := range g.Rows() {
		if r.UsageSource == "estimated" && r.CostNano != nil {
			estimated += float64(*r.CostNano) / 1e9
		}
	}
	got := g.Metric(`headgate_cost_usd_total{backend="sim",model="plain"}`)
	if want := float64(cost)/1e9 + estimated; got < want-1e-12 || got > want+1e-12 || estimated == 0 {
		t.Errorf("cost %v, want %v", got, want)
	}
}

func TestOperationsPort(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	gatewaytest.MustOK(t, g.Chat(gatewaytest.ChatBody("plain", "counted by Envoy", false), ""))
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/readyz": "ready\n", "/metrics": "# HELP headgate_requests_total", "/debug/pprof/": "goroutine",
		"/debug/pprof/goroutine?debug=2": "goroutine ", "/debug/pprof/cmdline": "headgate", "/debug/pprof/heap?debug=1": "heap profile",
		"/metrics/envoy": `envoy_cluster_upstream_rq_total{envoy_cluster_name="pool/plain"}`,
	} {
		resp, err := http.Get(g.Ops + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: status %d, %.80q", path, resp.StatusCode, body)
		}
	}
	checkStatistics(t, g)
	// Clients reach none of it, but for a health of their own.
	for _, path := range []string{"/metrics", "/metrics/envoy", "/readyz", "/debug/pprof/"} {
		if a := g.Ask(gatewaytest.Request{Method: "GET", Path: path}); a.Status != 404 {
			t.Errorf("%s at the gateway's port: status %d", path, a.Status)
		}
	}
}

// checkStatistics holds that Envoy's statistics have what is looked for when something is wrong, each
// line in Prometheus' form, and neither of its admin interface nor of single threads.
func checkStatistics(t *testing.T, g *gatewaytest.Gateway) {
	t.Helper()
	resp, err := http.Get(g.Ops + "/metrics/envoy")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for _, name := range []string{
		`envoy_server_live{}`, `envoy_server_memory_allocated{}`, `envoy_control_plane_connected_state{}`, `envoy_cluster_manager_warming_clusters{}`,
		`envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="gateway"}`, `envoy_http_downstream_cx_active{`, `envoy_http_ext_proc_streams_started{`,
		`envoy_listener_downstream_cx_total{`, `envoy_listener_manager_lds_update_success{}`, `envoy_cluster_membership_healthy{envoy_cluster_name="pool/plain"}`,
		`envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="pool/plain"}`, `envoy_cluster_circuit_breakers_default_rq_open{`,
	} {
		if !strings.Contains(string(text), "\n"+name) {
			t.Errorf("no %s", name)
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	if _, err := parser.TextToMetricFamilies(bytes.NewReader(text)); err != nil {
		t.Errorf("Prometheus cannot read it: %v", err)
	}
	for _, none := range []string{"worker", "admin", "headgate-run"} {
		if strings.Contains(string(text), none) {
			t.Errorf("there is something of %s", none)
		}
	}
}
