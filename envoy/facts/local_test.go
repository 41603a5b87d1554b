package facts_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen is what the router level saw in the response headers.
type seen struct {
	Status, Attempts, ServiceTime bool
	Count                         string // x-envoy-attempt-count
}

func responseSeen(t *testing.T, s *stream) seen {
	t.Helper()
	for _, m := range s.messages {
		if m.GetResponseHeaders() == nil {
			continue
		}
		var out seen
		_, out.Status = headerOf(t, m, ":status")
		out.Count, out.Attempts = headerOf(t, m, "x-envoy-attempt-count")
		_, out.ServiceTime = headerOf(t, m, "x-envoy-upstream-service-time")
		return out
	}
	t.Fatalf("the router level saw no response headers: %v", s.kinds)
	return seen{}
}

func TestOnlyAnswersOfProvidersCarryUpstreamServiceTime(t *testing.T) {
	refuse := script{requestHeaders: always(immediate(422, "no"))}
	cases := []struct {
		name     string
		router   script
		upstream script
		provider http.HandlerFunc
		status   int
		want     seen
	}{
		{name: "a provider's 200", router: routed(), provider: answerJSON(`{}`), status: 200, want: seen{true, true, true, "1"}},
		{name: "a provider's 404", router: routed(), provider: answerStatus(404), status: 404, want: seen{true, true, true, "1"}},
		{name: "a provider's 500, retries spent", router: routed(), provider: answerStatus(500), status: 500, want: seen{true, true, true, "3"}},
		{name: "a provider's 204 without a body", router: routed(), provider: answerStatusOnly(204), status: 204, want: seen{true, true, true, "1"}},
		{name: "a provider that sends the header itself", router: routed(), provider: withHeader("x-envoy-upstream-service-time", "9", answerJSON(`{}`)), status: 200, want: seen{true, true, true, "1"}},
		{name: "every attempt cut: a local reply", router: routed(), provider: cut, status: 503, want: seen{true, true, false, "3"}},
		{name: "per-try timeout: a local reply", router: routed(), provider: silent, status: 504, want: seen{true, true, false, "3"}},
		{name: "no host: a local reply", router: script{}, status: 503, want: seen{true, true, false, "1"}},
		{name: "the upstream level's own reply, which has no attempt count either", router: routed(), upstream: refuse, status: 422, want: seen{Status: true}},
	}
	r := start(t, setup{
		VHost:        "include_attempt_count_in_response: true",
		UpstreamMode: headersOnly, Retry: threeTries + "\nper_try_timeout: 0.5s",
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(c.router, c.upstream)
			r.a().serve(c.provider)
			if got := r.post(t, `{}`); got.status != c.status {
				t.Fatalf("answer: %+v, want %d", got, c.status)
			}
			s := r.next(t, "router")
			s.wait(t)
			if diff := cmp.Diff(c.want, responseSeen(t, s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func answerStatusOnly(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestAttemptCountIsInTheResponseOnlyWhenIncluded(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	r.post(t, `{}`)
	s := r.next(t, "router")
	s.wait(t)
	if diff := cmp.Diff(seen{Status: true, ServiceTime: true}, responseSeen(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Without it a provider's answers could not be distinguished from Envoy's own.
func TestSuppressEnvoyHeadersTakesUpstreamServiceTimeAway(t *testing.T) {
	r := start(t, setup{Router: ", suppress_envoy_headers: true"})
	r.play(routed(), script{})
	r.post(t, `{}`)
	s := r.next(t, "router")
	s.wait(t)
	if diff := cmp.Diff(seen{Status: true}, responseSeen(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLocalRepliesPassTheResponsePathOfTheRouterLevel(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	dress := script{requestBody: routed().requestBody, responseBody: always(responseBody(&common{
		HeaderMutation: &headerMutation{SetHeaders: set(header("x-dressed", "yes")).SetHeaders, RemoveHeaders: []string{"content-length"}}, BodyMutation: body("dressed"),
	}))}
	unrouted := script{requestBody: nil, responseBody: dress.responseBody}
	refuse := script{requestHeaders: always(immediate(422, "no"))}
	cases := []struct {
		name             string
		router, upstream script
		provider         http.HandlerFunc
		status           int
		dressed          bool
	}{
		{name: "no host", router: unrouted, status: 503, dressed: true},
		{name: "provider cut before headers", router: dress, provider: cut, status: 503, dressed: true},
		{name: "upstream level refuses", router: dress, upstream: refuse, status: 422, dressed: true},
		{name: "not: the router level's own reply", router: script{requestBody: always(immediate(403, "no")), responseBody: dress.responseBody}, status: 403},
		{name: "not: an error of the router level", router: script{requestBody: unavailable, responseBody: dress.responseBody}, status: 503},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(c.router, c.upstream)
			r.a().serve(c.provider)
			got := r.post(t, `{}`)
			if dressed := got.header.Get("x-dressed") == "yes" && got.body == "dressed"; got.status != c.status || dressed != c.dressed {
				t.Errorf("answer: %+v, want %d, dressed %v", got, c.status, c.dressed)
			}
		})
	}
}

const localReplyJSON = `local_reply_config:
  mappers:
  - filter: { metadata_filter: { matcher: { filter: io.headgate, path: [ { key: refused } ], value: { string_match: { exact: none } } }, match_if_key_not_found: true } }
    headers_to_add: [ { header: { key: x-headgate-refused-by, value: gateway } } ]
    body_format_override:
      content_type: application/json
      json_format: { message: "%LOCAL_REPLY_BODY%", code: "%RESPONSE_CODE_DETAILS%" }`

func TestLocalReplyConfigDressesEnvoysRepliesButNotImmediateResponsesWithTheMetadata(t *testing.T) {
	mine := func(r *response) *response {
		return withMetadata(r, "io.headgate", map[string]any{"refused": "budget"})
	}
	none := script{}
	cases := []struct {
		name             string
		router, upstream script
		provider         http.HandlerFunc
		body             io.Reader
		status           int
		want             string
		dressed          bool
	}{
		{name: "413", router: none, body: strings.NewReader(strings.Repeat("x", 2<<20)), status: 413, want: `{"code":"request_payload_too_large","message":"Payload Too Large"}`, dressed: true},
		{name: "503 no host", router: none, status: 503, want: `{"code":"no_healthy_upstream","message":"no healthy upstream"}`, dressed: true},
		{name: "504", router: routed(), provider: silent, status: 504, want: `{"code":"response_timeout","message":"upstream request timeout"}`, dressed: true},
		{name: "503 of an ext_proc error", router: script{requestBody: unavailable}, status: 503, want: `{"code":"ext_proc_error_gRPC_error_14{scripted{via_upstream}}","message":""}`, dressed: true},
		{name: "immediate response of the router level with the metadata", router: script{requestBody: always(mine(immediate(429, "mine")))}, status: 429, want: "mine"},
		{name: "immediate response of the upstream level with the metadata", router: routed(), upstream: script{requestHeaders: always(mine(immediate(429, "mine")))}, status: 429, want: "mine"},
		{name: "immediate response without the metadata is dressed", router: script{requestBody: always(immediate(429, "mine"))}, status: 429, want: `{"code":"refused_by_the_test","message":"mine"}`, dressed: true},
		{name: "a provider's error is not touched", router: routed(), provider: answerStatus(429), status: 429, want: `{"error":"scripted"}`},
	}
	r := start(t, setup{HCM: localReplyJSON, UpstreamMode: headersOnly, Route: "timeout: 0.2s"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(c.router, c.upstream)
			r.a().serve(c.provider)
			if c.body == nil {
				c.body = strings.NewReader(`{}`)
			}
			got := r.send(t, http.MethodPost, "/", c.body)
			if got.status != c.status || strings.TrimSpace(got.body) != c.want || (got.header.Get("x-headgate-refused-by") == "gateway") != c.dressed {
				t.Errorf("answer: %+v, want %d %s, dressed %v", got, c.status, c.want, c.dressed)
			}
		})
	}
}

func TestImmediateResponsesMetadataAndDetailsReachTheAccessLog(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: always(withMetadata(immediate(429, "no"), "io.headgate", map[string]any{"refused": "budget"}))}, script{})
	if got := r.post(t, `{}`); got.status != 429 || got.body != "no" {
		t.Errorf("answer: %+v", got)
	}
	e := r.logged(t, "all")
	if got := e.CommonProperties.Metadata.GetFilterMetadata()["io.headgate"].AsMap()["refused"]; got != "budget" {
		t.Errorf("logged metadata: %v", got)
	}
	if got := e.Response.ResponseCodeDetails; got != "refused_by_the_test" {
		t.Errorf("logged details: %q", got)
	}
}
