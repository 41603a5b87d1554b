package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
	"github.com/headgate/headgate/policy/policypb"
)

// TestMain holds that stores leave nothing running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is one pair's stores, and the store of its policy.
type pair struct {
	*testing.T
	*store.Handle
	stores *store.Stores
	reg    *prometheus.Registry
	logs   *observer.ObservedLogs
	env    map[string]string
	clock  *clock
	index  *index
}

// newPair makes one whose policy has so many bytes of memory, and no Redis but for what is changed.
func newPair(t *testing.T, change ...func(*policy.Set)) *pair {
	t.Helper()
	return newPairWith(t, map[string]string{}, change...)
}

// newPairWith makes one with an environment.
func newPairWith(t *testing.T, env map[string]string, change ...func(*policy.Set)) *pair {
	t.Helper()
	p := &pair{T: t, reg: prometheus.NewRegistry(), env: env, clock: &clock{}, index: &index{all: map[string]*cachepb.Entry{}}}
	core, logs := observer.New(zapcore.DebugLevel)
	p.logs = logs
	p.stores = store.New(store.Options{
		LookupEnv: func(name string) (string, bool) { v, ok := p.env[name]; return v, ok },
		Now:       p.clock.Now, Log: zap.New(core), Index: p.index,
	}, p.reg)
	t.Cleanup(p.end)
	p.Handle = p.use(change...)
	return p
}

func (p *pair) use(change ...func(*policy.Set)) *store.Handle {
	p.Helper()
	h, err := p.stores.For(setOf(change...))
	if err != nil {
		p.Fatal(err)
	}
	return h
}

// setOf is a policy whose times are long enough for a busy machine.
func setOf(change ...func(*policy.Set)) *policy.Set {
	set := &policy.Set{Cache: policy.Cache{Memory: 64 << 20, Redis: true, Timeout: 2 * time.Second}}
	for _, c := range change {
		c(set)
	}
	return set
}

func (p *pair) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.stores.Close(ctx); err != nil {
		p.Error(err)
	}
}

// get returns what there is of a key.
func (p *pair) get(key string) *cachepb.Entry {
	p.Helper()
	e, err := p.Get(p.Context(), keyOf(key))
	if err != nil {
		p.Fatal(err)
	}
	return e
}

// has reports whether there is an entry of this body.
func (p *pair) has(key, body string) bool {
	p.Helper()
	e := p.get(key)
	return e != nil && string(e.Body) == body
}

// entry is one that is stored now and kept for an hour.
func (p *pair) entry(key, body string) *cachepb.Entry {
	now, k, space := p.clock.Now(), keyOf(key), keyOf("space")
	return &cachepb.Entry{
		Id: "id-" + key, Key: k[:], Space: space[:], Stored: now.UnixNano(), Expires: now.Add(time.Hour).UnixNano(),
		Question: "what is " + key + "?", Embedder: "static", Vector: []float32{0.6, 0.8}, Dialect: "openai", Body: []byte(body),
		Tokens: &policypb.Tokens{Input: 7, Output: 3}, UsageSource: "provider", Duration: int64(time.Second),
		Source: "exchange", Model: "m", Caller: "c", Team: "t", Prompt: "p", Tags: []string{"a", "b"},
	}
}

func keyOf(text string) store.Key { return sha256.Sum256([]byte(text)) }

func (p *pair) eventually(what string, holds func() bool) {
	p.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("not within 30 s: %s; log %v", what, p.logs.All())
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
		if f.GetName() != "headgate_cache_store_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if !slices.ContainsFunc(labels, func(want string) bool { return !slices.Contains(values, want) }) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// clock is the time, and what a test adds to it.
type clock struct {
	mu  sync.Mutex
	add time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.add)
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add += by
}

// index knows what it is said.
type index struct {
	mu    sync.Mutex
	all   map[string]*cachepb.Entry // by id
	added int
	bytes int64
}

func (x *index) Add(e *cachepb.Entry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all[e.Id], x.added = e, x.added+1
}

func (x *index) Purge(p store.Purge) (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, e := range x.all {
		if p.Names(e) {
			delete(x.all, id)
			n++
		}
	}
	return n
}

func (x *index) SetMaxBytes(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.bytes = n
}

// ids are those that the index knows.
func (x *index) ids() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ids []string
	for id := range x.all {
		ids = append(ids, strings.TrimPrefix(id, "id-"))
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func (x *index) entry(key string) *cachepb.Entry {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all["id-"+key]
}

func keys(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint("key", i))
	}
	return all
}
