package facts_test

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// ext_proc does not read append_action at all: whatever it says, the header
// replaces, and only the deprecated field append appends.
func TestHeaderMutationReplacesUnlessTheOldFieldAppendIsSet(t *testing.T) {
	raw := func(o *corev3.HeaderValueOption) *corev3.HeaderValueOption {
		o.Header = &corev3.HeaderValue{Key: "x-thing", RawValue: []byte("ours")}
		return o
	}
	cases := []struct {
		name   string
		option *corev3.HeaderValueOption
		want   []string
	}{
		{name: "OVERWRITE_IF_EXISTS_OR_ADD", option: raw(&corev3.HeaderValueOption{AppendAction: overwrite}), want: []string{"ours"}},
		{name: "APPEND_IF_EXISTS_OR_ADD, the zero value", option: raw(&corev3.HeaderValueOption{}), want: []string{"ours"}},
		{name: "ADD_IF_ABSENT", option: raw(&corev3.HeaderValueOption{AppendAction: corev3.HeaderValueOption_ADD_IF_ABSENT}), want: []string{"ours"}},
		//lint:ignore SA1019 the fact is about the deprecated field
		{name: "append: true", option: raw(&corev3.HeaderValueOption{Append: wrapperspb.Bool(true)}), want: []string{"client's", "client's too", "ours"}},
		{
			name:   "value without raw_value sets an empty header",
			option: &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: "x-thing", Value: "ours"}, AppendAction: overwrite},
			want:   []string{""},
		},
	}
	r := start(t, setup{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(script{requestBody: always(requestBody(toPool(c.option)))}, script{})
			r.post(t, `{}`, "x-thing", "client's", "x-thing", "client's too")
			got := r.received.take()
			if len(got) != 1 {
				t.Fatalf("provider received %+v", got)
			}
			if diff := cmp.Diff(c.want, got[0].Header.Values("x-thing")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const threeTries = "retry_on: 5xx\nnum_retries: 2\nretry_back_off: { base_interval: 0.001s }"

// Envoy itself drops the retry and timeout headers of a request from outside. If
// internal_address_config names addresses, a client can count as one from inside by
// sending x-forwarded-for.
func TestClientsEnvoyHeadersAreObeyedFromInsideUnlessStrippedEarly(t *testing.T) {
	const inside = "internal_address_config: { cidr_ranges: [ { address_prefix: 10.0.0.0, prefix_len: 8 } ] }"
	cases := []struct {
		name string
		keep bool
		hcm  string
		want string
	}{
		{name: "from outside", keep: true, want: "aaa"},
		{name: "from inside", keep: true, hcm: inside, want: "a"},
		{name: "from inside, stripped", hcm: inside, want: "aaa"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{KeepClientHeaders: c.keep, HCM: c.hcm, Retry: threeTries})
			r.play(routed(), script{})
			r.a().serve(answerStatus(500))
			r.post(t, `{}`, "x-envoy-max-retries", "0", "x-forwarded-for", "10.0.0.1")
			if got := names(r.received.take()); got != c.want {
				t.Errorf("tried %q, want %q", got, c.want)
			}
		})
	}
}

func TestEnvoyHeadersOfExtProcNeedAllowEnvoy(t *testing.T) {
	cases := []struct {
		name, rules, value, want string
	}{
		{name: "fewer tries than the route's", value: "0", want: "a"},
		{name: "more tries than the route's", value: "4", want: "aaaaa"},
		{name: "dropped silently without allow_envoy", rules: "mutation_rules: {}", value: "0", want: "aaa"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{Retry: threeTries, RouterMutationRules: c.rules})
			r.play(script{requestBody: always(requestBody(toPool(header("x-envoy-max-retries", c.value))))}, script{})
			r.a().serve(answerStatus(500))
			if got := r.post(t, `{}`); got.status != 500 {
				t.Errorf("answer: %+v", got)
			}
			if got := names(r.received.take()); got != c.want {
				t.Errorf("tried %q, want %q", got, c.want)
			}
		})
	}
}

func TestPerTryTimeoutHeaderOfExtProcShortensTheRoutes(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx\nnum_retries: 0\nper_try_timeout: 30s"})
	r.play(script{requestBody: always(requestBody(toPool(header("x-envoy-upstream-rq-per-try-timeout-ms", "50"))))}, script{})
	r.a().serve(silent)
	if got := r.post(t, `{}`); got.status != 504 {
		t.Errorf("answer: %+v, want 504 long before 30 s", got)
	}
}

func TestHeadersThatEnvoyConsumesDoNotReachTheProvider(t *testing.T) {
	r := start(t, setup{Retry: threeTries})
	r.play(script{requestBody: always(requestBody(toPool(
		header("x-envoy-max-retries", "1"), header("x-envoy-retry-on", "5xx"), header("x-envoy-upstream-rq-per-try-timeout-ms", "5000"))))}, script{})
	r.post(t, `{}`)
	got := r.received.take()
	if len(got) != 1 {
		t.Fatalf("provider received %+v", got)
	}
	var envoys []string
	for _, name := range []string{"x-envoy-max-retries", "x-envoy-retry-on", "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-attempt-count", "x-envoy-expected-rq-timeout-ms", "x-pool"} {
		if got[0].Header.Get(name) != "" {
			envoys = append(envoys, name)
		}
	}
	want := []string{"x-envoy-attempt-count", "x-envoy-expected-rq-timeout-ms", "x-pool"} // these must be stripped at egress
	if diff := cmp.Diff(want, envoys); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBufferedBodyOfAnotherLengthNeedsItsContentLength(t *testing.T) {
	const longer = `{"model":"other"}`
	cases := []struct {
		name    string
		mutate  func(*common)
		status  int
		details string
		length  int64 // that the provider got
	}{
		{name: "kept", mutate: func(*common) {}, status: 503, details: "mismatch_between_content_length_and_the_length_of_the_mutated_body"},
		{name: "set", mutate: func(c *common) {
			c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, header("content-length", "17"))
		}, status: 200, details: "via_upstream", length: 17},
		{name: "removed", mutate: func(c *common) { c.HeaderMutation.RemoveHeaders = []string{"content-length"} }, status: 200, details: "via_upstream", length: -1},
	}
	r := start(t, setup{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			answer := toPool()
			answer.BodyMutation = body(longer)
			c.mutate(answer)
			r.play(script{requestBody: always(requestBody(answer))}, script{})
			if got := r.post(t, `{"model":"m"}`); got.status != c.status {
				t.Errorf("answer: %+v, want %d", got, c.status)
			}
			if got := r.logged(t, "all").Response.ResponseCodeDetails; !contains(got, c.details) {
				t.Errorf("details %q, want %q", got, c.details)
			}
			got := r.received.take()
			if c.status == 200 && (len(got) != 1 || got[0].Body != longer || got[0].Length != c.length) {
				t.Errorf("provider received %+v, want length %d", got, c.length)
			}
		})
	}
}

func TestResponseBodyAnswerMayChangeStatusAndContentLength(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseBody: always(responseBody(&common{
		HeaderMutation: set(header(":status", "418"), header("content-length", "5")), BodyMutation: body("short"),
	}))}, script{})
	if got := r.post(t, `{}`); got.status != 418 || got.body != "short" {
		t.Errorf("answer: %+v", got)
	}
}

// So a header meant for the router level must not be in that list.
func TestVirtualHostRemovesResponseHeadersBeforeTheRouterLevelSeesThem(t *testing.T) {
	r := start(t, setup{VHost: "response_headers_to_remove: [x-thing]", UpstreamMode: headersOnly})
	r.play(routed(), script{})
	r.a().serve(withHeader("x-thing", "seen", answerJSON(`{}`)))
	got := r.post(t, `{}`)
	if v := got.header.Get("x-thing"); v != "" {
		t.Errorf("the client got x-thing %q", v)
	}
	s := r.next(t, "router")
	s.wait(t)
	if v, ok := headerOf(t, s.messages[2], "x-thing"); ok {
		t.Errorf("the router level saw x-thing %q", v)
	}
	s = r.next(t, "upstream")
	s.wait(t)
	if v, ok := headerOf(t, s.messages[1], "x-thing"); !ok || v != "seen" {
		t.Errorf("the upstream level saw x-thing %q, %v", v, ok)
	}
}
