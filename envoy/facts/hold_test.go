package facts_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
)

// swallow is the answer to a STREAMED chunk that is held back.
func swallow() *response {
	return responseBody(&common{BodyMutation: &extprocv3.BodyMutation{Mutation: &extprocv3.BodyMutation_ClearBody{ClearBody: true}}})
}

func TestSwallowedChunksAreReleasedInTheAnswerToALaterOne(t *testing.T) {
	swallows := map[string]func() *response{
		"clear_body": swallow,
		"empty body": func() *response { return responseBody(&common{BodyMutation: body("")}) },
	}
	for name, swallow := range swallows {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			held := ""
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
				b := m.GetResponseBody()
				held += string(b.Body)
				if !strings.HasSuffix(held, "3") && !b.EndOfStream {
					return s.grpc.Send(swallow())
				}
				out := held
				held = ""
				return s.grpc.Send(responseBody(&common{BodyMutation: body(out + "|")}))
			}}, script{})
			do, write, _ := events()
			r.a().serve(do)
			resp := make(chan *http.Response, 1)
			go func() { resp <- r.stream(t, context.Background(), write, "1") }()
			s := r.next(t, "router")
			for range 4 { // up to the first chunk
				s.await(t)
			}
			for _, text := range []string{"2", "3"} {
				give(t, write, text)
				s.await(t)
			}
			client := <-resp
			defer func() { _ = client.Body.Close() }()
			if got := readUntil(t, client.Body, "|"); got != "123|" {
				t.Errorf("client read %q", got)
			}
			give(t, write, "4")
			close(write)
			if got, err := io.ReadAll(client.Body); string(got) != "4|" || err != nil {
				t.Errorf("with the last chunk: %q, %v", got, err)
			}
		})
	}
}

// A chunk whose answer is held back stops the provider once Envoy's buffers are full,
// and nothing is lost when the answers come.
func TestAHeldStreamedChunkStopsTheProvider(t *testing.T) {
	const piece, pieces = 64 << 10, 1536 // 96 MiB
	r := start(t, setup{MessageTimeout: "20s"})
	h := newHolder()
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: h.hold(nil, responseBody(nil))}, script{})
	var written atomic.Int64
	r.a().serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		for i := range pieces {
			if i == 1 { // before the headers' answer the BUFFERED limit holds
				w.(http.Flusher).Flush()
				<-h.there
			}
			n, _ := io.WriteString(w, strings.Repeat("x", piece))
			written.Add(int64(n))
		}
	})
	read := make(chan string, 1)
	go func() {
		resp, err := r.try(context.Background(), http.MethodPost, "/", strings.NewReader(`{}`))
		if err != nil {
			read <- err.Error()
			return
		}
		n, err := io.Copy(io.Discard, resp.Body)
		read <- fmt.Sprint(n, err)
	}()
	await(t, "the held chunk", h.there)
	last := int64(-1)
	for last != written.Load() { // until the provider is stopped
		last = written.Load()
		passes(t, 100)
	}
	if last >= piece*pieces/2 {
		t.Errorf("the provider wrote %d bytes while its first was held", last)
	}
	close(h.release)
	if got := <-read; got != fmt.Sprint(piece*pieces, nil) {
		t.Errorf("client read %s", got)
	}
}

// Envoy sends the next chunks while the answer to one is held back, and each cancels the
// time that was granted before. So a server that holds back for longer than
// message_timeout must go on reading, and ask again at each chunk.
func TestMoreTimeAtAStreamedChunkIsTakenAwayByTheNextChunk(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprintf("asked again at each chunk %v", again), func(t *testing.T) {
			r := start(t, setup{MessageTimeout: "0.3s", MaxMessageTimeout: "20s", HCM: "delayed_close_timeout: 0.05s"})
			chunks, seen := 0, make(chan struct{}, 10)
			r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
				chunks++
				defer func() { seen <- struct{}{} }()
				if chunks == 1 || again {
					if err := s.grpc.Send(override(10 * time.Second)); err != nil {
						return err
					}
				}
				if !m.GetResponseBody().EndOfStream {
					return nil
				}
				select {
				case <-time.After(500 * time.Millisecond):
				case <-s.grpc.Context().Done():
					return nil
				}
				for range chunks {
					if err := s.grpc.Send(responseBody(nil)); err != nil {
						return err
					}
				}
				return nil
			}}, script{})
			do, write, _ := events()
			r.a().serve(do)
			go func() {
				for _, text := range []string{"1", "2", "3"} {
					write <- text
					<-seen
				}
				close(write)
			}()
			got := r.post(t, `{}`)
			if again && (got.body != "123" || got.err != nil) {
				t.Errorf("answer: %+v", got)
			}
			if !again && got.status == 200 && got.err == nil {
				t.Errorf("answer: %+v, want a 504 or a cut", got)
			}
		})
	}
}

// Once headers are out, a chunk that is held back without more time is a cut. Envoy 1.39
// has not sent them before the first chunk was answered, and sends 504.
func TestAStreamedChunkHeldLongerThanMessageTimeoutIsACut(t *testing.T) {
	r := start(t, setup{MessageTimeout: "0.3s", HCM: "delayed_close_timeout: 0.05s"})
	r.play(script{requestBody: routed().requestBody, responseHeaders: toStreamed(), responseBody: func(s *stream, m *request) error {
		if string(m.GetResponseBody().Body) == "2" {
			return nil
		}
		return s.grpc.Send(responseBody(nil))
	}}, script{})
	do, write, gone := events()
	r.a().serve(do)
	resp := r.stream(t, context.Background(), write, "1")
	defer func() { _ = resp.Body.Close() }()
	readUntil(t, resp.Body, "1")
	give(t, write, "2")
	if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("client read %q, %v", rest, err)
	}
	await(t, "the provider to see the end", gone)
	if got := r.logged(t, "all").Response.ResponseCodeDetails; got != "ext_proc_error_per-message_timeout_exceeded" {
		t.Errorf("details %q", got)
	}
}
