package facts_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foldFilter is a filter after the router level that asks nothing, unless the route says so.
const foldFilter = `- name: facts.fold
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
    grpc_service: { envoy_grpc: { cluster_name: extproc }, initial_metadata: [ { key: x-headgate-level, value: fold } ] }
    processing_mode: { request_header_mode: SKIP, response_header_mode: SKIP }
    message_timeout: 0.3s
    status_on_error: { code: 503 }`

// foldedByRoute makes it see answers in FULL_DUPLEX_STREAMED.
const foldedByRoute = `typed_per_filter_config:
  facts.fold:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
    overrides: { processing_mode: { request_header_mode: SKIP, response_header_mode: SEND, response_body_mode: FULL_DUPLEX_STREAMED, response_trailer_mode: SEND } }`

// gathering answers the headers when all is there, with another content type and body.
func gathering() script {
	gathered := ""
	return script{
		responseHeaders: func(*stream, *request) error { return nil },
		responseBody: func(s *stream, m *request) error {
			b := m.GetResponseBody()
			if gathered += string(b.Body); !b.EndOfStream {
				return nil
			}
			h := set(header("content-type", "application/json"))
			h.RemoveHeaders = []string{"content-length"}
			if err := s.grpc.Send(responseHeaders(&common{HeaderMutation: h})); err != nil {
				return err
			}
			return s.grpc.Send(streamed(strings.ToUpper(gathered), true))
		},
	}
}

func TestALaterFilterThatTheRouteMakesDuplexGivesTheRouterLevelAnotherAnswer(t *testing.T) {
	r := start(t, setup{After: foldFilter, ChosenRoute: foldedByRoute, MessageTimeout: "0.3s"})
	r.play(routed(), script{})
	r.also("fold", gathering())
	do, write, _ := events()
	r.a().serve(do)
	go func() {
		for _, text := range []string{"a", "b"} {
			write <- text
			passes(t, 350) // longer than message_timeout, which does not act
		}
		close(write)
	}()
	got := r.post(t, `{}`)
	if got.status != 200 || got.body != "AB" || got.header.Get("content-type") != "application/json" || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	s := r.next(t, "router")
	<-s.ended
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body(eos)", "end Canceled"}
	if diff := cmp.Diff(want, s.kinds); diff != "" {
		t.Errorf("router level (-want +got): %s", diff)
	}
}

func TestACutWhileALaterDuplexFilterHoldsTheHeadersIsA502(t *testing.T) {
	r := start(t, setup{After: foldFilter, ChosenRoute: foldedByRoute})
	r.play(routed(), script{})
	r.also("fold", gathering())
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		_, _ = w.Write([]byte("a"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	if got := r.post(t, `{}`); got.status != 502 || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
}

func TestALaterFilterThatNoRouteTurnsOnOpensNoStream(t *testing.T) {
	r := start(t, setup{After: foldFilter})
	r.play(routed(), script{})
	if got := r.post(t, `{}`); got.status != 200 {
		t.Errorf("answer: %+v", got)
	}
	r.next(t, "router")
	if opened := r.streams("fold"); len(opened) != 0 {
		t.Errorf("%d streams", len(opened))
	}
}
