package facts_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// promptly is how soon an end must be seen. It takes about 1 ms; the rest is
// room for a busy machine.
const promptly = 500 * time.Millisecond

// toStreamed is the answer to an SSE answer's headers.
func toStreamed() step {
	return always(withMode(responseHeaders(&common{HeaderMutation: remove("content-length")}),
		&mode{RequestBodyMode: buffered, ResponseBodyMode: streamedMode}))
}

func TestClientAbortBeforeHeadersEndsTheStreamWithEOF(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	there, gone := make(chan struct{}), make(chan struct{})
	r.a().serve(func(w http.ResponseWriter, req *http.Request) {
		close(there)
		silent(w, req)
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		resp, err := r.try(ctx, http.MethodPost, "/", strings.NewReader(`{}`))
		if err == nil {
			_ = resp.Body.Close()
		}
		failed <- err
	}()
	await(t, "the request at the provider", there)
	since := time.Now()
	cancel()
	if err := <-failed; err == nil {
		t.Error("the client got an answer")
	}
	s := r.next(t, "router")
	want := []string{"request_headers", "request_body(eos)", "end EOF"}
	if diff := cmp.Diff(want, s.wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	within(t, "the end of the stream", since, s.endedAt, promptly)
	await(t, "the provider to see the end", gone)
}

func TestClientAbortInSSEEndsTheStreamWithEOF(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, gone := events()
	r.a().serve(do)
	ctx, cancel := context.WithCancel(t.Context())
	resp := r.stream(t, ctx, write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")
	since := time.Now()
	cancel()
	s := r.next(t, "router")
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body", "end EOF"}
	if diff := cmp.Diff(want, s.wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	within(t, "the end of the stream", since, s.endedAt, promptly)
	await(t, "the provider to see the end", gone)
}

func TestUpstreamCutInSSEEndsTheStreamWithEOF(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx,reset\nnum_retries: 2"})
	s := r.cutInSSE(t)
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body", "end EOF"}
	if diff := cmp.Diff(want, s.kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tried := names(r.received.take()); tried != "a" {
		t.Errorf("tried %q: an answer that began must not be retried", tried)
	}
}

// cutInSSE plays an SSE answer that the provider cuts after its first event, and
// returns the router level's stream, ended. The client must see a cut.
func (r *rig) cutInSSE(t *testing.T) *stream {
	t.Helper()
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, _ := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")
	give(t, write, cutNow)
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("client read %q, %v; want a cut", rest, err)
	}
	s := r.next(t, "router")
	s.wait(t)
	return s
}

func TestUpstreamCutInBufferedJSONEndsTheStreamWithEOFAndIsA502(t *testing.T) {
	r := start(t, setup{Retry: "retry_on: 5xx,reset\nnum_retries: 2"})
	r.play(routed(), script{})
	// Two writes: the second comes when the response headers have been answered.
	answered := make(chan struct{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: func(s *stream, _ *request) error {
		defer close(answered)
		return s.grpc.Send(responseHeaders(nil))
	}}, script{})
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-answered
		panic(http.ErrAbortHandler)
	})
	got := r.post(t, `{}`)
	if got.status != 502 || got.header.Get("content-type") != "text/plain" || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	if tried := names(r.received.take()); tried != "a" {
		t.Errorf("tried %q: an answer that began must not be retried", tried)
	}
	want := []string{"request_headers", "request_body(eos)", "response_headers", "end EOF"}
	if diff := cmp.Diff(want, r.next(t, "router").wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestClientSeesACutAfterDelayedCloseTimeout(t *testing.T) {
	delay := func(s setup) time.Duration {
		r := start(t, s)
		stream := r.cutInSSE(t)
		return time.Since(stream.endedAt)
	}
	if d := delay(setup{HCM: "delayed_close_timeout: 0.05s"}); d > 900*time.Millisecond {
		t.Errorf("the client saw the cut after %v, want about 50 ms", d)
	}
	if d := delay(setup{}); d < 900*time.Millisecond {
		t.Errorf("by default the client saw the cut after %v, want about 1 s", d)
	}
}
