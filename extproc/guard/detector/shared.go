package detector

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// Memory is how many bytes the answers of all detectors may take in the memory of a process.
	Memory = 16 << 20
	// maxBreakers bounds the breakers that are kept for policies to come.
	maxBreakers = 1024
	// maxConnections is how many connections one service gets at most. Further calls wait for one
	// within their time limit.
	maxConnections = 32
	// connectWithin bounds an attempt to connect, which may go on if the call that began it ends.
	connectWithin = 10 * time.Second
)

// Shared is what all detectors of a process share, and what outlives a policy: connections,
// breakers, remembered answers and metrics. It is safe for concurrent use.
type Shared struct {
	transport *http.Transport
	answers   memory
	metrics   *metrics
	calls     atomic.Uint64 // that were numbered

	ending  context.Context // done once Close is called
	end     context.CancelFunc
	mu      sync.Mutex
	breaker map[string]breaker // by the detector's ID
	closed  bool
	running sync.WaitGroup // calls; none is added once closed
}

// NewShared returns what detectors share, whose answers take up to so many bytes. Close ends it.
func NewShared(reg prometheus.Registerer, memory uint64) *Shared {
	s := &Shared{transport: newTransport(), answers: newMemory(memory), metrics: newMetrics(reg), breaker: map[string]breaker{}}
	s.ending, s.end = context.WithCancel(context.Background())
	return s
}

// newTransport makes connections that no environment redirects through a proxy.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: connectWithin, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   connectWithin,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // a small answer could become a large one
		MaxConnsPerHost:       maxConnections,
		MaxIdleConnsPerHost:   maxConnections,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Detector returns a detector whose service is asked by ask.
func (s *Shared) Detector(o Options, ask Ask) *Detector {
	o.MaxBytes = max(o.MaxBytes, MinBytes)
	return &Detector{o: o, service: ask, shared: s, breaker: s.breakerOf(o.ID), metrics: s.metrics.of(o.Guard)}
}

// breakerOf returns the breaker of a detector, which survives a change of the policy.
func (s *Shared) breakerOf(id string) breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.breaker[id]; ok {
		return b
	}
	if len(s.breaker) >= maxBreakers {
		clear(s.breaker) // those in use live on in their detectors
	}
	b := newBreaker(id)
	s.breaker[id] = b
	return b
}

// enter begins a call, which ends early when Shared does. The call ends with leave.
func (s *Shared) enter(ctx context.Context) (_ context.Context, leave func(), _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errClosed
	}
	s.running.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ending, cancel)
	return ctx, func() { stop(); cancel(); s.running.Done() }, nil
}

// Close cancels the calls that are under way, waits for their end, and closes all connections.
// Calls fail from then on.
func (s *Shared) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.running.Wait()
	s.transport.CloseIdleConnections()
	s.answers.close()
}
