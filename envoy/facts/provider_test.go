package facts_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// provider is a scripted upstream HTTP server.
type provider struct {
	name   string
	server *httptest.Server

	mu sync.Mutex
	do http.HandlerFunc
}

// received is one request that reached a provider.
type received struct {
	Provider string
	Path     string
	Host     string
	Header   http.Header
	Body     string
	Length   int64 // -1: chunked
}

func startProvider(t *testing.T, name string, mine *journal) *provider {
	t.Helper()
	p := &provider{name: name}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return // Envoy gave the attempt up
		}
		mine.add(received{Provider: name, Path: r.RequestURI, Host: r.Host, Header: r.Header.Clone(), Body: string(text), Length: r.ContentLength})
		p.mu.Lock()
		do := p.do
		p.mu.Unlock()
		do(w, r)
	}))
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	p.server.Config.Protocols = &protocols
	p.server.Start()
	t.Cleanup(p.server.Close)
	t.Cleanup(p.server.CloseClientConnections)
	p.serve(answerJSON(`{"ok":true}`))
	return p
}

func (p *provider) port() int { return p.server.Listener.Addr().(*net.TCPAddr).Port }

// serve sets what the provider does from the next request on.
func (p *provider) serve(do http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.do = do
}

// journal is what all providers of a test received, in order.
type journal struct {
	mu  sync.Mutex
	all []received
}

func (j *journal) add(r received) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, r)
}

// take returns what was received since the last take.
func (j *journal) take() []received {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.all
	j.all = nil
	return out
}

// names lists the providers that were tried, in order: "aab".
func names(all []received) string {
	out := ""
	for _, r := range all {
		out += r.Provider
	}
	return out
}

func answerJSON(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}

func answerStatus(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"error":"scripted"}`)
	}
}

// inTurn serves one request by each handler, and the last one from then on.
func inTurn(all ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		do := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		mu.Unlock()
		do(w, r)
	}
}

// silent waits, without an answer, until Envoy gives up.
func silent(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(patience):
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// cutNow, written to events, is no text but cuts the connection.
const cutNow = "\x00"

// events is an SSE answer that the test paces: each text sent to the channel is
// one write, cutNow cuts the connection, closing the channel ends the answer.
// gone is closed when Envoy has
// given the request up.
func events() (do http.HandlerFunc, write chan string, gone chan struct{}) {
	write, gone = make(chan string), make(chan struct{})
	do = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		for {
			select {
			case text, ok := <-write:
				if !ok {
					return
				}
				if text == cutNow {
					panic(http.ErrAbortHandler)
				}
				_, _ = io.WriteString(w, text)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				close(gone)
				return
			case <-time.After(patience):
				return
			}
		}
	}
	return do, write, gone
}

// await waits for the channel to be closed, or to give a value.
func await[T any](t *testing.T, what string, c <-chan T) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("waited %v for %s", patience, what)
	}
}

func withHeader(name, value string, do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		do(w, r)
	}
}

// passed gives a value when patience is at its end.
func passed() <-chan time.Time { return time.After(patience) }

// passes lets time go by, for facts that say that nothing happens meanwhile.
func passes(t *testing.T, milliseconds int) {
	t.Helper()
	select {
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// discard is a log for what a server says of connections that a test breaks.
func discard() *log.Logger { return log.New(io.Discard, "", 0) }

// give hands a text to the provider that waits for it.
func give(t *testing.T, write chan string, text string) {
	t.Helper()
	select {
	case write <- text:
	case <-time.After(patience):
		t.Fatalf("the provider did not take %q within %v", text, patience)
	}
}
