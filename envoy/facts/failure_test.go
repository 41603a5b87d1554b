package facts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func endWithOK(*stream, *request) error { return errEndWithOK }

// hang gives no answer, until Envoy ends the stream.
func hang(*stream, *request) error { return nil }

func TestServerEndingTheStreamWithOKLetsTheRequestPassUnprocessed(t *testing.T) {
	t.Run("router level: by the first-matched route", func(t *testing.T) {
		r := start(t, setup{Unrouted: toPoolRoute})
		for _, s := range []script{{requestHeaders: endWithOK}, {requestBody: endWithOK}} {
			r.play(s, script{})
			if got := r.post(t, `{"model":"m"}`, "authorization", "Bearer client"); got.status != 200 {
				t.Errorf("answer: %+v", got)
			}
			got := r.received.take()
			if len(got) != 1 || got[0].Body != `{"model":"m"}` || got[0].Header.Get("authorization") != "Bearer client" {
				t.Errorf("provider received %+v", got)
			}
		}
	})
	t.Run("router level: refused when that route leads nowhere", func(t *testing.T) {
		r := start(t, setup{})
		r.play(script{requestBody: endWithOK}, script{})
		if got := r.post(t, `{}`); got.status != 503 {
			t.Errorf("answer: %+v", got)
		}
	})
	t.Run("upstream level: the client's body goes to the provider", func(t *testing.T) {
		r := start(t, setup{UpstreamMode: headersOnly})
		r.play(routed(), script{requestHeaders: endWithOK})
		if got := r.post(t, `{"model":"m"}`, "authorization", "Bearer client"); got.status != 200 {
			t.Errorf("answer: %+v", got)
		}
		got := r.received.take()
		if len(got) != 1 || got[0].Body != `{"model":"m"}` || got[0].Header.Get("authorization") != "Bearer client" {
			t.Errorf("provider received %+v", got)
		}
	})
	t.Run("upstream level: attempt 2 carries the key of attempt 1", func(t *testing.T) {
		r := start(t, setup{UpstreamMode: headersOnly, Retry: eachOnce}, "a", "b")
		r.play(routed(), script{requestHeaders: func(s *stream, m *request) error {
			if attribute(m, backendLeaf) == "b" {
				return errEndWithOK
			}
			return s.grpc.Send(requestHeaders(&common{HeaderMutation: set(header("authorization", "Bearer key-a"))}))
		}})
		r.providers["a"].serve(answerStatus(500))
		r.post(t, `{}`)
		got := r.received.take()
		if len(got) != 2 || got[1].Provider != "b" || got[1].Header.Get("authorization") != "Bearer key-a" {
			t.Errorf("providers received %+v", got)
		}
	})
}

func TestFailuresOfTheServerFailClosed(t *testing.T) {
	wrongKind := always(responseBody(nil))
	cases := []struct {
		name             string
		router, upstream script
		status           int
		details          string
		sent             bool
	}{
		{name: "Unavailable at request headers", router: script{requestHeaders: unavailable}, status: 503, details: "ext_proc_error_gRPC_error_14"},
		{name: "Unavailable at the request body", router: script{requestBody: unavailable}, status: 503, details: "ext_proc_error_gRPC_error_14"},
		{name: "Unavailable at response headers", router: script{requestBody: routed().requestBody, responseHeaders: unavailable}, status: 503, details: "ext_proc_error_gRPC_error_14", sent: true},
		{name: "Unavailable at the response body", router: script{requestBody: routed().requestBody, responseBody: unavailable}, status: 503, details: "ext_proc_error_gRPC_error_14", sent: true},
		{name: "Unavailable at the upstream level", router: routed(), upstream: script{requestHeaders: unavailable}, status: 503, details: "ext_proc_error_gRPC_error_14"},
		{name: "wrong kind of answer", router: script{requestBody: wrongKind}, status: 503, details: "spurious_message"},
		{name: "no answer to request headers", router: script{requestHeaders: hang}, status: 504, details: "ext_proc_error_per-message_timeout_exceeded"},
		{name: "no answer to the request body", router: script{requestBody: hang}, status: 504, details: "ext_proc_error_per-message_timeout_exceeded"},
		{name: "no answer to response headers", router: script{requestBody: routed().requestBody, responseHeaders: hang}, status: 504, details: "ext_proc_error_per-message_timeout_exceeded", sent: true},
		{name: "no answer at the upstream level", router: routed(), upstream: script{requestHeaders: hang}, status: 504, details: "ext_proc_error_per-message_timeout_exceeded"},
		{name: "no answer of the upstream level to response headers", router: routed(), upstream: script{responseHeaders: hang}, status: 504, details: "ext_proc_error_per-message_timeout_exceeded", sent: true},
	}
	r := start(t, setup{UpstreamMode: headersOnly, Retry: threeTries, MessageTimeout: "0.3s"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(c.router, c.upstream)
			got := r.post(t, `{}`)
			if got.status != c.status || got.body != "" || got.err != nil {
				t.Errorf("answer: %+v, want %d without a body", got, c.status)
			}
			if details := r.logged(t, "all").Response.ResponseCodeDetails; !contains(details, c.details) {
				t.Errorf("details %q, want %q", details, c.details)
			}
			want := ""
			if c.sent {
				want = "a"
			}
			if tried := names(r.received.take()); tried != want {
				t.Errorf("tried %q, want %q", tried, want)
			}
		})
	}
}

func TestFailureAfterSSEBytesWentOutIsACutNotACleanEnd(t *testing.T) {
	cases := map[string]step{
		"an error": func(s *stream, m *request) error {
			if string(m.GetResponseBody().Body) == "data: 1\n\n" {
				return s.grpc.Send(responseBody(nil))
			}
			return status.Error(codes.Unavailable, "scripted")
		},
		"no answer": func(s *stream, m *request) error {
			if string(m.GetResponseBody().Body) == "data: 1\n\n" {
				return s.grpc.Send(responseBody(nil))
			}
			return nil
		},
	}
	r := start(t, setup{HCM: "delayed_close_timeout: 0.05s", MessageTimeout: "0.3s"})
	for name, reply := range cases {
		t.Run(name, func(t *testing.T) {
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: reply}, script{})
			do, write, gone := events()
			r.a().serve(do)
			resp := r.stream(t, context.Background(), write, "data: 1\n\n")
			defer func() { _ = resp.Body.Close() }()
			readUntil(t, resp.Body, "data: 1\n\n")
			give(t, write, "data: 2\n\n")
			if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("client read %q, %v; want a cut", rest, err)
			}
			await(t, "the provider to see the end", gone)
		})
	}
}

func TestWithoutASocketRequestsFailAtOnceWith503(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Fatalf("answer: %+v", got)
	}
	r.extProc.grpc.Stop()
	since := time.Now()
	if got := r.post(t, `{}`); got.status != 503 || got.body != "" {
		t.Errorf("answer: %+v", got)
	}
	within(t, "the refusal", since, time.Now(), 3*time.Second)
	if tried := names(r.received.take()); tried != "a" {
		t.Errorf("tried %q, want only the first request", tried)
	}
}

func TestOverrideMessageTimeoutGivesOneAnswerMoreTime(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s", MaxMessageTimeout: "20s"})
	for _, asks := range []bool{true, false} {
		r.play(script{requestBody: func(s *stream, _ *request) error {
			if asks {
				if err := s.grpc.Send(&response{OverrideMessageTimeout: seconds(10)}); err != nil {
					return err
				}
			}
			select {
			case <-s.grpc.Context().Done(): // Envoy gave up
				return nil
			case <-time.After(600 * time.Millisecond): // the work that takes longer than message_timeout
			}
			return s.grpc.Send(requestBody(toPool()))
		}}, script{})
		want := 504
		if asks {
			want = 200
		}
		if got := r.post(t, `{}`); got.status != want {
			t.Errorf("asks for more time %v: answer %+v, want %d", asks, got, want)
		}
	}
}

func TestMoreThanAHundredStreamsAtOnceNeedNoMaxConcurrentStreams(t *testing.T) {
	const many = 200
	r := start(t, setup{Pool: `circuit_breakers: { thresholds: [ { max_connections: 4096, max_pending_requests: 4096, max_requests: 16384 } ] }`})
	r.play(routed(), script{})
	all, release := make(chan struct{}, many), make(chan struct{})
	r.a().serve(func(w http.ResponseWriter, req *http.Request) {
		all <- struct{}{}
		select {
		case <-release:
		case <-time.After(patience):
		}
		answerJSON(`{}`)(w, req)
	})
	failed := make(chan error, many)
	for range many {
		go func() {
			resp, err := r.try(context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
			if err == nil {
				_ = resp.Body.Close()
				if resp.StatusCode != 200 {
					err = fmt.Errorf("status %d", resp.StatusCode)
				}
			}
			failed <- err
		}()
	}
	for range many { // each holds its ext_proc stream open
		await(t, "all requests at the provider at once", all)
	}
	close(release)
	for range many {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
}

// An immediate response may come when Envoy has asked nothing. It ends an answer that
// Envoy still holds back with its status, and one whose headers are out with a cut. The
// log has its details.
func TestUnaskedImmediateResponseEndsAnAnswer(t *testing.T) {
	for _, contentType := range []string{"application/json", "text/event-stream"} {
		t.Run(contentType, func(t *testing.T) {
			r := start(t, setup{HCM: "delayed_close_timeout: 0.05s"})
			r.play(named("x"), script{})
			r.a().serve(stalls(contentType))
			got := make(chan answer, 1)
			go func() { got <- r.post(t, `{}`) }()
			s := r.next(t, "router")
			sse, last := contentType == "text/event-stream", "response_headers"
			if sse {
				last = "response_body"
			}
			for kindOf(s.await(t)) != last {
			}
			passes(t, 50) // until the answer to that message is with Envoy
			ends := immediate(504, `{"error":"silent"}`)
			ends.GetImmediateResponse().Details = "facts_silent"
			if err := s.grpc.Send(ends); err != nil {
				t.Fatal(err)
			}
			a := <-got
			if sse && (a.status != 200 || !errors.Is(a.err, io.ErrUnexpectedEOF)) || !sse && (a.status != 504 || a.body != `{"error":"silent"}`) {
				t.Errorf("client: %d %q, %v", a.status, a.body, a.err)
			}
			if e := endingOf(r.logged(t, "endings")); e.Details != "facts_silent" || e.Exchange != "x" {
				t.Errorf("ending %+v", e)
			}
		})
	}
}
