package processes

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc/sim"
)

// cachedModels are a model without a cache, one with an exact, and one with a semantic cache.
const cachedModels = `version: 1
backends: {s: {provider: simulated, url: %q}}
models:
  plain: s/gpt-4o-mini
  exact: {chain: [s/gpt-4o-mini], cache: {}}
  semantic: {chain: [s/gpt-4o-mini], cache: {semantic: {}}}
`

// What is asked. The semantic cache has the answer to bought, and gives it for reworded.
const (
	bought   = "Can I return the shoes that I bought online within 30 days?"
	reworded = "Is it possible to return the shoes I bought online within 30 days?"
)

// questionsBeside is how many others a semantic cache has answers to.
const questionsBeside = 1000

// asking is a request of a model.
func asking(model, question string) string {
	return fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}]}`, model, question)
}

// BenchmarkCacheLatency measures what an answer from the cache takes beside an Envoy that answers by
// itself, without ext_proc and without a backend, and what looking in vain adds to a request that
// goes on to its backend. Figures are milliseconds.
func BenchmarkCacheLatency(b *testing.B) {
	p := gatewaytest.Simulate(b, sim.Options{Keyless: true})
	g := gatewaytest.Start(b, fmt.Sprintf(cachedModels, p.URL), gatewaytest.Options{})
	direct := startDirect(b)
	keepAnswers(b, g.URL)
	var asked atomic.Int64
	fresh := func(model string) func() string { // no request has another's answer
		return func() string { return asking(model, fmt.Sprintf("What is item %d of the list?", asked.Add(1))) }
	}
	always := func(body string) func() string { return func() string { return body } }
	for _, c := range []struct {
		name          string
		with, without load
		result        string
	}{
		{"hit", load{url: g.URL, body: always(asking("exact", bought))}, load{url: direct, body: always(asking("exact", bought))}, "hit"},
		{"semantic_hit", load{url: g.URL, body: always(asking("semantic", reworded))}, load{url: direct, body: always(asking("semantic", reworded))}, "semantic-hit"},
		{"miss", load{url: g.URL, body: fresh("exact")}, load{url: g.URL, body: fresh("plain")}, "miss"},
		{"semantic_miss", load{url: g.URL, body: fresh("semantic")}, load{url: g.URL, body: fresh("plain")}, "miss"},
	} {
		for _, clients := range []int{1, speedClients} {
			b.Run(fmt.Sprintf("%s_c%d", c.name, clients), func(b *testing.B) {
				c.with.clients, c.without.clients = clients, clients
				expect(b, c.with, c.result)
				for b.Loop() {
					var with, without []time.Duration
					for range speedRounds {
						without = append(without, c.without.play(b)...)
						with = append(with, c.with.play(b)...)
					}
					for _, q := range []float64{0.50, 0.99} {
						w, wo := quantile(with, q), quantile(without, q)
						b.ReportMetric(w, fmt.Sprintf("p%.0f-ms", q*100))
						b.ReportMetric(w-wo, fmt.Sprintf("p%.0f-added-ms", q*100))
					}
				}
				expect(b, c.with, c.result)
			})
		}
	}
}

// BenchmarkCacheAgainstAModel compares answers from the cache with those of a model that takes half a
// second: how many times as long that takes.
func BenchmarkCacheAgainstAModel(b *testing.B) {
	p := gatewaytest.Simulate(b, sim.Options{Keyless: true, Script: sim.Script{{Do: sim.Behaviour{TTFT: 500 * time.Millisecond}}}})
	g := gatewaytest.Start(b, fmt.Sprintf(cachedModels, p.URL), gatewaytest.Options{})
	upstream := load{url: g.URL, clients: 1, requests: 20, body: func() string { return asking("plain", bought) }}
	for b.Loop() {
		model := quantile(upstream.play(b), 0.5)
		b.ReportMetric(model, "model-p50-ms")
		for _, c := range []struct{ name, question, result string }{{"exact", bought, "hit"}, {"semantic", reworded, "semantic-hit"}} {
			cached := load{url: g.URL, clients: 1, body: func() string { return asking(c.name, c.question) }}
			kept := load{url: g.URL, clients: 1, requests: 1, body: func() string { return asking(c.name, bought) }}
			kept.play(b)
			expect(b, cached, c.result)
			hit := quantile(cached.play(b), 0.5)
			b.ReportMetric(hit, c.name+"-p50-ms")
			b.ReportMetric(model/hit, c.name+"-times")
		}
	}
}

// keepAnswers has the caches keep what is asked, and the semantic one also answers to other questions.
func keepAnswers(b *testing.B, url string) {
	b.Helper()
	for _, model := range []string{"exact", "semantic"} {
		load{url: url, clients: 1, requests: 1, body: func() string { return asking(model, bought) }}.play(b)
	}
	var n atomic.Int64
	load{url: url, clients: speedClients, requests: questionsBeside, body: func() string {
		return asking("semantic", fmt.Sprintf("Where is %s number %d?", strings.Repeat("that very ", int(n.Load()%5)), n.Add(1)))
	}}.play(b)
}

// expect fails the benchmark if what comes of a request is something else, after the answer has been
// kept.
func expect(b *testing.B, l load, result string) {
	b.Helper()
	got := ""
	for range 100 {
		resp, err := http.Post(l.url+"/v1/chat/completions", "application/json", strings.NewReader(l.body()))
		if err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		if got = resp.Header.Get("x-headgate-cache"); got == result {
			return
		}
	}
	b.Fatalf("%q came of it, want %q", got, result)
}

// startDirect runs an Envoy that answers everything by itself.
func startDirect(b *testing.B) string {
	listen := gatewaytest.FreePort(b)
	envoytest.Start(b, fmt.Appendf(nil, `
static_resources:
  listeners:
  - name: direct
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: direct
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: %q}}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
`, listen, strings.Repeat("answer ", 100)))
	return fmt.Sprintf("http://127.0.0.1:%d", listen)
}
