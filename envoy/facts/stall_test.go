package facts_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// largeToo is a second router level beside the first, whose answers have more time. It runs
// where the route that is matched first switches it on.
const largeToo = `- name: facts.large
  disabled: true
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
    grpc_service: { envoy_grpc: { cluster_name: extproc }, initial_metadata: [ { key: x-headgate-level, value: router } ] }
    processing_mode: { request_header_mode: SEND, request_body_mode: BUFFERED, response_header_mode: SEND, response_body_mode: BUFFERED }
    mutation_rules: { allow_envoy: true }
    message_timeout: 10s
    status_on_error: { code: 503 }`

const largeFirst = `- name: chosen-before
  match: { prefix: /, headers: [ { name: x-pool, string_match: { exact: pool } } ] }
  route: { cluster: pool, timeout: 0s }
- name: large
  match: { prefix: /, headers: [ { name: content-length, range_match: { start: 100, end: 1000000 } } ] }
  route: { cluster: nowhere }
  typed_per_filter_config: &large
    facts.router: { "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true }
    facts.large: { "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, config: { "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute, overrides: { grpc_initial_metadata: [ { key: x-large, value: "yes" } ] } } }
- name: unsaid
  match: { prefix: /, headers: [ { name: ":method", string_match: { exact: POST } }, { name: content-length, present_match: false } ] }
  route: { cluster: nowhere }
  typed_per_filter_config: *large`

// A filter has one time for all of its messages. So what needs more goes through another
// filter, which the length of the body chooses.
func TestTheRouteMatchedFirstChoosesByTheBodysLengthHowLongAnswersMayTake(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s", After: largeToo, FirstRoutes: largeFirst})
	late := func(answer *response) step { return inTime(sending{600 * time.Millisecond, answer}) }
	r.play(script{requestHeaders: late(requestHeaders(nil)), requestBody: late(requestBody(toPool())), responseBody: late(responseBody(nil))}, script{})
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name string
		body io.Reader
		want int
	}{
		{"short", strings.NewReader("{}"), http.StatusGatewayTimeout},
		{"long", strings.NewReader(long), http.StatusOK},
		{"of a length that is not said", io.MultiReader(strings.NewReader("{}")), http.StatusOK},
	} {
		got := r.send(t, http.MethodPost, "/", c.body)
		if got.status != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
		if s := r.next(t, "router"); (len(s.meta.Get("x-large")) > 0) != (c.want == http.StatusOK) {
			t.Errorf("%s: gRPC metadata %v", c.name, s.meta)
		}
	}
	if n := len(r.opened["router"]); n > 0 {
		t.Errorf("%d further streams: both filters ran", n)
	}
}

// Envoy makes an id for each request before any filter runs, and says it to ext_proc and in
// its log: by it an account joins of which ext_proc could not name the exchange. A client's
// own is not kept if it is removed early.
func TestARequestsIdIsEnvoysOwnOnceAClientsIsRemovedEarly(t *testing.T) {
	const early = `
early_header_mutation_extensions:
- name: facts.strip
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
    mutations: [ { remove: x-pool }, { remove: x-request-id } ]`
	for hcm, kept := range map[string]bool{"": true, early: false} {
		r := start(t, setup{HCM: hcm, KeepClientHeaders: true, MessageTimeout: "0.3s"})
		r.play(script{requestHeaders: hang}, script{})
		r.post(t, `{}`, "x-request-id", "the-clients")
		said := ""
		for _, h := range r.next(t, "router").await(t).GetRequestHeaders().Headers.Headers {
			if h.Key == "x-request-id" {
				said = string(h.RawValue)
			}
		}
		e := r.logged(t, "endings")
		if e.Request.RequestId != said || (said == "the-clients") != kept || said == "" {
			t.Errorf("ext_proc was told %q, the log says %q", said, e.Request.RequestId)
		}
		if e.CommonProperties.TimeToFirstUpstreamRxByte != nil {
			t.Error("the log says that a provider answered")
		}
	}
}

// The log entry of an exchange that Envoy gave up on says whether a provider had answered.
func TestTheLogSaysThatAProviderHadAnsweredWhenEnvoyGaveUpOnTheServer(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s"})
	r.play(script{requestBody: routed().requestBody, responseHeaders: hang}, script{})
	r.post(t, `{}`)
	if e := r.logged(t, "endings"); e.CommonProperties.TimeToFirstUpstreamRxByte == nil || !strings.HasPrefix(e.Response.ResponseCodeDetails, "ext_proc_error") {
		t.Errorf("entry %v", e)
	}
}

// What is no HTTP has an entry, too, without any id.
func TestWhatIsNoHTTPIsLoggedWithoutAnId(t *testing.T) {
	r := start(t, setup{})
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GARBAGE\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(conn)
	e := r.logged(t, "endings")
	if e.Response.ResponseCodeDetails != "http1.codec_error" || e.Request.RequestId != "" || e.Response.ResponseCode.GetValue() != http.StatusBadRequest {
		t.Errorf("entry %v", e)
	}
}
