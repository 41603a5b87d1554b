package facts_test

import (
	"net/http"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
)

const backendLeaf = "xds.upstream_host_metadata.filter_metadata['io.headgate']['backend']"

// eachOnce goes to the next link with every attempt.
const eachOnce = `retry_on: 5xx,reset,connect-failure,refused-stream,retriable-status-codes
retriable_status_codes: [408, 429]
num_retries: 2
retry_back_off: { base_interval: 0.001s }
retry_priority:
  name: envoy.retry_priorities.previous_priorities
  typed_config: { "@type": type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig, update_frequency: 1 }`

const contentLengthAgain = `- name: facts.egress
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
    mutations:
      request_mutations:
      - append: { header: { key: content-length, value: "%DYNAMIC_METADATA(io.headgate:content_length)%" }, append_action: OVERWRITE_IF_EXISTS_OR_ADD }
      - remove_on_match: { key_matcher: { prefix: x-envoy- } }`

func TestContinueAndReplaceDropsContentLengthUntilItIsAddedAgain(t *testing.T) {
	for egress, want := range map[string]int64{"": -1, contentLengthAgain: 7} {
		r := start(t, setup{UpstreamMode: headersOnly, Egress: egress})
		r.play(routed(), script{requestHeaders: always(withMetadata(requestHeaders(&common{
			Status: replace, BodyMutation: body("dialect"), HeaderMutation: set(header("content-length", "7"), header(":path", "/translated")),
		}), "io.headgate", map[string]any{"content_length": "7"}))})
		if got := r.post(t, `{"model":"m"}`); got.status != 200 {
			t.Errorf("answer: %+v", got)
		}
		got := r.received.take()
		if len(got) != 1 || got[0].Body != "dialect" || got[0].Path != "/translated" || got[0].Length != want {
			t.Errorf("egress %q: provider received %+v, want length %d", egress, got, want)
		}
	}
}

func TestRouterLevelsMetadataReachesEveryAttemptByForwardingNamespaces(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b", "c")
	answer := withMetadata(requestBody(toPool()), "io.headgate", map[string]any{"exchange": "x-1"})
	r.play(script{requestBody: always(answer)}, script{})
	r.providers["a"].serve(answerStatus(500))
	r.providers["b"].serve(answerStatus(500))
	r.post(t, `{}`)
	type attempt struct{ Backend, Exchange, Count string }
	var got []attempt
	for range 3 {
		s := r.next(t, "upstream")
		s.wait(t)
		m := s.messages[0]
		count, _ := headerOf(t, m, "x-envoy-attempt-count")
		got = append(got, attempt{
			Backend:  attribute(m, backendLeaf),
			Exchange: m.GetMetadataContext().GetFilterMetadata()["io.headgate"].GetFields()["exchange"].GetStringValue(),
			Count:    count,
		})
	}
	want := []attempt{{"a", "x-1", "1"}, {"b", "x-1", "2"}, {"c", "x-1", "3"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReceivingNamespacesDropOthersSilently(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	r.play(script{requestBody: always(withMetadata(requestBody(toPool()), "other", map[string]any{"exchange": "x-1"}))}, script{})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	if got := r.logged(t, "all").CommonProperties.Metadata.GetFilterMetadata()["other"]; got != nil {
		t.Errorf("metadata of a namespace that is not received: %v", got)
	}
}

func TestHeadersOfAttemptOneAreVisibleInAttemptTwoButItsBodyIsNot(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b")
	first := requestHeaders(&common{
		Status: replace, BodyMutation: body("for a"),
		HeaderMutation: &headerMutation{
			SetHeaders:    []*corev3.HeaderValueOption{header("authorization", "Bearer key-a"), header(":path", "/a")},
			RemoveHeaders: []string{"x-client"},
		},
	})
	r.play(routed(), script{requestHeaders: func(s *stream, m *request) error {
		if attribute(m, backendLeaf) == "a" {
			return s.grpc.Send(first)
		}
		return s.grpc.Send(requestHeaders(nil))
	}})
	r.providers["a"].serve(answerStatus(500))
	if got := r.post(t, `{"for":"router"}`, "x-client", "here"); got.status != 200 {
		t.Fatalf("answer: %+v", got)
	}
	s := r.next(t, "upstream")
	s.wait(t)
	s = r.next(t, "upstream")
	s.wait(t)
	saw := map[string]string{}
	for _, name := range []string{"authorization", ":path", "x-client", "content-length"} {
		if v, ok := headerOf(t, s.messages[0], name); ok {
			saw[name] = v
		}
	}
	if diff := cmp.Diff(map[string]string{"authorization": "Bearer key-a", ":path": "/a"}, saw); diff != "" {
		t.Errorf("attempt 2 of the upstream level saw (-want +got):\n%s", diff)
	}
	var got []string
	for _, g := range r.received.take() {
		got = append(got, g.Provider+" "+g.Path+" "+g.Header.Get("authorization")+" "+g.Header.Get("x-client")+" "+g.Body)
	}
	want := []string{"a /a Bearer key-a  for a", `b /a Bearer key-a  {"for":"router"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("providers received (-want +got):\n%s", diff)
	}
}

func TestEachAttemptMustRemoveTheOtherCredentialNames(t *testing.T) {
	for _, removes := range []bool{false, true} {
		r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b")
		r.play(routed(), script{requestHeaders: func(s *stream, m *request) error {
			h := set(header("authorization", "Bearer key-a"))
			other := "x-api-key"
			if attribute(m, backendLeaf) == "b" {
				h, other = set(header("x-api-key", "key-b")), "authorization"
			}
			if removes {
				h.RemoveHeaders = []string{other}
			}
			return s.grpc.Send(requestHeaders(&common{HeaderMutation: h}))
		}})
		r.providers["a"].serve(answerStatus(500))
		r.post(t, `{}`)
		got := r.received.take()
		if len(got) != 2 {
			t.Fatalf("providers received %+v", got)
		}
		leaked := got[1].Header.Get("authorization") != ""
		if leaked == removes || got[1].Header.Get("x-api-key") != "key-b" {
			t.Errorf("removes %v: provider b received %v", removes, got[1].Header)
		}
	}
}

// statusOf returns the status that an upstream-level stream saw of its attempt's answer.
func statusOf(t *testing.T, s *stream) string {
	t.Helper()
	s.wait(t)
	for _, m := range s.messages {
		if m.GetResponseHeaders() != nil {
			v, _ := headerOf(t, m, ":status")
			after, _ := headerOf(t, m, "retry-after")
			return v + " " + after
		}
	}
	return s.kinds[len(s.kinds)-1]
}

func TestUpstreamLevelSeesTheHeadersOfARetriedAnswer(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce + "\nper_try_timeout: 0.2s"}, "a", "b", "c")
	r.play(routed(), script{})
	r.providers["a"].serve(withHeader("retry-after", "7", answerStatus(429)))
	r.providers["b"].serve(silent)
	r.post(t, `{}`)
	var got []string
	for range 3 {
		got = append(got, statusOf(t, r.next(t, "upstream")))
	}
	if diff := cmp.Diff([]string{"429 7", "end EOF", "200 "}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUpstreamLevelHasTheLastWordOnTheRetry(t *testing.T) {
	cases := []struct {
		name           string
		provider, made int
		status         int
		tried          string
	}{
		{name: "429 made 400 is not retried", provider: 429, made: 400, status: 400, tried: "a"},
		{name: "200 made 500 is retried", provider: 200, made: 500, status: 200, tried: "ab"},
		{name: "429 left is retried", provider: 429, made: 429, status: 200, tried: "ab"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b")
			r.providers["a"].serve(answerStatus(c.provider))
			first := make(chan bool, 1)
			first <- true
			r.play(routed(), script{responseHeaders: func(s *stream, _ *request) error {
				select {
				case <-first:
					return s.grpc.Send(responseHeaders(&common{HeaderMutation: set(header(":status", statusText(c.made)))}))
				default:
					return s.grpc.Send(responseHeaders(nil))
				}
			}})
			if got := r.post(t, `{}`); got.status != c.status {
				t.Errorf("answer: %+v, want %d", got, c.status)
			}
			if tried := names(r.received.take()); tried != c.tried {
				t.Errorf("tried %q, want %q", tried, c.tried)
			}
		})
	}
}

func TestLocalRepliesOfTheUpstreamLevelAreNotRetried(t *testing.T) {
	cases := []struct {
		name string
		step step
	}{
		{name: "an immediate response", step: always(immediate(503, "mine"))},
		{name: "an error", step: unavailable},
	}
	r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(routed(), script{requestHeaders: c.step})
			if got := r.post(t, `{}`); got.status != 503 {
				t.Errorf("answer: %+v", got)
			}
			if tried := names(r.received.take()); tried != "" {
				t.Errorf("sent to %q", tried)
			}
			r.next(t, "upstream").wait(t)
			if more := r.streams("upstream"); len(more) > 0 {
				t.Errorf("%d further attempts", len(more))
			}
		})
	}
}

func TestClearRouteCacheIsIgnoredAtTheUpstreamLevel(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	r.play(routed(), script{requestHeaders: always(requestHeaders(&common{HeaderMutation: remove("x-pool"), ClearRouteCache: true}))})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
}

func TestUpstreamLevelMaySetTheAuthority(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	r.play(routed(), script{requestHeaders: always(requestHeaders(&common{HeaderMutation: &extprocv3.HeaderMutation{
		SetHeaders: []*corev3.HeaderValueOption{header(":authority", "api.provider.example")},
	}}))})
	r.post(t, `{}`)
	if got := r.received.take(); len(got) != 1 || got[0].Host != "api.provider.example" {
		t.Errorf("provider received %+v", got)
	}
}

func TestRouterLevelLearnsWhoAnsweredFromResponseAttributes(t *testing.T) {
	r := start(t, setup{Retry: eachOnce, ResponseAttributes: `, "` + backendLeaf + `"`}, "a", "b")
	r.play(routed(), script{})
	r.providers["a"].serve(answerStatus(http.StatusBadGateway))
	r.post(t, `{}`)
	s := r.next(t, "router")
	s.wait(t)
	got := s.messages[2].GetAttributes()["envoy.filters.http.ext_proc"].AsMap()
	want := map[string]any{"xds.cluster_name": "pool", "upstream.request_attempt_count": 2.0, "response.code_details": "via_upstream", backendLeaf: "b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
