package facts_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// speak sends bytes over a connection of their own and returns the answer; 0: there is none.
func (r *rig) speak(t *testing.T, text string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), err}
}

const webSocket = "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"

// With the upgrade configured ext_proc sees its headers, and what it says of the connection reaches
// the client. Without, Envoy refuses it by itself.
func TestAnUpgradeIsRefusedByExtProcWithTheHeadersOfA426(t *testing.T) {
	refuse := immediate(426, "no")
	refuse.GetImmediateResponse().Headers = set(header("upgrade", "HTTP/1.1"), header("connection", "upgrade"))
	for hcm, want := range map[string]int{"upgrade_configs: [ { upgrade_type: websocket } ]": 426, "": 403} {
		r := start(t, setup{HCM: hcm})
		r.play(script{requestHeaders: always(refuse)}, script{})
		got := r.speak(t, webSocket)
		if said := got.header.Get("upgrade") + " " + got.header.Get("connection"); got.status != want || (want == 426) != (said == "HTTP/1.1 upgrade") {
			t.Errorf("%q: %+v", hcm, got)
		}
	}
}

func TestHTTP10IsAnsweredIfItIsAcceptedAlsoWithoutAHost(t *testing.T) {
	const ask = "GET /x HTTP/1.0\r\n\r\n"
	r := start(t, setup{HCM: "http_protocol_options: { accept_http_10: true, default_host_for_http_10: none.invalid }"})
	r.play(script{requestHeaders: always(immediate(401, "no"))}, script{})
	if got := r.speak(t, ask); got.status != 401 || got.header.Get("connection") != "close" {
		t.Errorf("%+v", got)
	}
	if host, _ := headerOf(t, r.next(t, "router").await(t), ":authority"); host != "none.invalid" {
		t.Errorf("the host is %q", host)
	}
	if got := start(t, setup{}).speak(t, ask); got.err == nil {
		t.Errorf("by default it has an answer: %+v", got)
	}
}

// routedFilter is the router level as a filter that the virtual host turns on.
const (
	routedFilter = `- name: facts.routed
  disabled: true
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
    grpc_service: { envoy_grpc: { cluster_name: extproc }, initial_metadata: [ { key: x-headgate-level, value: router } ] }
    message_timeout: 5s`
	turnedOn = `typed_per_filter_config: { facts.routed: { "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {} } }`
)

// What the codec refuses has no route. A filter that waits for its server then takes part in the
// answer and outlives the connection: the client gets nothing.
func TestAReplyWithoutARouteIsAnsweredOnlyIfNoFilterWaits(t *testing.T) {
	many, large := strings.Repeat("a: b\r\n", 1001), "a: "+strings.Repeat("a", 300<<10)+"\r\n"
	bounds := "common_http_protocol_options: { max_headers_count: 1000 }\nmax_request_headers_kb: 256\ndelayed_close_timeout: 0.1s"
	for _, c := range []struct {
		setup             setup
		many, large, good int
	}{
		{setup{HCM: bounds}, 0, 0, 401},
		{setup{HCM: bounds, NoRouterLevel: true, Before: routedFilter, VHost: turnedOn}, 431, 431, 401},
	} {
		r := start(t, c.setup)
		r.play(script{requestHeaders: always(immediate(401, "no"))}, script{})
		for headers, want := range map[string]int{many: c.many, large: c.large, many[:len(many)/2] + large[:200<<10] + "\r\n": c.good} {
			if got := r.speak(t, "GET /x HTTP/1.1\r\nhost: x\r\n"+headers+"\r\n"); got.status != want {
				t.Errorf("%d bytes of headers: %+v, want %d", len(headers), got, want)
			}
		}
	}
}

// Envoy's filter answers the preflight of an origin that it knows, by itself: the filters after it
// see the answer alone. It adds its headers to all answers that have a route, whoever makes them.
func TestCORSIsAnsweredBeforeExtProcAndAddedToEveryAnswer(t *testing.T) {
	r := start(t, setup{
		Before: "- { name: envoy.filters.http.cors, typed_config: { \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors } }",
		VHost: `typed_per_filter_config:
  envoy.filters.http.cors:
    "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
    allow_origin_string_match: [ { exact: "https://a.example" } ]
    allow_methods: POST
    allow_headers: authorization`,
	})
	preflight := []string{"access-control-request-method", "POST", "origin"}
	for _, c := range []struct {
		name, method, origin string
		router               script
		body                 string
		status               int
		kinds                string // how the stream begins
		allowed              bool
	}{
		{"a preflight of an origin that is known", http.MethodOptions, "https://a.example", script{}, "", 200, "response_headers", true},
		{"of one that is not", http.MethodOptions, "https://b.example", script{requestHeaders: always(immediate(204, ""))}, "", 204, "request_headers", false},
		{"an answer", http.MethodPost, "https://a.example", routed(), "{}", 200, "request_headers", true},
		{"an answer to another origin", http.MethodPost, "https://b.example", routed(), "{}", 200, "request_headers", false},
		{"an immediate response", http.MethodPost, "https://a.example", script{requestHeaders: always(immediate(401, "no"))}, "{}", 401, "request_headers", true},
		{"an error of ext_proc", http.MethodPost, "https://a.example", script{requestHeaders: unavailable}, "{}", 503, "request_headers", true},
		{"a body over the limit", http.MethodPost, "https://a.example", routed(), strings.Repeat("x", 2*mebibyte), 413, "request_headers", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.play(c.router, script{})
			headers := []string{"origin", c.origin}
			if c.method == http.MethodOptions {
				headers = append(preflight, c.origin)
			}
			got := r.send(t, c.method, "/v1/chat/completions", strings.NewReader(c.body), headers...)
			if allowed := got.header.Get("access-control-allow-origin"); got.status != c.status || (allowed == c.origin) != c.allowed {
				t.Errorf("%+v", got)
			}
			s := r.next(t, "router")
			s.wait(t)
			if s.kinds[0] != c.kinds && !strings.HasPrefix(s.kinds[0], c.kinds+"(") {
				t.Errorf("ext_proc saw %v", s.kinds)
			}
		})
	}
}
