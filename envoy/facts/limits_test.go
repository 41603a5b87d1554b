package facts_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
)

const mebibyte = 1 << 20

func TestBodyOverTheBufferLimit(t *testing.T) {
	const (
		kib64   = "per_connection_buffer_limit_bytes: 65536"
		raised  = "request_body_buffer_limit: 4194304"
		lowered = "request_body_buffer_limit: 1024"
	)
	cases := []struct {
		name              string
		setup             setup
		size              int
		request, response int // statuses when the request or the response has that size
	}{
		{name: "under the default of 1 MiB", size: mebibyte - 1024, request: 200, response: 200},
		{name: "over the default of 1 MiB", size: mebibyte + 64<<10, request: 413, response: 500},
		{name: "over the listener's own limit", setup: setup{Listener: kib64}, size: 256 << 10, request: 413, response: 500},
		{name: "under a listener's limit above the default", setup: setup{Listener: "per_connection_buffer_limit_bytes: 4194304"}, size: 2 * mebibyte, request: 200, response: 200},
		{name: "the virtual host raises it for both", setup: setup{VHost: raised}, size: 2 * mebibyte, request: 200, response: 200},
		{name: "the virtual host does not lower it", setup: setup{VHost: lowered}, size: 256 << 10, request: 200, response: 200},
		{name: "no raise for the request when the first-matched route is a direct_response", setup: setup{VHost: raised, Unrouted: "direct_response: { status: 404 }"}, size: 2 * mebibyte, request: 413, response: 200},
		{name: "the cluster's limit does not matter", setup: setup{Pool: "per_connection_buffer_limit_bytes: 4194304"}, size: 2 * mebibyte, request: 413, response: 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, c.setup)
			r.play(routed(), script{})
			big := strings.Repeat("x", c.size)
			if got := r.post(t, big); got.status != c.request {
				t.Errorf("request: status %d, want %d", got.status, c.request)
			}
			if c.request == 413 {
				if got := r.logged(t, "all").Response.ResponseCodeDetails; got != "request_payload_too_large" {
					t.Errorf("details %q", got)
				}
			} else {
				r.logged(t, "all")
			}
			r.a().serve(answerJSON(big))
			got := r.post(t, `{}`)
			if got.status != c.response {
				t.Errorf("response: status %d, want %d", got.status, c.response)
			}
			if e := r.logged(t, "all"); c.response == 500 && e.Response.ResponseCodeDetails != "response_payload_too_large" {
				t.Errorf("details %q", e.Response.ResponseCodeDetails)
			}
		})
	}
}

func TestRequestOverTheLimitPassesTheResponsePathAndAResponseDoesNot(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	r.post(t, strings.Repeat("x", 2*mebibyte))
	s := r.next(t, "router")
	s.wait(t)
	want := "request_headers response_headers response_body(eos) end Canceled"
	if got := strings.Join(s.kinds, " "); got != want {
		t.Errorf("request over the limit: %s, want %s", got, want)
	}
	r.a().serve(answerJSON(strings.Repeat("x", 2*mebibyte)))
	r.post(t, `{}`)
	s = r.next(t, "router")
	s.wait(t)
	// How the stream ends, Canceled or EOF, varies: the cut races with the answer.
	want = "request_headers request_body(eos) response_headers"
	if got := strings.Join(s.kinds[:len(s.kinds)-1], " "); got != want {
		t.Errorf("response over the limit: %s, want %s", got, want)
	}
}

func TestResponseOverTheLimitPassesInStreamed(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	big := strings.Repeat("x", 4*mebibyte)
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		// The limit holds until the override is answered, so begin with little.
		_, _ = io.WriteString(w, big[:1])
		w.(http.Flusher).Flush()
		s := r.next(t, "router")
		for range 4 { // up to the first chunk
			s.await(t)
		}
		_, _ = io.WriteString(w, big[1:])
	})
	if got := r.post(t, `{}`); got.status != 200 || got.body != big || got.err != nil {
		t.Errorf("status %d, %d bytes, %v", got.status, len(got.body), got.err)
	}
}

func TestBodyOverGRPCsMaxRecvMsgSizeFailsClosed(t *testing.T) {
	big := setup{VHost: "request_body_buffer_limit: 33554432"}
	for _, c := range []struct {
		options []grpc.ServerOption
		status  int
	}{
		{options: []grpc.ServerOption{grpc.ConnectionTimeout(patience)}, status: 503}, // grpc-go's default, 4 MiB
		{options: []grpc.ServerOption{grpc.MaxRecvMsgSize(9 * mebibyte)}, status: 200},
	} {
		r := startWith(t, big, c.options)
		r.play(routed(), script{})
		if got := r.post(t, strings.Repeat("x", 5*mebibyte)); got.status != c.status {
			t.Errorf("status %d, want %d", got.status, c.status)
		}
	}
}
