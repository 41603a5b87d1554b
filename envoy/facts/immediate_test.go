package facts_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// sseReply is an immediate response that holds a whole answer of several events.
func sseReply(text string) *response {
	r := immediate(200, text)
	r.GetImmediateResponse().Headers = set(header("content-type", "text/event-stream"), header("cache-control", "no-cache"), header("x-mine", "here"))
	return r
}

// eventsOf makes an SSE answer of n events and its end.
func eventsOf(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "data: {\"id\":%d,\"text\":\"%s\"}\n\n", i, strings.Repeat("é", 20))
	}
	return text.String() + "data: [DONE]\n\n"
}

func TestAnImmediateResponseMayBeAWholeEventStream(t *testing.T) {
	answers := map[string]func(*response) script{
		"to request headers": func(r *response) script { return script{requestHeaders: always(r)} },
		"to a request body":  func(r *response) script { return script{requestBody: always(r)} },
	}
	bodies := map[string]string{"3 events": eventsOf(3), "2 MiB": eventsOf(30_000), "no event": ""}
	for _, second := range []bool{false, true} {
		r := start(t, setup{})
		if second {
			r.overHTTP2()
		}
		for name, answer := range answers {
			for size, text := range bodies {
				t.Run(fmt.Sprintf("%s, HTTP/2 client %v, %s", name, second, size), func(t *testing.T) {
					r.play(answer(sseReply(text)), script{})
					got := r.post(t, `{"stream":true}`)
					if got.status != 200 || got.body != text || got.err != nil {
						t.Errorf("answer: %d, %d bytes, want %d; %v", got.status, len(got.body), len(text), got.err)
					}
					want := map[string]string{"content-type": "text/event-stream", "cache-control": "no-cache", "x-mine": "here", "content-length": fmt.Sprint(len(text))}
					if text == "" {
						want["content-type"] = "" // nothing of that type is sent
						if second {
							want["content-length"] = ""
						}
					}
					for key, value := range want {
						if v := got.header.Get(key); v != value {
							t.Errorf("%s: %q, want %q", key, v, value)
						}
					}
					if tried := names(r.received.take()); tried != "" {
						t.Errorf("sent to %q", tried)
					}
				})
			}
		}
	}
}

func TestAnImmediateResponsesOwnContentLengthIsPutRight(t *testing.T) {
	r := start(t, setup{})
	for _, wrong := range []string{"1", "999999"} {
		answer := sseReply("data: 1\n\n")
		answer.GetImmediateResponse().Headers.SetHeaders = append(answer.GetImmediateResponse().Headers.SetHeaders, header("content-length", wrong))
		r.play(script{requestBody: always(answer)}, script{})
		got := r.post(t, `{}`)
		if got.header.Get("content-length") != "9" || got.body != "data: 1\n\n" || got.err != nil {
			t.Errorf("content-length %s set: %+v", wrong, got)
		}
	}
}

func TestAnImmediateResponseToHEADHasTheHeadersButNoBody(t *testing.T) {
	r := start(t, setup{})
	text := eventsOf(3)
	r.play(script{requestHeaders: always(sseReply(text))}, script{})
	for method, want := range map[string]string{http.MethodHead: "", http.MethodGet: text} {
		got := r.send(t, method, "/v1/models", nil)
		if got.status != 200 || got.body != want || got.err != nil || got.header.Get("content-length") != fmt.Sprint(len(text)) || got.header.Get("content-type") != "text/event-stream" {
			t.Errorf("%s: %+v", method, got)
		}
	}
}

// It goes on also when the request's body was not read before the answer. One socket is
// written to and read from, because Go's client takes another one if its body is still
// being written when the answer is there.
func TestAConnectionServesTheNextRequestAfterAnImmediateResponse(t *testing.T) {
	r := start(t, setup{})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReader(conn)
	for name, does := range map[string]script{
		"to request headers": {requestHeaders: always(sseReply("data: 1\n\n"))},
		"to a request body":  {requestBody: always(sseReply("data: 1\n\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			r.play(does, script{})
			for range 3 {
				if _, err := fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s", 100<<10, strings.Repeat("x", 100<<10)); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != 200 || resp.Close || string(body) != "data: 1\n\n" {
					t.Errorf("%d, close %t, %q, %v", resp.StatusCode, resp.Close, body, err)
				}
			}
		})
	}
}
