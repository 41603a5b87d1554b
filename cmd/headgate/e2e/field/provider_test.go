package field

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// scripted is what a provider answers, to the byte: also what Go's own server would refuse
// to write.
type scripted struct {
	Status   int
	Headers  map[string]any // a value, or a list of values
	Body     string
	Chunks   []string // in place of Body, each written by itself
	Gzip     bool
	Slice    int     // bytes of a chunk that are written at once; 0: all
	Pause    float64 // seconds after each
	Delay    float64 // seconds before the headers
	Gap      float64 // seconds after the headers
	TE       string  // chunked, none (the end of the connection is that of the body), or a length
	Trailers string
	Cut      bool // the connection breaks in place of the end
}

// seen is a request that reached the provider.
type seen struct {
	path string
	body []byte
}

// provider gives scripted answers, one after the other; the last is repeated.
type provider struct {
	url string

	mu      sync.Mutex
	answers []scripted
	given   int
	seen    []seen
}

func newProvider(t *testing.T) *provider {
	p := &provider{}
	s := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

// script sets what the provider answers, and forgets what it has seen.
func (p *provider) script(answers []scripted) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers, p.given, p.seen = answers, 0, nil
}

// requests returns what has reached the provider since script.
func (p *provider) requests() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]seen(nil), p.seen...)
}

func (p *provider) next(r seen) scripted {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r)
	a := p.answers[min(p.given, len(p.answers)-1)]
	p.given++
	return a
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a := p.next(seen{r.URL.RequestURI(), body})
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	a.write(conn)
}

// write gives the answer on a connection that ends with it. Errors are those of a gateway
// that hangs up.
func (a *scripted) write(w net.Conn) {
	pause(a.Delay)
	_, _ = w.Write(a.head())
	pause(a.Gap)
	if !a.chunked() {
		_, _ = w.Write(a.packed(a.Body))
		return
	}
	a.writeChunks(w)
	if a.Cut {
		_ = w.(*net.TCPConn).SetLinger(0)
		return
	}
	fmt.Fprintf(w, "0\r\n%s\r\n", a.Trailers)
}

func (a *scripted) chunked() bool { return a.Chunks != nil || a.TE == "chunked" }

func (a *scripted) head() []byte {
	var h bytes.Buffer
	status := a.Status
	if status == 0 {
		status = http.StatusOK
	}
	fmt.Fprintf(&h, "HTTP/1.1 %d X\r\nconnection: close\r\n", status)
	for name, value := range a.Headers {
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		for _, v := range values {
			fmt.Fprintf(&h, "%s: %v\r\n", name, v)
		}
	}
	switch {
	case a.chunked():
		h.WriteString("transfer-encoding: chunked\r\n")
	case a.TE != "none":
		fmt.Fprintf(&h, "content-length: %d\r\n", len(a.packed(a.Body)))
	}
	h.WriteString("\r\n")
	return h.Bytes()
}

func (a *scripted) packed(body string) []byte {
	if !a.Gzip {
		return []byte(body)
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(body))
	_ = z.Close()
	return out.Bytes()
}

func (a *scripted) writeChunks(w io.Writer) {
	chunks := a.Chunks
	if chunks == nil && a.Body != "" {
		chunks = []string{a.Body}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, chunk := range chunks {
		bytes := []byte(chunk)
		if a.Gzip {
			_, _ = z.Write(bytes)
			_ = z.Flush()
			bytes = packed.Next(packed.Len())
		}
		a.writeChunk(w, bytes)
	}
	if a.Gzip {
		_ = z.Close()
		a.writeChunk(w, packed.Bytes())
	}
}

func (a *scripted) writeChunk(w io.Writer, chunk []byte) {
	slice := a.Slice
	if slice == 0 {
		slice = max(1, len(chunk))
	}
	for len(chunk) > 0 {
		n := min(slice, len(chunk))
		fmt.Fprintf(w, "%x\r\n%s\r\n", n, chunk[:n])
		chunk = chunk[n:]
		pause(a.Pause)
	}
}

func pause(seconds float64) { time.Sleep(time.Duration(seconds * float64(time.Second))) }

// plain is an answer of a provider whose model says that all is well, in the dialect of the
// path that was asked.
func plain(path string) scripted {
	body := map[string]any{
		"id": "chatcmpl-x", "object": "chat.completion", "created": 1, "model": "m",
		"choices": []any{map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": "ok", "refusal": nil}, "finish_reason": "stop"}},
		"usage":   map[string]any{"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
	}
	if path == messagesPath {
		body = map[string]any{
			"id": "msg_x", "type": "message", "role": "assistant", "model": "m",
			"content":     []any{map[string]any{"type": "text", "text": "ok"}},
			"stop_reason": "end_turn", "stop_sequence": nil, "usage": map[string]any{"input_tokens": 5, "output_tokens": 1},
		}
	}
	text, _ := json.Marshal(body)
	return scripted{Headers: map[string]any{"content-type": "application/json"}, Body: string(text)}
}
