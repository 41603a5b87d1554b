package policy

import "github.com/headgate/headgate/policy/strict"

// Breaker bounds what one model's pool may hold in one Envoy at a time. Beyond
// it requests are refused instead of piling up.
type Breaker struct {
	Connections uint32 // to backends
	Pending     uint32 // requests that wait for a connection
	Requests    uint32 // in flight
}

// Concurrency is how many requests of the model may be under way in one Envoy without one that waits
// for a connection: over HTTP/1.1 each takes one.
func (m *Model) Concurrency() int64 {
	if m.PlainHTTP() {
		return int64(min(m.Breaker.Requests, m.Breaker.Connections))
	}
	return int64(m.Breaker.Requests)
}

// PlainHTTP reports whether the model's pool speaks HTTP/1.1: a newer version is agreed on in TLS
// handshakes, and only if every backend has one.
func (m *Model) PlainHTTP() bool {
	for _, u := range m.Uses() {
		if u.Backend.URL == nil || u.Backend.URL.Scheme == "http" {
			return true
		}
	}
	return false
}

var breaker = strict.NewObject(
	strict.Bind("connections", func(b *Breaker) *uint32 { return &b.Connections }, breakerBound).Default(4096).
		Doc("Connections to the backends. HTTP/1.1 takes one for each request, HTTP/2 shares them.").
		Example(`connections: 4096`),
	strict.Bind("pending", func(b *Breaker) *uint32 { return &b.Pending }, breakerBound).Default(4096).
		Doc("Requests that wait for a connection.").
		Example(`pending: 4096`),
	strict.Bind("requests", func(b *Breaker) *uint32 { return &b.Requests }, breakerBound).Default(16384).
		Doc("Requests in flight.").
		Example(`requests: 16384`),
)

var breakerBound = strict.Int[uint32](1, 1_000_000)
