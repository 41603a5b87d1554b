package facts_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONExchangeIsFourMessagesAndEndsWithCanceled(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	r.play(routed(), script{})
	got := r.post(t, `{"model":"m"}`)
	if got.status != 200 || got.body != `{"ok":true}` {
		t.Fatalf("answer: %+v", got)
	}
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body(eos)", "end Canceled"}
	if diff := cmp.Diff(want, r.next(t, "router").wait(t)); diff != "" {
		t.Errorf("router level (-want +got):\n%s", diff)
	}
	want = []string{"request_headers", "response_headers", "end Canceled"}
	if diff := cmp.Diff(want, r.next(t, "upstream").wait(t)); diff != "" {
		t.Errorf("upstream level (-want +got):\n%s", diff)
	}
}

func TestRequestWithoutBodySendsNoBodyMessage(t *testing.T) {
	r := start(t, setup{})
	r.play(routedAtHeaders(), script{})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			var none io.Reader
			if method == http.MethodPost {
				none = strings.NewReader("")
			}
			if got := r.send(t, method, "/v1/models", none); got.status != 200 {
				t.Fatalf("answer: %+v", got)
			}
			want := []string{"request_headers(eos)", "response_headers", "response_body(eos)", "end Canceled"}
			if method == http.MethodHead {
				want = []string{"request_headers(eos)", "response_headers(eos)", "end Canceled"}
			}
			if diff := cmp.Diff(want, r.next(t, "router").wait(t)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestChunkedUploadIsOneBodyMessage(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	// A reader of unknown length makes the client send chunks.
	got := r.send(t, http.MethodPost, "/v1/chat/completions", io.MultiReader(strings.NewReader(`{"a":`), strings.NewReader(`1}`)))
	if got.status != 200 {
		t.Fatalf("answer: %+v", got)
	}
	s := r.next(t, "router")
	want := []string{"request_headers", "request_body(eos)", "response_headers", "response_body(eos)", "end Canceled"}
	if diff := cmp.Diff(want, s.wait(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v, ok := headerOf(t, s.messages[0], "content-length"); ok {
		t.Errorf("content-length %q of a chunked request", v)
	}
	if got := string(s.messages[1].GetRequestBody().Body); got != `{"a":1}` {
		t.Errorf("body: %q", got)
	}
}

func TestExpectContinueIsAnsweredByEnvoyAndTheHeaderRemoved(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	// The client waits for the 100 before it sends the body.
	if got := r.post(t, `{"a":1}`, "expect", "100-continue"); got.status != 200 {
		t.Fatalf("answer: %+v", got)
	}
	s := r.next(t, "router")
	s.wait(t)
	if v, ok := headerOf(t, s.messages[0], "expect"); ok {
		t.Errorf("ext_proc saw expect: %q", v)
	}
	if got := r.received.take(); len(got) != 1 || got[0].Body != `{"a":1}` || got[0].Header.Get("expect") != "" {
		t.Errorf("provider received %+v", got)
	}
}

func TestFirstMessageTellsTheBodyModes(t *testing.T) {
	r := start(t, setup{UpstreamMode: headersOnly})
	r.play(routed(), script{})
	r.post(t, `{}`)
	s := r.next(t, "router")
	s.wait(t)
	var got []string
	for _, m := range s.messages {
		p := m.GetProtocolConfig()
		got = append(got, p.GetRequestBodyMode().String()+" "+p.GetResponseBodyMode().String())
	}
	want := []string{"BUFFERED BUFFERED", "NONE NONE", "NONE NONE", "NONE NONE"} // the later ones have no protocol_config
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, m := range s.messages[1:] {
		if m.GetProtocolConfig() != nil {
			t.Errorf("message %d has a protocol_config", i+1)
		}
	}
	s = r.next(t, "upstream")
	s.wait(t)
	if p := s.messages[0].GetProtocolConfig(); p == nil || p.RequestBodyMode != 0 || p.ResponseBodyMode != 0 {
		t.Errorf("upstream level: %v, want NONE NONE", p)
	}
}

func TestHeaderKeysAreLowerCaseAndValuesRaw(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	r.post(t, `{}`, "X-MiXed", "Value")
	s := r.next(t, "router")
	s.wait(t)
	if v, ok := headerOf(t, s.messages[0], "x-mixed"); !ok || v != "Value" {
		t.Errorf("x-mixed: %q, %v", v, ok)
	}
	for _, h := range s.messages[0].GetRequestHeaders().Headers.Headers {
		if h.Value != "" {
			t.Errorf("header %s has value %q beside raw_value", h.Key, h.Value)
		}
	}
}

func TestAttributesOfTheResponseComeOnceWithTheFirstResponseMessage(t *testing.T) {
	r := start(t, setup{})
	r.play(routed(), script{})
	r.post(t, `{}`)
	s := r.next(t, "router")
	s.wait(t)
	attributes := s.messages[2].GetAttributes()["envoy.filters.http.ext_proc"].AsMap()
	want := map[string]any{"xds.cluster_name": "pool", "upstream.request_attempt_count": 1.0, "response.code_details": "via_upstream"}
	if diff := cmp.Diff(want, attributes); diff != "" {
		t.Errorf("response headers (-want +got):\n%s", diff)
	}
	for _, i := range []int{0, 1, 3} {
		if a := s.messages[i].GetAttributes(); len(a) != 0 {
			t.Errorf("%s has attributes %v", s.kinds[i], a)
		}
	}
}
