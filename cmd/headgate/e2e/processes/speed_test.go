package processes

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/extproc/sim"
)

// Shape of the load: clients in a closed loop, in turns against both gateways, so
// that what else the machine does hits both alike.
const (
	speedClients  = 16
	speedRounds   = 6
	speedRequests = 400 // of each round and gateway
)

// BenchmarkAddedLatency measures what Headgate adds to an Envoy without ext_proc,
// for 1 KB in and out, 32 KB in, and a stream. Figures are milliseconds.
func BenchmarkAddedLatency(b *testing.B) {
	p := gatewaytest.Simulate(b, sim.Options{Keyless: true})
	g := gatewaytest.Start(b, fmt.Sprintf("version: 1\nbackends: {s: {provider: simulated, url: %q}}\nmodels: {gpt-4o-mini: s/gpt-4o-mini}\n", p.URL), gatewaytest.Options{})
	bare := startBare(b, strings.TrimSuffix(strings.TrimPrefix(p.URL, "http://"), "/v1"))
	for _, load := range []struct {
		name   string
		bytes  int
		stream bool
	}{{"small", 1 << 10, false}, {"large", 32 << 10, false}, {"stream", 1 << 10, true}} {
		b.Run(load.name, func(b *testing.B) {
			body := fmt.Sprintf(`{"model":"gpt-4o-mini","stream":%v,"messages":[{"role":"user","content":%q}]}`, load.stream, strings.Repeat("word ", load.bytes/5))
			for b.Loop() {
				var with, without []time.Duration
				for range speedRounds {
					without = append(without, closedLoop(b, bare, "none", body)...)
					with = append(with, closedLoop(b, g.URL, "none", body)...)
				}
				for _, q := range []float64{0.50, 0.95, 0.99} {
					w, wo := quantile(with, q), quantile(without, q)
					b.ReportMetric(w, fmt.Sprintf("p%.0f-ms", q*100))
					b.ReportMetric(w-wo, fmt.Sprintf("p%.0f-added-ms", q*100))
				}
			}
		})
	}
}

// startBare runs an Envoy that passes everything to the provider and nothing else.
func startBare(b *testing.B, provider string) string {
	host, port, _ := strings.Cut(provider, ":")
	listen := gatewaytest.FreePort(b)
	envoytest.Start(b, fmt.Appendf(nil, `
static_resources:
  listeners:
  - name: bare
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bare
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: provider, timeout: 0s}}]}]}
          http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
  clusters:
  - name: provider
    type: STATIC
    load_assignment: {cluster_name: provider, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: %s, port_value: %s}}}}]}]}
`, listen, host, port))
	return fmt.Sprintf("http://127.0.0.1:%d", listen)
}

// closedLoop sends requests from all clients, each after the answer to its last
// one, and returns how long each took to its last byte.
func closedLoop(b *testing.B, url, key, body string) []time.Duration {
	return load{url: url, key: key, clients: speedClients, body: func() string { return body }}.play(b)
}

// load is what clients ask in a closed loop.
type load struct {
	url, key string
	clients  int
	requests int           // of all clients; 0: speedRequests
	body     func() string // of the next request; asked for by all clients at once
}

// play sends the requests, each of a client after the answer to its last one, and returns how long
// each took to its last byte.
func (l load) play(b *testing.B) []time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: l.clients}}
	defer client.CloseIdleConnections()
	took := make([][]time.Duration, l.clients)
	var all sync.WaitGroup
	for i := range l.clients {
		all.Go(func() {
			for range cmp.Or(l.requests, speedRequests) / l.clients {
				start := time.Now()
				if !l.ask(b, client) {
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	all.Wait()
	return slices.Concat(took...)
}

// ask sends one request and reads its answer; false: there is none.
func (l load) ask(b *testing.B, client *http.Client) bool {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, l.url+"/v1/chat/completions", strings.NewReader(l.body()))
	if err != nil {
		b.Error(err)
		return false
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + cmp.Or(l.key, "none")}}
	resp, err := client.Do(req)
	if err != nil {
		b.Error(err)
		return false
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Errorf("status %d, %v", resp.StatusCode, err)
		return false
	}
	return true
}

func quantile(d []time.Duration, q float64) float64 {
	d = slices.Clone(d)
	slices.Sort(d)
	return float64(d[min(int(q*float64(len(d))), len(d)-1)].Microseconds()) / 1000
}
