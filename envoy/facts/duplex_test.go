package facts_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
)

// toFullDuplex is the answer to the headers of an SSE answer that a guard may cut.
func toFullDuplex() step {
	return always(withMode(responseHeaders(&common{HeaderMutation: remove("content-length")}), duplexMode()))
}

func duplexMode() *mode {
	return &mode{RequestBodyMode: buffered, ResponseBodyMode: fullDuplex, ResponseTrailerMode: extprocfilterv3.ProcessingMode_SEND}
}

// inDuplex is a router level that takes an SSE answer in FULL_DUPLEX_STREAMED.
func inDuplex(chunk step) script {
	return script{requestBody: routed().requestBody, responseHeaders: toFullDuplex(), responseBody: chunk}
}

// echo is the answer to a chunk in FULL_DUPLEX_STREAMED that changes nothing.
func echo(s *stream, m *request) error {
	b := m.GetResponseBody()
	return s.grpc.Send(streamed(string(b.Body), b.EndOfStream))
}

func TestAChunkIsHeldInFullDuplexForLongerThanMessageTimeout(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s"})
	held := ""
	does := inDuplex(func(s *stream, m *request) error {
		held += string(m.GetResponseBody().Body)
		switch b := m.GetResponseBody(); {
		case b.EndOfStream:
			return s.grpc.Send(streamed(held, true))
		case string(b.Body) == "1":
			return s.grpc.Send(streamed("", false)) // is as good as none
		default:
			return nil
		}
	})
	headers := set(header("x-mine", "here"))
	headers.RemoveHeaders = []string{"content-length"}
	does.responseHeaders = func(s *stream, m *request) error {
		return s.grpc.Send(withMode(responseHeaders(&common{HeaderMutation: headers}), duplexMode()))
	}
	r.play(does, script{})
	do, write, _ := events()
	r.a().serve(do)
	go func() {
		for i := range 3 {
			write <- fmt.Sprint(i)
			passes(t, 350)
		}
		close(write)
	}()
	got := r.post(t, `{}`)
	if got.status != 200 || got.body != "012" || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	if v := got.header.Get("x-mine"); v != "here" {
		t.Errorf("header set in the answer that has the override: %q", v)
	}
}

func TestEventsOfTheServersOwnGoOutInFullDuplexWhileTheProviderIsSilent(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s"})
	own := make(chan string)
	r.play(inDuplex(func(s *stream, m *request) error {
		for text := range own {
			if err := s.grpc.Send(streamed(text, false)); err != nil {
				return err
			}
		}
		return echo(s, m)
	}), script{})
	do, write, _ := events()
	r.a().serve(do)
	go func() { own <- "own 0" }()
	resp := r.stream(t, context.Background(), write, "theirs")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "own 0")
	for _, text := range []string{"own 1", "own 2"} {
		own <- text
		readUntil(t, resp.Body, text) // before the next is sent
	}
	close(own)
	close(write)
	if rest, err := io.ReadAll(resp.Body); string(rest) != "theirs" || err != nil {
		t.Errorf("client read %q, %v", rest, err)
	}
}

// What the server does with its stream after it has ended the answer is of no
// matter: Envoy has ended it.
func TestAfterAnEarlyEndInFullDuplexTheStreamIsOver(t *testing.T) {
	after := map[string]step{
		"reads on":       func(*stream, *request) error { return nil },
		"returns OK":     endWithOK,
		"returns errors": unavailable,
		"is busy until its context is done": func(s *stream, _ *request) error {
			select {
			case <-s.grpc.Context().Done():
				return nil
			case <-passed():
				return fmt.Errorf("the context was not done after %v", patience)
			}
		},
	}
	for _, second := range []bool{false, true} {
		r := start(t, setup{PoolHTTP2: second})
		for name, does := range after {
			t.Run(fmt.Sprintf("HTTP/2 provider %v, server %s", second, name), func(t *testing.T) {
				ended := false
				r.play(inDuplex(func(s *stream, m *request) error {
					if ended {
						return nil // was on its way before Envoy knew of the end
					}
					ended = true
					if err := s.grpc.Send(streamed("end", true)); err != nil {
						return err
					}
					return does(s, m)
				}), script{})
				gone := make(chan struct{})
				r.a().serve(func(w http.ResponseWriter, req *http.Request) { // writes for ever
					defer close(gone)
					w.Header().Set("content-type", "text/event-stream")
					for req.Context().Err() == nil {
						_, _ = io.WriteString(w, "data: more\n\n")
						w.(http.Flusher).Flush()
					}
				})
				if got := r.post(t, `{}`); got.status != 200 || got.body != "end" || got.err != nil {
					t.Errorf("answer: %+v", got)
				}
				await(t, "the provider to be let go", gone)
				kinds := r.next(t, "router").wait(t)
				if last := kinds[len(kinds)-1]; !strings.Contains(last, "end") {
					t.Errorf("kinds: %v", kinds)
				}
				if got := r.logged(t, "all").Response.ResponseCodeDetails; got != "via_upstream" {
					t.Errorf("details %q", got)
				}
			})
		}
	}
}

func TestOKInTheMiddleOfFullDuplexLosesWhatWasHandedOver(t *testing.T) {
	r := start(t, setup{})
	r.play(inDuplex(func(s *stream, m *request) error {
		if string(m.GetResponseBody().Body) == "2" {
			return errEndWithOK
		}
		return echo(s, m)
	}), script{})
	do, write, _ := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "1")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "1")
	give(t, write, "2")
	eventually(t, "Envoy to see the end of the stream", func() bool {
		return strings.Contains(r.ask(t, "/stats?filter=http.gateway.ext_proc"), "server_half_closed: 1")
	})
	give(t, write, "3")
	close(write)
	if rest, err := io.ReadAll(resp.Body); string(rest) != "3" || err != nil {
		t.Errorf("client read %q, %v; want what came after", rest, err)
	}
}

// heldToTheEnd plays an answer of one held chunk, which is flushed at the end mark, whole
// at the client. The provider ends when the test closes the channel.
func (r *rig) heldToTheEnd(chunk step, trailers bool, goOn chan struct{}) script {
	does := inDuplex(func(s *stream, m *request) error {
		if !m.GetResponseBody().EndOfStream {
			return chunk(s, m)
		}
		return s.grpc.Send(streamed("held", true))
	})
	does.responseTrailers = func(s *stream, _ *request) error {
		if err := s.grpc.Send(streamed("held", false)); err != nil {
			return err
		}
		return s.grpc.Send(responseTrailers())
	}
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		_, _ = io.WriteString(w, "held")
		w.(http.Flusher).Flush()
		select {
		case <-goOn:
		case <-passed():
		}
		if trailers {
			w.Header().Set(http.TrailerPrefix+"x-usage", "7")
		}
	})
	return does
}

func TestTrailersAreTheEndMarkInFullDuplexAndWhatIsHeldGoesBeforeThem(t *testing.T) {
	cases := []struct {
		name            string
		http2, trailers bool
		want            string
	}{
		{"HTTP/1.1 without trailers", false, false, "response_body(eos)"},
		{"HTTP/2 without trailers", true, false, "response_body(eos)"},
		{"HTTP/2 with trailers", true, true, "response_trailers"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, setup{PoolHTTP2: c.http2})
			r.overHTTP2()
			there := make(chan struct{})
			r.play(r.heldToTheEnd(func(*stream, *request) error { close(there); return nil }, c.trailers, there), script{})
			resp := r.open(t, context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
			defer func() { _ = resp.Body.Close() }()
			if text, err := io.ReadAll(resp.Body); string(text) != "held" || err != nil {
				t.Errorf("client read %q, %v", text, err)
			}
			if v := resp.Trailer.Get("x-usage"); (v == "7") != c.trailers {
				t.Errorf("the client's trailers: %v", resp.Trailer)
			}
			if kinds := r.next(t, "router").wait(t); kinds[len(kinds)-2] != c.want {
				t.Errorf("messages: %v, want %s as the last", kinds, c.want)
			}
		})
	}
}

// So a held chunk is always answered: by an empty one, if there is nothing to send.
func TestTrailersThatCameBeforeTheHeadersAnswerWaitInFullDuplexForTheFirstChunksReply(t *testing.T) {
	replies := map[string]step{"none": hang, "an empty one": always(streamed("", false))}
	for name, reply := range replies {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{PoolHTTP2: true, HCM: "stream_idle_timeout: 0.6s\ndelayed_close_timeout: 0.05s"})
			goOn := make(chan struct{})
			does := r.heldToTheEnd(reply, true, goOn)
			does.responseHeaders = func(s *stream, m *request) error {
				close(goOn)
				passes(t, 200) // for the provider's whole answer to come
				return toFullDuplex()(s, m)
			}
			r.play(does, script{})
			got := r.post(t, `{}`)
			if name == "none" && (got.err == nil && got.status == 200) {
				t.Errorf("answer: %+v, want one that hangs until stream_idle_timeout", got)
			}
			if name != "none" && (got.status != 200 || got.body != "held" || got.err != nil) {
				t.Errorf("answer: %+v", got)
			}
			want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body"}
			if name != "none" {
				want = append(want, "response_trailers")
			}
			kinds := r.next(t, "router").wait(t)
			if diff := cmp.Diff(want, kinds[:len(kinds)-1]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
