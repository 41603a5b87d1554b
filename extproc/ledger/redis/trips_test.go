package redis_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/redis"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	connect "github.com/headgate/headgate/extproc/redis"
)

// trips counts round trips.
type trips int

// DialHook implements redis.Hook.
func (n *trips) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (n *trips) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error { *n++; return next(ctx, cmd) }
}

// ProcessPipelineHook implements redis.Hook.
func (n *trips) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error { *n++; return next(ctx, cmds) }
}

// TestOneRoundTrip holds that a claim takes one, however many limits and scopes it has, and that
// a hundred settlements together do.
func TestOneRoundTrip(t *testing.T) {
	client := redistest.Start(t).Client()
	s := redis.New(client, "t:", nil)
	if err := s.Probe(t.Context()); err != nil { // the scripts are known
		t.Fatal(err)
	}
	limits := []ledger.Limit{
		{Scope: "a", Name: "rpm", Max: 1000, Period: time.Minute, Amount: 1},
		{Scope: "a", Name: "day", Max: 1000, Until: time.Now().Add(time.Hour), Amount: 1},
		{Scope: "b", Name: "rpm", Max: 1000, Period: time.Minute, Amount: 1},
	}
	claim := func(id string) *ledger.Claim { return &ledger.Claim{ID: id, TTL: time.Minute, Limits: limits} }
	if _, err := s.Claim(t.Context(), claim("first"), make([]ledger.Balance, 3)); err != nil {
		t.Fatal(err)
	}
	n := new(trips)
	client.AddHook(n)
	if granted, err := s.Claim(t.Context(), claim("x"), make([]ledger.Balance, 3)); err != nil || !granted || *n != 1 {
		t.Errorf("granted %v in %d round trips: %v", granted, *n, err)
	}
	var all []ledger.Settlement
	for i := range 100 {
		all = append(all, ledger.Settlement{Claim: claim(fmt.Sprint(i)), Used: []int64{1, 1, 1}})
	}
	*n = 0
	if failed, err := s.SettleAll(t.Context(), all); err != nil || len(failed) > 0 || *n != 1 {
		t.Errorf("%d failed in %d round trips: %v", len(failed), *n, err)
	}
}

// BenchmarkClaim claims three limits of one scope, and settles.
func BenchmarkClaim(b *testing.B) {
	client, err := connect.Open(redistest.Start(b).URL(), false)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	s := redis.New(client, "b:", nil)
	limits := []ledger.Limit{
		{Scope: "a", Name: "rpm", Max: 1e8, Period: time.Minute, Amount: 1},
		{Scope: "a", Name: "tpm", Max: 1e8, Period: time.Minute, Amount: 1},
		{Scope: "a", Name: "day", Max: 1e15, Until: time.Now().Add(time.Hour), Amount: 1},
	}
	balances, used := make([]ledger.Balance, 3), []int64{1, 1, 1}
	n := 0
	for b.Loop() {
		n++
		c := &ledger.Claim{ID: fmt.Sprint(n), TTL: time.Second, Limits: limits}
		if _, err := s.Claim(b.Context(), c, balances); err != nil {
			b.Fatal(err)
		}
		if err := s.Settle(b.Context(), c, used); err != nil {
			b.Fatal(err)
		}
	}
}
