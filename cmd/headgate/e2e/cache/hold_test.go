package cache

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// holding is a provider that answers requests with a mark not before the test lets it.
type holding struct {
	at http.Handler

	mu   sync.Mutex
	held map[string]*held
}

// held are the requests with one mark.
type held struct {
	came int
	let  chan struct{} // closed: they are answered
}

// holdingProvider starts one.
func holdingProvider(t *testing.T) (*gatewaytest.Provider, *holding) {
	t.Helper()
	s, err := sim.New(gatewaytest.Keyless)
	if err != nil {
		t.Fatal(err)
	}
	h := &holding{at: s, held: map[string]*held{}}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return (&gatewaytest.Provider{Server: s, URL: server.URL + "/v1"}).With(t), h
}

// hold begins to hold requests with a mark.
func (h *holding) hold(t *testing.T, mark string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[mark] = &held{let: make(chan struct{})}
	t.Cleanup(func() { h.release(mark) })
}

// release answers requests with a mark, those to come, too.
func (h *holding) release(mark string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.held[mark].let:
	default:
		close(h.held[mark].let)
	}
}

// came returns how many requests with a mark have come.
func (h *holding) came(mark string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held[mark].came
}

// ServeHTTP implements http.Handler.
func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if one := h.find(body); one != nil {
		select {
		case <-one.let:
		case <-r.Context().Done():
			return
		}
	}
	h.at.ServeHTTP(w, r)
}

func (h *holding) find(body []byte) *held {
	h.mu.Lock()
	defer h.mu.Unlock()
	for mark, one := range h.held {
		if bytes.Contains(body, []byte(mark)) {
			one.came++
			return one
		}
	}
	return nil
}
