package shared_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/ledger/shared"
	"github.com/headgate/headgate/policy"
)

// pair is one pair's stores, and the store of its policy.
type pair struct {
	*testing.T
	stores *shared.Stores
	store  ledger.Store
	reg    *prometheus.Registry
	logs   *observer.ObservedLogs
	env    map[string]string
	ids    int
	name   string
}

// newPair makes one of so many pairs, which follow a policy's redis with the URL in REDIS_URL.
func newPair(t *testing.T, url string, pairs int, change ...func(*policy.Redis)) *pair {
	t.Helper()
	p := &pair{T: t, reg: prometheus.NewRegistry(), env: map[string]string{"REDIS_URL": url}, name: fmt.Sprintf("p%d", time.Now().UnixNano())}
	core, logs := observer.New(zapcore.DebugLevel)
	p.logs = logs
	p.stores = shared.New(shared.Options{
		LookupEnv: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		Pairs:     func() int { return pairs }, Now: time.Now, Log: zap.New(core),
	}, p.reg)
	t.Cleanup(p.close)
	p.store = p.use(setOf(change...))
	return p
}

// setOf is a policy's redis whose time is long enough for a busy machine.
func setOf(change ...func(*policy.Redis)) *policy.Set {
	r := policy.Redis{URL: policy.Credential{Env: "REDIS_URL"}, Prefix: "hg:", Timeout: time.Second, WhenLost: policy.WhenLostLocal}
	for _, c := range change {
		c(&r)
	}
	return &policy.Set{Redis: r}
}

func cluster(r *policy.Redis) { r.Cluster = true }
func open(r *policy.Redis)    { r.WhenLost = policy.WhenLostOpen }
func closed(r *policy.Redis)  { r.WhenLost = policy.WhenLostClosed }
func short(r *policy.Redis)   { r.Timeout = 50 * time.Millisecond }

func (p *pair) use(set *policy.Set) ledger.Store {
	p.Helper()
	s, err := p.stores.For(set)
	if err != nil {
		p.Fatal(err)
	}
	return s
}

func (p *pair) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.stores.Close(ctx); err != nil {
		p.Error(err)
	}
}

// budget is a day's, of 100 units.
func budget(max, amount int64) ledger.Limit {
	return ledger.Limit{Scope: "team/a", Name: "cost", Max: max, Until: time.Now().Add(time.Hour).Truncate(time.Hour).Add(time.Hour), Amount: amount}
}

func (p *pair) claimOf(limits ...ledger.Limit) *ledger.Claim {
	p.ids++
	return &ledger.Claim{ID: fmt.Sprintf("%s-%d", p.name, p.ids), TTL: time.Minute, Limits: limits}
}

// claim claims, and settles what was granted with what was asked for.
func (p *pair) claim(l ledger.Limit) (granted bool) {
	p.Helper()
	c := p.claimOf(l)
	granted, err := p.store.Claim(p.Context(), c, make([]ledger.Balance, 1))
	if err != nil {
		p.Fatal(err)
	}
	if granted {
		p.settle(c, l.Amount)
	}
	return granted
}

func (p *pair) settle(c *ledger.Claim, used ...int64) {
	p.Helper()
	if err := p.store.Settle(p.Context(), c, used); err != nil {
		p.Fatal(err)
	}
}

// lose claims until Redis is lost.
func (p *pair) lose() {
	p.Helper()
	p.eventually("Redis is lost", func() bool {
		_, _ = p.store.Claim(p.Context(), p.claimOf(ledger.Limit{Scope: "other", Name: "rpm", Max: 1000, Period: time.Minute, Amount: 1}), make([]ledger.Balance, 1))
		return p.stores.Trouble() != ""
	})
}

// recover waits until Redis is back, and everything is handed in.
func (p *pair) recover() {
	p.Helper()
	p.eventually("Redis is back", func() bool { return p.stores.Trouble() == "" })
	p.handedIn()
}

func (p *pair) handedIn() {
	p.Helper()
	p.eventually("all is handed in", func() bool { return p.value("headgate_ledger_owed") == 0 })
}

func (p *pair) left(l ledger.Limit) int64 {
	p.Helper()
	balances := make([]ledger.Balance, 1)
	if err := p.store.Peek(p.Context(), []ledger.Limit{l}, balances); err != nil {
		p.Fatal(err)
	}
	return balances[0].Left
}

func (p *pair) eventually(what string, holds func() bool) {
	p.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("not within 30 s: %s; trouble %q, log %v", what, p.stores.Trouble(), p.logs.All())
		}
	}
}

// value sums a metric over the labels whose values are given.
func (p *pair) value(name string, labels ...string) (sum float64) {
	p.Helper()
	families, err := p.reg.Gather()
	if err != nil {
		p.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			all := true
			for _, want := range labels {
				all = all && strings.Contains(" "+strings.Join(values, " ")+" ", " "+want+" ")
			}
			if all {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// closeStore ends a policy's use of its store.
func closeStore(t *testing.T, s ledger.Store) {
	t.Helper()
	if err := s.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
}
