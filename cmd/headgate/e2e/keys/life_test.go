package keys

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/key"
)

// TestAKeyLives holds that a key that is made anywhere on the database is taken at every pair,
// that both of its texts are for the overlap of a rotation, and none once it was revoked, also
// while it is in use.
func TestAKeyLives(t *testing.T) {
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	_, env, maker := shared(t)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Policy: policyOf(p, "store: {postgres: {env: DATABASE_URL}}\n"), XDS: 2, Pairs: 2, Env: environment, XDSEnv: []string{env},
	})
	made := create(t, maker, key.Spec{Name: "app"})
	awaits(t, "a new key", made.Text, ok, f.Pairs...)
	takes(t, "a wrong secret", keyform.New(made.Key.ID), refused, f.Pairs...)
	takes(t, "the policy's", ofPolicy, ok, f.Pairs...)

	rotated, err := maker.Rotate(context.Background(), "app", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	awaits(t, "the new text", rotated.Text, ok, f.Pairs...)
	takes(t, "the text before, in the overlap", made.Text, ok, f.Pairs...)
	last, err := maker.Rotate(context.Background(), "app", 0)
	if err != nil {
		t.Fatal(err)
	}
	awaits(t, "the last text", last.Text, ok, f.Pairs...)
	takes(t, "the texts before, without an overlap", made.Text, refused, f.Pairs...)
	takes(t, "the texts before, without an overlap", rotated.Text, refused, f.Pairs...)

	revokedWhileUsed(t, f, maker, last.Text)
	takes(t, "the policy's", ofPolicy, ok, f.Pairs...)
}

// revokedWhileUsed revokes a key that clients use all the time, and holds that each pair refuses
// it from some moment on.
func revokedWhileUsed(t *testing.T, f *gatewaytest.Fleet, maker *key.Service, text string) {
	t.Helper()
	var asking sync.WaitGroup
	done := make(chan struct{})
	served := make([]atomic.Int64, len(f.Pairs)) // when a request began that was served, as nanoseconds since 1970
	count := make([]atomic.Int64, len(f.Pairs))
	for i, p := range f.Pairs {
		for range 4 {
			asking.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					began := time.Now().UnixNano()
					if status, _ := ask(&p.Gateway, text); status == ok {
						served[i].Store(max(began, served[i].Load()))
					}
					count[i].Add(1)
				}
			})
		}
	}
	stop := sync.OnceFunc(func() { close(done); asking.Wait() })
	defer stop()
	for i := range f.Pairs {
		gatewaytest.Eventually(t, "requests", func() bool { return count[i].Load() >= 20 })
	}
	if _, err := maker.Revoke(context.Background(), "app", "test"); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	awaits(t, "a revoked key", text, refused, f.Pairs...)
	stop()
	for i, p := range f.Pairs {
		t.Logf("%s served it last %v after it was revoked", p.Node, time.Unix(0, served[i].Load()).Sub(revoked))
	}
	takes(t, "a revoked key", text, refused, f.Pairs...)
}
