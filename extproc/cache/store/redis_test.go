package store_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/policy"
)

// remote is a Redis alone, or a cluster.
type remote struct {
	url    string
	client goredis.UniversalClient
	change []func(*policy.Set)
}

func (r *remote) pair(t *testing.T, change ...func(*policy.Set)) *pair {
	t.Helper()
	p := newPairWith(t, map[string]string{"REDIS_URL": r.url}, append(append([]func(*policy.Set){withRedis}, r.change...), change...)...)
	p.ready()
	return p
}

func withRedis(set *policy.Set) {
	set.Redis = policy.Redis{URL: policy.Credential{Env: "REDIS_URL"}, Prefix: "hg:"}
}

func inCluster(set *policy.Set) { set.Redis.Cluster = true }

func prefixed(p string) func(*policy.Set) { return func(set *policy.Set) { set.Redis.Prefix = p } }

// ready waits until entries are read from Redis.
func (p *pair) ready() {
	p.Helper()
	p.eventually("Redis is asked", func() bool {
		_, err := p.Get(p.Context(), keyOf("nothing"))
		return err == nil
	})
}

// written waits until Redis has what was put.
func (p *pair) written() {
	p.Helper()
	p.eventually("all is written", func() bool { return p.value("queue_entries")+p.value("queue_bytes") == 0 })
}

func alone(t *testing.T) (*remote, *redistest.Server) {
	s := redistest.Start(t)
	return &remote{url: s.URL(), client: s.Client()}, s
}

func clustered(t *testing.T) (*remote, *redistest.Cluster) {
	c := redistest.StartCluster(t)
	return &remote{url: c.URL(), client: c.Client(), change: []func(*policy.Set){inCluster}}, c
}

// both runs a test with a Redis alone, and with a cluster.
func both(t *testing.T, test func(*testing.T, *remote)) {
	t.Run("alone", func(t *testing.T) { r, _ := alone(t); test(t, r) })
	t.Run("cluster", func(t *testing.T) { r, _ := clustered(t); test(t, r) })
}

func entryName(key string) string {
	k := keyOf(key)
	return "hg:cache:e:" + hex.EncodeToString(k[:])
}

// has reports whether Redis has a key.
func (r *remote) has(t *testing.T, name string) bool {
	t.Helper()
	n, err := r.client.Exists(t.Context(), name).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// TestShared holds that what one pair puts another finds, whole, and keeps for the rest of its
// time; and that both know its question.
func TestShared(t *testing.T) {
	both(t, func(t *testing.T, r *remote) {
		a, b := r.pair(t), r.pair(t)
		var want []string
		for _, k := range keys(20) {
			a.Put(a.entry(k, k))
			want = append(want, k)
		}
		for _, k := range want {
			b.eventually("the other pair finds "+k, func() bool { return b.has(k, k) })
		}
		if got, want := b.get("key3"), a.get("key3"); !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for _, p := range []*pair{a, b} {
			p.eventually("the index knows all", func() bool { return len(strings.Fields(p.index.ids())) == 20 })
		}
		said := b.index.entry("key3")
		if full := a.entry("key3", ""); said.Question != full.Question || said.Embedder != "static" || len(said.Vector) != 2 || len(said.Body) != 0 || said.Caller != "c" {
			t.Errorf("the feed says %v", said)
		}
		ttl, err := r.client.PTTL(t.Context(), entryName("key3")).Result()
		if err != nil || ttl < 59*time.Minute || ttl > time.Hour {
			t.Errorf("Redis keeps it for %v, %v", ttl, err)
		}
		before := b.value("lookups_total", "redis", "hit")
		if b.get("key3"); b.value("lookups_total", "redis", "hit") != before {
			t.Error("memory does not have what Redis had")
		}
		late := r.pair(t)
		late.eventually("one that starts later knows all questions", func() bool { return len(strings.Fields(late.index.ids())) == 20 })
		b.clock.advance(time.Hour)
		if b.get("key3") != nil {
			t.Error("it did not expire")
		}
	})
}

// TestNothingToCompare holds that the feed says nothing of entries that are compared with none.
func TestNothingToCompare(t *testing.T) {
	r, _ := alone(t)
	p := r.pair(t)
	e := p.entry("a", "1")
	e.Space, e.Vector, e.Embedder, e.Question = nil, nil, "", ""
	p.Put(e)
	p.eventually("it is there", func() bool { return r.has(t, entryName("a")) })
	p.Put(p.entry("b", "1"))
	p.eventually("the feed has the other one", func() bool { return r.has(t, "hg:cache:feed") })
	if n := r.client.XLen(t.Context(), "hg:cache:feed").Val(); n != 1 || p.index.ids() != "b" {
		t.Errorf("%d messages, the index knows %s", n, p.index.ids())
	}
}

// TestMapSemanticsOfRedis compares pairs that share a Redis with a map. Memory has room for few.
func TestMapSemanticsOfRedis(t *testing.T) {
	both(t, func(t *testing.T, r *remote) {
		p := r.pair(t)
		play(p, 1, 3000, p.written)
		if p.value("unreadable_total") != 0 {
			t.Error("something is unreadable")
		}
	})
}

// TestUnreadable holds that what is no entry of this pair's form is a miss, is counted, and stays
// until something is put in its place.
func TestUnreadable(t *testing.T) {
	r, _ := alone(t)
	writer := r.pair(t)
	writer.Put(writer.entry("good", "1"))
	writer.eventually("it is there", func() bool { return r.has(t, entryName("good")) })
	good, err := r.client.Get(t.Context(), entryName("good")).Result()
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) string {
		b := []byte(good)
		b[at] ^= 1
		return string(b)
	}
	p := r.pair(t)
	for name, c := range map[string]struct{ value, kind string }{
		"empty":             {"", "foreign"},
		"a text":            {"what somebody else keeps", "foreign"},
		"another magic":     {flip(0), "foreign"},
		"a later version":   {good[:4] + "\x02" + good[5:], "newer"},
		"version 0":         {good[:4] + "\x00" + good[5:], "foreign"},
		"another sum":       {flip(5), "corrupt"},
		"another length":    {flip(12), "corrupt"},
		"a huge length":     {flip(9), "corrupt"},
		"a flipped bit":     {flip(len(good) - 3), "corrupt"},
		"cut off":           {good[:len(good)-1], "corrupt"},
		"cut off early":     {good[:12], "foreign"},
		"one byte too many": {good + "x", "corrupt"},
		"of another key":    {good, "key"},
	} {
		if err := r.client.Set(t.Context(), entryName(name), c.value, 0).Err(); err != nil {
			t.Fatal(err)
		}
		before := p.value("unreadable_total", c.kind)
		if e, err := p.Get(t.Context(), keyOf(name)); e != nil || !errors.Is(err, store.ErrUnreadable) || p.value("unreadable_total", c.kind) != before+1 {
			t.Errorf("%s: %v, %v, not counted as %s", name, e, err, c.kind)
		}
		if left := r.client.Get(t.Context(), entryName(name)).Val(); left != c.value {
			t.Errorf("%s: Redis has %q now", name, left)
		}
		p.Put(p.entry(name, "2"))
		p.written()
		if !p.has(name, "2") {
			t.Errorf("%s: nothing takes its place", name)
		}
	}
	if err := r.client.LPush(t.Context(), entryName("list"), "x").Err(); err != nil {
		t.Fatal(err)
	}
	if e, err := p.Get(t.Context(), keyOf("list")); e != nil || !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("a list: %v, %v", e, err)
	}
	if p.value("redis_lost") != 0 {
		t.Error("Redis is lost for that")
	}
}

// TestAnotherRelease holds that fields that this release does not know do no harm and are kept,
// as are messages of the feed that it does not know.
func TestAnotherRelease(t *testing.T) {
	r, _ := alone(t)
	a, b := r.pair(t), r.pair(t)
	e := a.entry("a", "1")
	e.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 4000, protowire.BytesType), "of a later release"))
	a.Put(e)
	b.eventually("it is found", func() bool { return b.has("a", "1") })
	if got := b.get("a"); !proto.Equal(got, e) || len(got.ProtoReflect().GetUnknown()) == 0 {
		t.Errorf("got %v", got)
	}
	for _, values := range [][]any{{"x", "?"}, {"e", "?"}, {"p", "?"}} {
		if err := r.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "hg:cache:feed", Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.client.HSet(t.Context(), "hg:cache:purges", "x", "?").Err(); err != nil {
		t.Fatal(err)
	}
	a.Put(a.entry("b", "1"))
	b.eventually("the feed is read on", func() bool { return b.index.ids() == "a b" })
	if n := b.value("unreadable_total", "foreign"); n != 2 {
		t.Errorf("%v messages are counted", n)
	}
	late := r.pair(t)
	if !late.has("a", "1") || late.value("unreadable_total", "no_purge") == 0 {
		t.Error("a pair that starts now is kept from reading")
	}
}

// TestCrashBetween holds that a pair that dies between the entry and its message leaves nothing
// wrong, whichever was written.
func TestCrashBetween(t *testing.T) {
	r, _ := alone(t)
	a := r.pair(t)
	a.Put(a.entry("entry", "1"))
	a.Put(a.entry("message", "1"))
	a.eventually("both are there", func() bool {
		return a.index.ids() == "entry message" && r.client.XLen(t.Context(), "hg:cache:feed").Val() == 2
	})
	first := r.client.XRange(t.Context(), "hg:cache:feed", "-", "+").Val()[0].ID
	if err := errors.Join(r.client.XDel(t.Context(), "hg:cache:feed", first).Err(), r.client.Del(t.Context(), entryName("message")).Err()); err != nil {
		t.Fatal(err)
	}
	b := r.pair(t)
	b.eventually("the message is heard", func() bool { return b.index.ids() == "message" })
	if !b.has("entry", "1") || b.get("message") != nil {
		t.Errorf("there are %v, %v", b.get("entry"), b.get("message"))
	}
}

// TestNotUTF8 holds that an entry that cannot be encoded stays in memory alone, and is counted.
func TestNotUTF8(t *testing.T) {
	r, _ := alone(t)
	p := r.pair(t)
	e := p.entry("a", "1")
	e.Question = "\xff"
	p.Put(e)
	p.Put(p.entry("b", "1"))
	p.eventually("the next one is written", func() bool { return r.has(t, entryName("b")) })
	if !p.has("a", "1") || r.has(t, entryName("a")) || p.value("dropped_total", "entry", "invalid") != 1 {
		t.Errorf("got %v", p.get("a"))
	}
}

// TestRedisOfAnother holds that pairs with different prefixes do not see each other's entries.
func TestRedisOfAnother(t *testing.T) {
	r, _ := alone(t)
	a, b := r.pair(t), r.pair(t, prefixed("other:"))
	a.Put(a.entry("a", "1"))
	a.written()
	a.eventually("it is there", func() bool { return r.has(t, entryName("a")) })
	b.Put(b.entry("b", "1"))
	b.written()
	if b.get("a") != nil || a.get("b") != nil || a.index.ids() != "a" || b.index.ids() != "b" {
		t.Error("they see each other's")
	}
}

// TestClose holds that what was put is written before the stores end, and that they end soon.
func TestClose(t *testing.T) {
	r, _ := alone(t)
	a := r.pair(t)
	for _, k := range keys(500) {
		a.Put(a.entry(k, k))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.stores.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := a.stores.For(setOf()); err == nil {
		t.Error("a closed store is given out")
	}
	for _, k := range keys(500) {
		if !r.has(t, entryName(k)) {
			t.Fatalf("%s is not there", k)
		}
	}
}

// TestPolicyChange holds that connections to a Redis end with the last policy that names it.
func TestPolicyChange(t *testing.T) {
	r, s := alone(t)
	p := r.pair(t)
	again := p.use(withRedis, small)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again.Put(p.entry("a", "1"))
	p.eventually("it is written all the same", func() bool { return r.has(t, entryName("a")) })
	if err := errors.Join(again.Close(), again.Close()); err != nil {
		t.Fatal(err)
	}
	p.eventually("the connections are closed", func() bool { return s.Connections() <= 2 }) // the test's
}

// TestURL holds that what cannot be found or used is an error, without the password.
func TestURL(t *testing.T) {
	p := newPair(t)
	for _, url := range []string{"", "hunter2@host", "redis://u:hunter2@h:port/0"} {
		p.env["REDIS_URL"] = url
		if _, err := p.stores.For(setOf(withRedis)); err == nil || !strings.Contains(err.Error(), "REDIS_URL") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if h := p.use(withRedis, func(set *policy.Set) { set.Cache.Redis = false }); h == nil {
		t.Error("a URL is looked for that is not used")
	}
}

// TestFeedIsBounded holds that the feed does not grow for ever, and that those who were away hear
// what is left.
func TestFeedIsBounded(t *testing.T) {
	r, _ := alone(t)
	p := r.pair(t, small)
	for _, k := range keys(5000) {
		p.Put(p.entry(k, ""))
		if strings.HasSuffix(k, "999") {
			p.written()
		}
	}
	p.written()
	p.eventually("the last one is announced", func() bool { return r.client.XLen(t.Context(), "hg:cache:feed").Val() >= 1000 })
	if n := r.client.XLen(t.Context(), "hg:cache:feed").Val(); n > 2000 {
		t.Errorf("%d messages are kept", n)
	}
	if p.value("dropped_total") != 0 {
		t.Errorf("%v are dropped", p.value("dropped_total"))
	}
}

// TestRelearn holds that an index can hear of everything once more.
func TestRelearn(t *testing.T) {
	r, _ := alone(t)
	a, b := r.pair(t), r.pair(t)
	for _, k := range keys(10) {
		a.Put(a.entry(k, k))
	}
	b.eventually("the index knows all", func() bool { return len(strings.Fields(b.index.ids())) == 10 })
	mine := b.entry("mine", "")
	b.Put(mine)
	b.index.Purge(store.Purge{At: b.clock.Now().Add(time.Hour)})
	b.stores.Relearn()
	if b.index.ids() != "mine" {
		t.Errorf("the index knows %q of memory", b.index.ids())
	}
	b.eventually("the index knows all again", func() bool { return len(strings.Fields(b.index.ids())) == 11 })
}

func BenchmarkRedis(b *testing.B) {
	s := redistest.Start(b)
	h, e := benchmarkHandle(b, map[string]string{"REDIS_URL": s.URL()}, withRedis)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := h.Get(b.Context(), keyOf("any")); err == nil || time.Now().After(deadline) {
			break
		}
	}
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := h.Get(b.Context(), keyOf("any")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("put", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			key := keyOf(fmt.Sprint(i % 1000))
			i++
			one := proto.CloneOf(e)
			one.Key = key[:]
			h.Put(one)
		}
	})
}
