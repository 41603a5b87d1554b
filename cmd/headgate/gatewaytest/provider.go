package gatewaytest

import (
	"context"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/provider/sim"
)

// Provider is a simulated provider on a port of its own.
type Provider struct {
	*sim.Server
	URL string // with /v1
	t   testing.TB
}

// Simulate starts a simulated provider that ends with the test.
func Simulate(t testing.TB, o sim.Options) *Provider {
	t.Helper()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = r.Shutdown(ctx) // what a test left hanging is broken off
	})
	return &Provider{Server: s, URL: r.URL + "/v1", t: t}
}

// Last waits until the provider has finished n exchanges and returns the latest.
func (p *Provider) Last(n int) sim.Served {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Wait(ctx, n); err != nil {
		p.t.Fatalf("the provider finished fewer than %d exchanges: %v", n, err)
	}
	all := p.Served()
	return all[len(all)-1]
}
