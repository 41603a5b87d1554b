package facts_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
)

const (
	buffered     = extprocfilterv3.ProcessingMode_BUFFERED
	streamedMode = extprocfilterv3.ProcessingMode_STREAMED
	fullDuplex   = extprocfilterv3.ProcessingMode_FULL_DUPLEX_STREAMED
)

func TestOverrideToStreamedDeliversEachWriteAtOnce(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, _ := events()
	r.a().serve(do)
	texts := []string{"data: 1\n\n", "data: 2", "\n\ndata: 3\n\n"}
	resp := r.stream(t, context.Background(), write, texts[0])
	defer func() { _ = resp.Body.Close() }()
	// The next write is made only after the client has the one before.
	for i, text := range texts {
		if i > 0 {
			give(t, write, text)
		}
		if got := readUntil(t, resp.Body, text); got != text {
			t.Fatalf("client read %q, want %q", got, text)
		}
	}
	close(write)
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("end: %q, %v", rest, err)
	}
	s := r.next(t, "router")
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body", "response_body", "response_body", "response_body(eos)", "end Canceled"}
	if diff := cmp.Diff(want, s.wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if last := s.messages[6].GetResponseBody().Body; len(last) != 0 {
		t.Errorf("the last message, of an HTTP/1.1 provider, has the body %q", last)
	}
}

// Envoy 1.39 holds them back until the first chunk, so a client of a slow provider
// sees nothing, not even the status, before the first token.
func TestHeadersOfAStreamedAnswerGoOutBeforeItsFirstChunkFrom140(t *testing.T) {
	needs(t, 40)
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	do, write, _ := events()
	r.a().serve(do)
	resp := r.open(t, context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
	defer func() { _ = resp.Body.Close() }()
	give(t, write, "data: 1\n\n") // not before the client has the headers
	readUntil(t, resp.Body, "data: 1\n\n")
}

func TestAnswerToTheLastEmptyChunkMayAddABody(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
		if !m.GetResponseBody().EndOfStream {
			return s.grpc.Send(responseBody(nil))
		}
		return s.grpc.Send(responseBody(&common{BodyMutation: body(": cost 1\n\n")}))
	}}, script{})
	do, write, _ := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "data: 1\n\n")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "data: 1\n\n")
	close(write)
	if rest, err := io.ReadAll(resp.Body); string(rest) != ": cost 1\n\n" || err != nil {
		t.Errorf("client read %q, %v", rest, err)
	}
}

func TestOverrideKeepsContentLengthUnlessItIsRemoved(t *testing.T) {
	r := start(t, setup{})
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		w.Header().Set("content-length", "9")
		_, _ = io.WriteString(w, "data: 1\n\n")
	})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, script{})
	if got := r.post(t, `{}`); got.header.Get("content-length") != "" || got.body != "data: 1\n\n" {
		t.Errorf("removed: %+v", got)
	}
	keep := always(withMode(responseHeaders(nil), &mode{RequestBodyMode: buffered, ResponseBodyMode: streamedMode}))
	r.play(script{requestBody: routed().requestBody, responseHeaders: keep}, script{})
	if got := r.post(t, `{}`); got.header.Get("content-length") != "9" {
		t.Errorf("not removed: %+v", got)
	}
}

func TestBufferedSSEArrivesWholeAtTheEnd(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	do, write, _ := events()
	r.a().serve(do)
	headers := make(chan *http.Response, 1)
	failed := make(chan error, 1)
	go func() {
		resp, err := r.try(context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
		if err != nil {
			failed <- err
			return
		}
		headers <- resp
	}()
	give(t, write, "data: 1\n\n")
	give(t, write, "data: 2\n\n")
	select {
	case <-headers:
		t.Fatal("the client got headers before the end of the answer")
	case err := <-failed:
		t.Fatal(err)
	case <-time.After(100 * time.Millisecond): // nothing to wait for: the point is that nothing comes
	}
	close(write)
	resp := <-headers
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); string(text) != "data: 1\n\ndata: 2\n\n" || err != nil {
		t.Errorf("body %q, %v", text, err)
	}
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body(eos)", "end Canceled"}
	if diff := cmp.Diff(want, r.next(t, "router").wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStreamedRepliesAreMatchedByOrderAlone(t *testing.T) {
	// Three chunks come: a, b, c. What is scripted is the answer to b.
	echo := func(s *stream, m *request) error {
		return s.grpc.Send(responseBody(&common{BodyMutation: body(strings.ToUpper(string(m.GetResponseBody().Body)))}))
	}
	cases := []struct {
		name string
		b    step
		more []string // chunks after a
		body string
		err  error
	}{
		{name: "one reply for each chunk", b: echo, more: []string{"b", "c"}, body: "ABC"},
		{
			name: "a second reply is spurious and cuts",
			b: func(s *stream, m *request) error {
				if err := echo(s, m); err != nil {
					return err
				}
				return echo(s, m)
			},
			more: []string{"b"}, body: "AB", err: io.ErrUnexpectedEOF,
		},
		{
			name: "a missing reply shifts the later ones and the tail hangs until stream_idle_timeout",
			b:    hang, more: []string{"b", "c"}, body: "AC", err: io.ErrUnexpectedEOF,
		},
	}
	r := start(t, setup{HCM: "stream_idle_timeout: 1s\ndelayed_close_timeout: 0.05s"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
				if string(m.GetResponseBody().Body) == "b" {
					return c.b(s, m)
				}
				return echo(s, m)
			}}, script{})
			do, write, _ := events()
			r.a().serve(do)
			resp := r.stream(t, context.Background(), write, "a")
			defer func() { _ = resp.Body.Close() }()
			s := r.next(t, "router")
			for range 4 { // up to the first chunk
				s.await(t)
			}
			for _, text := range c.more {
				give(t, write, text)
				s.await(t)
			}
			if len(c.more) == 2 {
				close(write)
			}
			text, err := io.ReadAll(resp.Body)
			if string(text) != c.body || !errors.Is(err, c.err) {
				t.Errorf("client read %q, %v; want %q, %v", text, err, c.body, c.err)
			}
		})
	}
}

func TestUnsetBodyModeInAnOverrideMeansNone(t *testing.T) {
	r := start(t, setup{})
	only := &mode{RequestBodyMode: buffered} // says nothing of the response
	r.play(script{requestHeaders: always(withMode(requestHeaders(nil), only)), requestBody: routed().requestBody}, script{})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Fatalf("answer: %+v", got)
	}
	want := []string{"request_headers", "request_body(eos)", "response_headers", "end Canceled"}
	if diff := cmp.Diff(want, r.next(t, "router").wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOverrideToFullDuplexLosesNothing(t *testing.T) {
	r := start(t, setup{})
	whole := strings.Repeat("0123456789abcdef", 40<<10) // 640 KiB, on its way before the answer
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		_, _ = io.WriteString(w, whole)
	})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toFullDuplex(), responseBody: func(s *stream, m *request) error {
		b := m.GetResponseBody()
		text := string(b.Body)
		for len(text) > 62000 {
			if err := s.grpc.Send(streamed(text[:62000], false)); err != nil {
				return err
			}
			text = text[62000:]
		}
		return s.grpc.Send(streamed(text, b.EndOfStream))
	}}, script{})
	got := r.post(t, `{}`)
	if got.err != nil || got.body != whole {
		t.Errorf("client read %d bytes, want %d; %v", len(got.body), len(whole), got.err)
	}
}

func TestEarlyEndInFullDuplexIsCleanAndCancelsTheUpstream(t *testing.T) {
	r := start(t, setup{})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toFullDuplex(), responseBody: func(s *stream, m *request) error {
		if err := s.grpc.Send(streamed("event: own\n\n", false)); err != nil {
			return err
		}
		return s.grpc.Send(withMetadata(streamed("data: [DONE]\n\n", true), "io.headgate", map[string]any{"cut": "yes"}))
	}}, script{})
	do, write, gone := events()
	r.a().serve(do)
	go func() { write <- "data: 1\n\n" }()
	got := r.post(t, `{}`)
	if got.body != "event: own\n\ndata: [DONE]\n\n" || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	await(t, "the provider to see the end", gone)
	e := r.logged(t, "all")
	if v := e.CommonProperties.Metadata.GetFilterMetadata()["io.headgate"].AsMap()["cut"]; v != "yes" {
		t.Errorf("metadata of the last answer in the log: %v", v)
	}
	if code := e.Response.ResponseCode.GetValue(); code != 200 {
		t.Errorf("logged code %d", code)
	}
}

func TestOverrideIsIgnoredWhenTheConfiguredResponseModeIsFullDuplex(t *testing.T) {
	r := start(t, setup{RouterMode: "{ request_header_mode: SEND, request_body_mode: BUFFERED, response_header_mode: SEND, response_body_mode: FULL_DUPLEX_STREAMED, response_trailer_mode: SEND }"})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
		b := m.GetResponseBody()
		return s.grpc.Send(streamed(string(b.Body), b.EndOfStream)) // spurious, were the mode STREAMED
	}}, script{})
	if got := r.post(t, `{}`); got.status != 200 || got.body != `{"ok":true}` || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
}

// From 1.40 on an override may come alone, ahead of the answer, and the request
// goes from NONE to FULL_DUPLEX_STREAMED.
func TestStandAloneOverrideOfTheRequestFrom140(t *testing.T) {
	needs(t, 40)
	r := start(t, setup{RouterMode: "{ request_header_mode: SEND, response_header_mode: SEND, request_trailer_mode: SEND }"})
	r.play(script{requestHeaders: func(s *stream, _ *request) error {
		m := &mode{RequestHeaderMode: extprocfilterv3.ProcessingMode_SEND, RequestBodyMode: fullDuplex, RequestTrailerMode: extprocfilterv3.ProcessingMode_SEND, ResponseHeaderMode: extprocfilterv3.ProcessingMode_SEND}
		return s.grpc.Send(&response{ModeOverride: m})
	}, requestBody: func(s *stream, m *request) error {
		b := m.GetRequestBody()
		if err := s.grpc.Send(requestHeaders(toPool())); err != nil {
			return err
		}
		return s.grpc.Send(requestBody(&common{BodyMutation: &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_StreamedResponse{
			StreamedResponse: &extprocv3.StreamedBodyResponse{Body: b.Body, EndOfStream: b.EndOfStream},
		}}}))
	}}, script{})
	if got := r.post(t, `{"a":1}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	if got := r.received.take(); len(got) != 1 || got[0].Body != `{"a":1}` {
		t.Errorf("provider received %+v", got)
	}
}
