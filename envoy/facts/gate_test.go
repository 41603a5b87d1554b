package facts_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A gate is an upstream level that lets an answer go on only when it has seen the
// first content: until then Envoy holds back the headers and every chunk.
const (
	gateMode  = "{ request_header_mode: SEND, response_header_mode: SEND, response_body_mode: STREAMED }"
	gateLevel = "send_body_without_waiting_for_header_response: true\nallow_content_length_header: true"
)

// judge decides about an attempt by what has come of its body: "" goes on waiting, "good"
// lets it go, a status replaces the provider's.
type judge func(text string, eos bool) string

// firstContent is the judge of the tests: an event with data is content, one of
// the name of a status is an error.
func firstContent(text string, eos bool) string {
	content := strings.Index(text, "data: ")
	for _, code := range []string{"503", "429"} {
		if at := strings.Index(text, "event: "+code); at >= 0 && (content < 0 || at < content) {
			return code
		}
	}
	if content >= 0 {
		return "good"
	}
	if eos {
		return "503"
	}
	return ""
}

// refuse ends an attempt with a status in the place of the provider's.
func refuse(s *stream, code string) error {
	h := set(header(":status", code))
	if code == "429" {
		h = set(header(":status", code), header("x-envoy-degraded", "1"))
	}
	if err := s.grpc.Send(responseHeaders(&common{HeaderMutation: h})); err != nil {
		return err
	}
	return errEndWithOK
}

func gate(j judge) script {
	waits := always(override(10 * time.Second))
	return script{responseHeaders: waits, responseBody: func(s *stream, m *request) error {
		var text strings.Builder
		for _, m := range s.messages {
			text.Write(m.GetResponseBody().GetBody())
		}
		switch verdict := j(text.String(), m.GetResponseBody().EndOfStream); verdict {
		case "":
			return waits(s, m)
		case "good":
			return errEndWithOK
		default:
			return refuse(s, verdict)
		}
	}}
}

// gated is the setup of a gate; a retry goes to the next link.
func gated() setup {
	return setup{UpstreamMode: gateMode, UpstreamLevel: gateLevel, MessageTimeout: "2s", MaxMessageTimeout: "600s", Retry: eachOnce}
}

// sse answers with an event stream of these texts, each one write.
func sse(texts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		w.(http.Flusher).Flush()
		for _, text := range texts {
			_, _ = io.WriteString(w, text)
			w.(http.Flusher).Flush()
		}
	}
}

func TestEndingAGatesStreamWithOKReleasesAllThatIsHeld(t *testing.T) {
	whole := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB
	for _, second := range []bool{false, true} {
		t.Run(fmt.Sprintf("HTTP/2 provider %v", second), func(t *testing.T) {
			s := gated()
			s.PoolHTTP2 = second
			r := start(t, s)
			r.play(routed(), gate(func(text string, _ bool) string {
				if len(text) < 10<<10 {
					return ""
				}
				return "good"
			}))
			goOn := make(chan struct{})
			r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("content-length", fmt.Sprint(len(whole)))
				for i := range 5 {
					_, _ = io.WriteString(w, whole[i*4<<10:(i+1)*4<<10])
					w.(http.Flusher).Flush()
				}
				select {
				case <-goOn:
				case <-passed():
				}
				_, _ = io.WriteString(w, whole[20<<10:])
			})
			go func() {
				select {
				case s := <-r.opened["upstream"]:
					<-s.ended
					r.opened["upstream"] <- s
				case <-passed():
				}
				close(goOn)
			}()
			got := r.post(t, `{}`)
			if got.status != 200 || got.body != whole || got.err != nil {
				t.Errorf("answer: %d, %d bytes, %v", got.status, len(got.body), got.err)
			}
			if v := got.header.Get("content-length"); v != fmt.Sprint(len(whole)) {
				t.Errorf("content-length %q", v)
			}
			up := r.next(t, "upstream")
			kinds := up.wait(t)
			// What came after the end was never sent to the server.
			for i, kind := range kinds[2 : len(kinds)-1] {
				if kind != "response_body" {
					t.Errorf("message %d is %s", i+2, kind)
				}
			}
			if diff := cmp.Diff([]string{"request_headers", "response_headers"}, kinds[:2]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if last := kinds[len(kinds)-1]; last != "ended by the server with OK" {
				t.Errorf("end: %s", last)
			}
			p := up.messages[0].GetProtocolConfig()
			if modes := fmt.Sprint(p.GetRequestBodyMode(), p.GetResponseBodyMode(), p.GetSendBodyWithoutWaitingForHeaderResponse()); modes != "NONE STREAMED true" {
				t.Errorf("protocol_config: %s", modes)
			}
		})
	}
}

// The headers and every chunk go to the server at once; nothing goes to the client.
func TestARefusedFirstContentGoesToTheNextLinkAndTheClientSeesNoneOfIt(t *testing.T) {
	cases := []struct {
		name  string
		a     http.HandlerFunc
		tried string
	}{
		{"an error as the first event", sse(": hello\n\n", "event: 503\n\n", ": more\n\n"), "ab"},
		{"the end without content", sse(": hello\n\n"), "ab"},
		{"no body", sse(), "ab"},
		{"content is let go", sse(": hello\n\n", "data: from a\n\n"), "a"},
		{"content, then an error", sse("data: from a\n\n", "event: 503\n\n"), "a"},
	}
	r := start(t, gated(), "a", "b")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, gate(firstContent))
			r.providers["a"].serve(c.a)
			r.providers["b"].serve(sse("data: from b\n\n"))
			got := r.post(t, `{}`)
			if tried := names(r.received.take()); tried != c.tried || got.status != 200 || got.err != nil {
				t.Errorf("tried %q, want %q; answer %+v", tried, c.tried, got)
			}
			if c.tried == "ab" && got.body != "data: from b\n\n" {
				t.Errorf("client read %q", got.body)
			}
			if c.tried == "a" && !strings.Contains(got.body, "data: from a\n\n") {
				t.Errorf("client read %q", got.body)
			}
		})
	}
}

func TestAGates429MarkedDegradedGoesToTheNextLinkAtOnce(t *testing.T) {
	for code, want := range map[string]string{"429": "ab", "503": "aaab"} {
		t.Run(code, func(t *testing.T) {
			var tried string
			for range 3 { // the mark reaches the worker a moment later
				s := gated()
				s.Retry, s.Pool = strings.Replace(theRule, "base_interval: 0.025s, max_interval: 0.05s", "base_interval: 0.1s, max_interval: 0.1s", 1), thePool
				r := start(t, s, "a", "b")
				r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, gate(firstContent))
				r.providers["a"].serve(sse("event: " + code + "\n\n"))
				r.providers["b"].serve(sse("data: from b\n\n"))
				got := r.post(t, `{}`)
				if got.body != "data: from b\n\n" || got.err != nil {
					t.Errorf("answer: %+v", got)
				}
				if tried = names(r.received.take()); tried == want {
					return
				}
			}
			t.Errorf("tried %q, want %q", tried, want)
		})
	}
}

// The server may give a silent attempt up by a clock of its own, with no message
// to answer but the headers.
func TestAGateMayRefuseByItsOwnClock(t *testing.T) {
	r := start(t, gated(), "a", "b")
	does := gate(firstContent)
	waits := does.responseHeaders
	does.responseHeaders = func(s *stream, m *request) error {
		if err := waits(s, m); err != nil || attribute(s.messages[0], backendLeaf) != "a" {
			return err
		}
		passes(t, 50)
		return refuse(s, "503")
	}
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, does)
	do, _, gone := events()
	r.providers["a"].serve(do)
	r.providers["b"].serve(sse("data: from b\n\n"))
	if got := r.post(t, `{}`); got.body != "data: from b\n\n" || got.err != nil {
		t.Errorf("answer: %+v", got)
	}
	await(t, "the first provider to be let go", gone)
}

// gatedByRoute overrides the upstream level's modes, so that only requests of the route
// that is chosen last are held.
const gatedByRoute = `typed_per_filter_config:
  facts.upstream:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
    overrides: { processing_mode: ` + gateMode + ` }`

func TestTheRouteChosenLastMayMakeTheUpstreamLevelAGate(t *testing.T) {
	for _, gates := range []bool{true, false} {
		t.Run(fmt.Sprint(gates), func(t *testing.T) {
			s := gated()
			s.UpstreamMode = headersOnly
			if gates {
				s.ChosenRoute = gatedByRoute
			}
			r := start(t, s, "a", "b")
			does := gate(firstContent)
			if !gates {
				does = script{responseHeaders: always(responseHeaders(nil))}
			}
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, does)
			r.providers["a"].serve(sse(": hello\n\n", "event: 503\n\n", ": more\n\n"))
			r.providers["b"].serve(sse("data: from b\n\n"))
			got := r.post(t, `{}`)
			want := map[bool]string{true: "ab", false: "a"}[gates]
			if tried := names(r.received.take()); tried != want || got.status != 200 || got.err != nil {
				t.Errorf("tried %q, want %q; answer %+v", tried, want, got)
			}
			p := r.next(t, "upstream").messages[0].GetProtocolConfig()
			if modes := fmt.Sprint(p.GetResponseBodyMode(), p.GetSendBodyWithoutWaitingForHeaderResponse()); modes != map[bool]string{true: "STREAMED true", false: "NONE true"}[gates] {
				t.Errorf("protocol_config: %s", modes)
			}
		})
	}
}
