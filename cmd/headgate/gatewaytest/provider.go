package gatewaytest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/sim"
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

// Settled waits until no exchange is under way and returns all that have finished.
func (p *Provider) Settled() []sim.Served {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.WaitIdle(ctx); err != nil {
		p.t.Fatalf("an exchange with the provider did not end: %v", err)
	}
	return p.Served()
}

// With returns the same provider for a subtest, which its faults then fail.
func (p *Provider) With(t testing.TB) *Provider {
	c := *p
	c.t = t
	return &c
}

// Find waits for a finished exchange whose request body holds a text, and returns
// the latest of them. Tests that share a provider tell theirs apart by it.
func (p *Provider) Find(text string) sim.Served {
	p.t.Helper()
	all := p.FindAll(text, 1)
	return all[len(all)-1]
}

// FindAll is Find for all of them, once there are n.
func (p *Provider) FindAll(text string, n int) (found []sim.Served) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		all := p.Served()
		found = nil
		for i := range all {
			if strings.Contains(string(all[i].Body), text) {
				found = append(found, all[i])
			}
		}
		if len(found) >= n {
			return found
		}
		if err := p.Wait(ctx, len(all)+1); err != nil {
			p.t.Fatalf("the provider finished %d exchanges with %q, %d are wanted", len(found), text, n)
		}
	}
}

// Received waits until the provider has a request more than it has finished: one
// that is under way.
func (p *Provider) Received() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.WaitReceived(ctx, len(p.Served())+1); err != nil {
		p.t.Fatalf("nothing reached the provider: %v", err)
	}
}
