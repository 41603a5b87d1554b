package facts_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// holder is a step that holds its answer back until the test releases it. Until then
// nothing reads from its stream.
type holder struct {
	there   chan struct{} // closed when the message is there
	release chan struct{} // closed to have the answer sent
	sent    chan error    // of sending it
	once    sync.Once
}

func newHolder() *holder {
	return &holder{there: make(chan struct{}), release: make(chan struct{}), sent: make(chan error, 1)}
}

// hold sends the first answer, if there is one, holds back the answer to the first message
// and answers further ones at once.
func (h *holder) hold(first, answer *response) step {
	return func(s *stream, _ *request) error {
		held := false
		h.once.Do(func() { held = true })
		if !held {
			return s.grpc.Send(answer)
		}
		if first != nil {
			if err := s.grpc.Send(first); err != nil {
				return err
			}
		}
		close(h.there)
		select {
		case <-h.release:
		case <-passed():
		}
		h.sent <- s.grpc.Send(answer)
		return nil
	}
}

// overHTTP2 has the client speak HTTP/2, in which leaving is a RST_STREAM and not the end
// of the connection.
func (r *rig) overHTTP2() {
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	r.http.Transport.(*http.Transport).Protocols = &p
}

// override asks for more time for the answer that is due.
func override(d time.Duration) *response {
	return &response{OverrideMessageTimeout: durationpb.New(d)}
}

// A handler that is busy with its answer needs no second goroutine in Recv: the
// context of its stream is done when the client has left. Sending the answer
// then is an error of that stream alone.
func TestClientLeavingWhileAnAnswerIsHeldEndsTheStreamsContext(t *testing.T) {
	type held struct {
		router   script
		upstream script
		events   bool // the provider answers with one event and goes on
	}
	cases := []struct {
		name string
		held func(*holder) held
	}{
		{"request headers", func(h *holder) held {
			return held{router: script{requestHeaders: h.hold(nil, requestHeaders(nil))}}
		}},
		{"BUFFERED request body", func(h *holder) held {
			return held{router: script{requestBody: h.hold(nil, requestBody(toPool()))}}
		}},
		{"BUFFERED request body, more time asked for", func(h *holder) held {
			return held{router: script{requestBody: h.hold(override(15*time.Second), requestBody(toPool()))}}
		}},
		{"response headers", func(h *holder) held {
			return held{router: script{requestBody: routed().requestBody, responseHeaders: h.hold(nil, responseHeaders(nil))}}
		}},
		{"BUFFERED response body", func(h *holder) held {
			return held{router: script{requestBody: routed().requestBody, responseBody: h.hold(nil, responseBody(nil))}}
		}},
		{"STREAMED chunk", func(h *holder) held {
			return held{events: true, router: script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: h.hold(nil, responseBody(nil))}}
		}},
		{"FULL_DUPLEX_STREAMED chunk", func(h *holder) held {
			return held{events: true, router: script{requestBody: routed().requestBody, responseHeaders: toFullDuplex(), responseBody: h.hold(nil, streamed("x", false))}}
		}},
		{"upstream level: request headers", func(h *holder) held {
			return held{router: routed(), upstream: script{requestHeaders: h.hold(nil, requestHeaders(nil))}}
		}},
		{"upstream level: an answer at the gate", func(h *holder) held {
			return held{events: true, router: routed(), upstream: script{responseHeaders: h.hold(override(15*time.Second), responseHeaders(nil))}}
		}},
		{"upstream level: response headers", func(h *holder) held {
			return held{router: routed(), upstream: script{responseHeaders: h.hold(nil, responseHeaders(nil))}}
		}},
	}
	for protocol, second := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		r := start(t, gated())
		if second {
			r.overHTTP2()
		}
		for _, c := range cases {
			t.Run(protocol+", "+c.name, func(t *testing.T) {
				h := newHolder()
				does := c.held(h)
				r.play(does.router, does.upstream)
				do, write, gone := events()
				r.a().serve(answerJSON(`{}`))
				if does.events {
					r.a().serve(do)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				left := make(chan struct{})
				go func() {
					defer close(left)
					resp, err := r.try(ctx, http.MethodPost, "/", strings.NewReader(`{}`))
					if err == nil {
						<-ctx.Done()
						_ = resp.Body.Close()
					}
				}()
				if does.events {
					give(t, write, "data: 1\n\n")
				}
				await(t, "the held message", h.there)
				s := r.next(t, "router")
				if does.upstream.requestHeaders != nil || does.upstream.responseHeaders != nil {
					s = r.next(t, "upstream")
				}
				since := time.Now()
				cancel()
				await(t, "the stream's context to be done", s.grpc.Context().Done())
				within(t, "learning that the client has left", since, time.Now(), promptly)
				if does.events {
					await(t, "the provider to see the end", gone)
				}
				close(h.release)
				if err := <-h.sent; status.Code(err) != codes.Canceled {
					t.Errorf("sending the answer afterwards: %v, want Canceled", err)
				}
				s.wait(t)
				<-left
				r.a().serve(answerJSON(`{}`))
				r.play(routed(), script{})
				r.streams("router")
				r.streams("upstream")
				if got := r.post(t, `{}`); got.status != 200 {
					t.Errorf("the next request: %+v", got)
				}
				r.streams("router")
				r.streams("upstream")
			})
		}
	}
}
