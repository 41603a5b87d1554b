package facts_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	datav3 "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ending is what the access log of unclean endings says of one exchange.
type ending struct {
	Exchange string // from the metadata of the request-body answer
	Code     uint32
	Flags    string // names of the response flags, in the order of their fields
	Details  string // up to the first "{"
	Attempts uint32
}

func endingOf(e *datav3.HTTPAccessLogEntry) ending {
	c := e.CommonProperties
	details, _, _ := strings.Cut(e.Response.ResponseCodeDetails, "{")
	var flags []string
	set := c.ResponseFlags.ProtoReflect()
	for i := range set.Descriptor().Fields().Len() {
		f := set.Descriptor().Fields().Get(i)
		if f.Kind() == protoreflect.BoolKind && set.Get(f).Bool() {
			flags = append(flags, string(f.Name()))
		}
	}
	return ending{
		Exchange: c.Metadata.GetFilterMetadata()["io.headgate"].GetFields()["exchange"].GetStringValue(),
		Code:     e.Response.ResponseCode.GetValue(),
		Flags:    strings.Join(flags, " "),
		Details:  details,
		Attempts: c.UpstreamRequestAttemptCount,
	}
}

// named routes to the pool, gives the exchange a name in metadata, and switches
// SSE answers to STREAMED.
func named(exchange string, more ...string) script {
	c := toPool()
	for i := 0; i < len(more); i += 2 {
		c.HeaderMutation.SetHeaders = append(c.HeaderMutation.SetHeaders, header(more[i], more[i+1]))
	}
	return script{
		requestHeaders: always(withMetadata(requestHeaders(nil), "io.headgate", map[string]any{"exchange": exchange})),
		requestBody:    always(requestBody(c)),
		responseHeaders: func(s *stream, m *request) error {
			for _, h := range m.GetResponseHeaders().Headers.Headers {
				if h.Key == "content-type" && string(h.RawValue) == "text/event-stream" {
					return toStreamed()(s, m)
				}
			}
			return s.grpc.Send(responseHeaders(nil))
		},
	}
}

const endingsRetry = "retry_on: 5xx\nnum_retries: 1\nretry_back_off: { base_interval: 0.001s }\nper_try_timeout: 0.5s"

func TestUncleanEndingsAreLoggedWithTheExchangesMetadata(t *testing.T) {
	// A client that goes away before the headers, or after the first event.
	abort := func(t *testing.T, r *rig, sse bool) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if sse {
			do, write, _ := events()
			r.a().serve(do)
			resp := r.stream(t, ctx, write, "data: 1\n\n")
			readUntil(t, resp.Body, "data: 1\n\n")
			cancel()
			_ = resp.Body.Close()
			return
		}
		there := make(chan struct{})
		r.a().serve(func(w http.ResponseWriter, req *http.Request) { close(there); silent(w, req) })
		failed := make(chan error, 1)
		go func() {
			resp, err := r.try(ctx, http.MethodPost, "/", strings.NewReader(`{}`))
			if err == nil {
				_ = resp.Body.Close()
			}
			failed <- err
		}()
		await(t, "the request at the provider", there)
		cancel()
		<-failed
	}
	// An SSE answer of one event, after which the provider ends as the case says.
	sse := func(then string) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			do, write, _ := events()
			r.a().serve(do)
			resp := r.stream(t, context.Background(), write, "data: 1\n\n")
			defer func() { _ = resp.Body.Close() }()
			readUntil(t, resp.Body, "data: 1\n\n")
			if then != "" {
				give(t, write, then)
			}
			if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("client: %v, want a cut", err)
			}
		}
	}
	plain := func(do http.HandlerFunc) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) { r.a().serve(do); r.post(t, `{}`) }
	}
	cases := []struct {
		name   string
		setup  setup
		router func(exchange string) script
		run    func(*testing.T, *rig)
		want   ending
	}{
		{name: "client abort before headers", run: func(t *testing.T, r *rig) { abort(t, r, false) },
			want: ending{"x", 0, "downstream_connection_termination", "downstream_remote_disconnect", 1}},
		{name: "client abort in SSE", run: func(t *testing.T, r *rig) { abort(t, r, true) },
			want: ending{"x", 200, "downstream_connection_termination", "downstream_remote_disconnect", 1}},
		{name: "provider cut in SSE", run: sse(cutNow),
			want: ending{"x", 200, "upstream_protocol_error", "upstream_reset_after_response_started", 1}},
		{name: "stream_idle_timeout in SSE", setup: setup{HCM: "stream_idle_timeout: 0.3s\ndelayed_close_timeout: 0.05s"}, run: sse(""),
			want: ending{"x", 200, "stream_idle_timeout", "stream_idle_timeout", 1}},
		{name: "per_try_idle_timeout in SSE", setup: setup{Retry: "retry_on: 5xx\nper_try_idle_timeout: 0.3s"}, run: sse(""),
			want: ending{"x", 200, "upstream_request_timeout", "upstream_per_try_idle_timeout", 1}},
		{name: "deadline header in SSE", router: func(x string) script { return named(x, "x-envoy-upstream-rq-timeout-ms", "300") }, run: sse(""),
			want: ending{"x", 200, "upstream_request_timeout", "response_timeout", 1}},
		{name: "deadline header before headers", router: func(x string) script { return named(x, "x-envoy-upstream-rq-timeout-ms", "100") }, run: plain(silent),
			want: ending{"x", 504, "upstream_request_timeout", "response_timeout", 1}},
		{name: "per-try timeouts, retries spent", run: plain(silent),
			want: ending{"x", 504, "upstream_request_timeout upstream_retry_limit_exceeded", "upstream_per_try_timeout", 2}},
		{name: "cuts before headers, retries spent", run: plain(cut),
			want: ending{"x", 503, "upstream_connection_termination upstream_retry_limit_exceeded", "upstream_reset_before_response_started", 2}},
		{name: "no healthy host", router: func(x string) script {
			s := named(x)
			s.requestBody = nil // stays on the first-matched route
			return s
		}, run: plain(silent),
			want: ending{"x", 503, "no_healthy_upstream", "no_healthy_upstream", 1}},
		{name: "request over the limit has no flag", run: func(t *testing.T, r *rig) { r.post(t, strings.Repeat("x", 2*mebibyte)) },
			want: ending{"x", 413, "", "request_payload_too_large", 0}},
		{name: "ext_proc error has no flag", router: func(x string) script {
			s := named(x)
			s.requestBody = unavailable
			return s
		}, run: plain(silent),
			want: ending{"x", 503, "", "ext_proc_error_gRPC_error_14", 0}},
		{name: "provider's 500 with no retry left", run: plain(answerStatus(500)),
			want: ending{"x", 500, "upstream_retry_limit_exceeded", "via_upstream", 2}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.setup.HCM == "" {
				c.setup.HCM = "delayed_close_timeout: 0.05s"
			}
			if c.setup.Retry == "" {
				c.setup.Retry = endingsRetry
			}
			r := start(t, c.setup)
			if c.router == nil {
				c.router = func(x string) script { return named(x) }
			}
			r.play(c.router("x"), script{})
			c.run(t, r)
			if diff := cmp.Diff(c.want, endingOf(r.logged(t, "endings"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCleanEndingsAreNotLoggedAmongTheUncleanOnes(t *testing.T) {
	r := start(t, setup{Retry: endingsRetry, UpstreamMode: headersOnly})
	refused := withMetadata(immediate(429, "no"), "io.headgate", map[string]any{"refused": "budget"})
	r.play(named("clean"), script{})
	r.post(t, `{}`)
	for _, code := range []int{400, 401, 404, 429} {
		r.a().serve(answerStatus(code))
		r.post(t, `{}`)
	}
	r.a().serve(inTurn(answerStatus(500), answerJSON(`{}`)))
	r.post(t, `{}`) // a success after a retry
	r.play(script{requestBody: always(refused)}, script{})
	r.post(t, `{}`)
	r.play(named("cut"), script{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toFullDuplex(), responseBody: always(streamed("data: end\n\n", true))}, script{})
	do, write, gone := events()
	r.a().serve(do)
	go func() { write <- "data: 1\n\n" }()
	r.post(t, `{}`)
	await(t, "the provider to see the end", gone)
	// The first entry of all must be that of an unclean ending.
	r.play(named("unclean"), script{})
	r.a().serve(cut)
	r.post(t, `{}`)
	if got := endingOf(r.logged(t, "endings")); got.Exchange != "unclean" {
		t.Errorf("first entry: %+v", got)
	}
}
