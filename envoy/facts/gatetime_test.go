package facts_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A gate that waits must ask for more time at the headers and at each chunk, because
// each chunk that Envoy sends cancels it. The 504 is not retried.
func TestAGateThatAsksForNoMoreTimeAtAChunkIsA504(t *testing.T) {
	for _, asks := range []string{"never", "at the headers", "at each message"} {
		t.Run(asks, func(t *testing.T) {
			s := gated()
			s.MessageTimeout = "0.3s"
			r := start(t, s, "a", "b")
			does := gate(firstContent)
			if asks == "never" {
				does.responseHeaders = hang
			}
			if asks != "at each message" {
				does.responseBody = hang
			}
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, does)
			do, write, _ := events()
			r.providers["a"].serve(do)
			done := make(chan struct{})
			go func() {
				defer close(done)
				write <- ": hello\n\n"
				passes(t, 450)
				select {
				case write <- "data: from a\n\n":
					close(write)
				default: // given up
				}
			}()
			got := r.post(t, `{}`)
			<-done
			if want := map[bool]int{true: 200, false: 504}[asks == "at each message"]; got.status != want {
				t.Errorf("answer: %+v, want %d", got, want)
			}
			if tried := names(r.received.take()); tried != "a" {
				t.Errorf("tried %q", tried)
			}
		})
	}
}

// Before 1.40 a header answer alone changes nothing; so it is always followed by
// the end of the stream.
func TestAGatesHeaderAnswerActsWithTheEndOfTheStream(t *testing.T) {
	r := start(t, gated(), "a", "b")
	release, answered := make(chan struct{}), make(chan struct{})
	does := gate(firstContent)
	does.responseBody = func(s *stream, m *request) error {
		if attribute(s.messages[0], backendLeaf) != "a" {
			return errEndWithOK
		}
		if err := s.grpc.Send(responseHeaders(&common{HeaderMutation: set(header(":status", "503"))})); err != nil {
			return err
		}
		close(answered)
		<-release
		return errEndWithOK
	}
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed()}, does)
	do, write, _ := events()
	r.providers["a"].serve(do)
	r.providers["b"].serve(sse("data: from b\n\n"))
	go func() { write <- ": hello\n\n" }()
	got := make(chan string, 1)
	go func() {
		resp, err := r.try(context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
		if err != nil {
			got <- err.Error()
			return
		}
		text, err := io.ReadAll(resp.Body)
		got <- fmt.Sprint(string(text), err)
	}()
	await(t, "the header answer", answered)
	passes(t, 150)
	before := names(r.received.take())
	close(release)
	if text := <-got; text != "data: from b\n\n<nil>" {
		t.Errorf("client read %s", text)
	}
	v, err := version()
	if err != nil {
		t.Fatal(err)
	}
	if want := map[bool]string{true: "a", false: "ab"}[v[1] < 40]; before != want {
		t.Errorf("tried before the end of the stream: %q, want %q", before, want)
	}
}
