package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

// each does something with every node.
func (r *remote) each(t *testing.T, do func(*goredis.Client) error) error {
	if c, ok := r.client.(*goredis.ClusterClient); ok {
		return c.ForEachMaster(t.Context(), func(_ context.Context, n *goredis.Client) error { return do(n) })
	}
	return do(r.client.(*goredis.Client))
}

// of is an entry of a caller.
func (p *pair) of(caller, key string) *cachepb.Entry {
	e := p.entry(key, key)
	e.Caller = caller
	return e
}

// swept waits until no purge is left of which Redis has entries.
func (r *remote) swept(p *pair) {
	p.Helper()
	p.eventually("Redis is swept", func() bool {
		all, err := r.client.HGetAll(p.Context(), "hg:cache:purges").Result()
		if err != nil {
			p.Fatal(err)
		}
		for _, text := range all {
			var one struct{ Swept bool }
			if err := json.Unmarshal([]byte(text), &one); err != nil || !one.Swept {
				return false
			}
		}
		return len(all) > 0
	})
}

// TestPurgeInRedis holds that a purge at one pair holds at all, and that what it names is gone
// from Redis.
func TestPurgeInRedis(t *testing.T) {
	both(t, func(t *testing.T, r *remote) {
		a, b := r.pair(t), r.pair(t)
		for _, k := range keys(700) { // more than a sweep looks at at once
			a.Put(a.of("x", "x"+k))
			a.Put(a.of("y", "y"+k))
		}
		b.eventually("both know all", func() bool { return len(strings.Fields(b.index.ids())) == 1400 })
		if !b.has("xkey1", "xkey1") {
			t.Fatal("the other pair does not find it")
		}
		a.clock.advance(time.Second)
		if n := a.Purge(store.Purge{ID: "one", At: a.clock.Now(), Caller: "x"}); n != 700 {
			t.Errorf("%d were forgotten", n)
		}
		if a.get("xkey1") != nil || a.get("xkey2") != nil {
			t.Error("a purged entry is given")
		}
		b.eventually("the other pair knows of the purge", func() bool { return b.value("purges") == 1 && len(strings.Fields(b.index.ids())) == 700 })
		if b.get("xkey1") != nil || b.get("xkey2") != nil {
			t.Error("a purged entry is given by the other pair")
		}
		r.swept(a)
		for _, k := range keys(700) {
			if r.has(t, entryName("x"+k)) || !r.has(t, entryName("y"+k)) {
				t.Fatalf("Redis has %v, %v", r.has(t, entryName("x"+k)), r.has(t, entryName("y"+k)))
			}
		}
		if n := r.client.XLen(t.Context(), "hg:cache:feed").Val(); n != 701 {
			t.Errorf("%d messages are left", n) // and the purge
		}
		if n := a.value("swept_entries_total") + b.value("swept_entries_total"); n != 700 || r.has(t, "hg:cache:sweeper") {
			t.Errorf("%v are counted", n)
		}
		a.Put(a.of("x", "xkey1"))
		if b.eventually("what comes later is shared", func() bool { return b.has("xkey1", "xkey1") }); !a.has("xkey1", "xkey1") {
			t.Error("a later entry is purged")
		}
	})
}

// TestPurgedAndNotSwept holds that a pair that starts while what was purged is still in Redis does
// not give it, and sweeps when it can.
func TestPurgedAndNotSwept(t *testing.T) {
	r, _ := alone(t)
	a := r.pair(t)
	a.Put(a.entry("a", "1"))
	a.eventually("it is there", func() bool { return r.has(t, entryName("a")) && a.index.ids() == "a" })
	r.client.Set(t.Context(), "hg:cache:sweeper", "another's", 0)
	a.Purge(store.Purge{ID: "one", At: a.clock.Now(), IDs: []string{"id-a"}})
	a.eventually("it is recorded", func() bool { return r.has(t, "hg:cache:purges") })
	b := r.pair(t)
	if b.get("a") != nil || b.value("lookups_total", "redis", "purged") != 1 || !r.has(t, entryName("a")) {
		t.Errorf("got %v; Redis has it: %v", b.get("a"), r.has(t, entryName("a")))
	}
	b.Put(b.entry("later", "1"))
	b.eventually("the feed is read", func() bool { return b.index.ids() != "" })
	if b.index.ids() != "later" {
		t.Errorf("the index knows %s", b.index.ids())
	}
	r.client.Del(t.Context(), "hg:cache:sweeper")
	r.swept(a)
	if r.has(t, entryName("a")) {
		t.Error("it is still there")
	}
}

// TestPurgesUnknown holds that nothing is read from a Redis that does not say what is purged.
func TestPurgesUnknown(t *testing.T) {
	r, _ := alone(t)
	a := r.pair(t)
	a.Put(a.entry("a", "1"))
	a.eventually("it is there", func() bool { return r.has(t, entryName("a")) })
	if err := r.client.Do(t.Context(), "ACL", "SETUSER", "some", "on", ">secret", "~*", "+@all", "-hgetall").Err(); err != nil {
		t.Fatal(err)
	}
	b := newPairWith(t, map[string]string{"REDIS_URL": strings.Replace(r.url, "redis://", "redis://some:secret@", 1)}, withRedis)
	b.eventually("it is logged", func() bool { return b.logs.FilterMessageSnippet("the feed in Redis cannot be read").Len() > 0 })
	if e, err := b.Get(t.Context(), keyOf("a")); e != nil || !errors.Is(err, store.ErrLost) || b.value("lookups_total", "redis", "starting") != 1 {
		t.Errorf("%v, %v", e, err)
	}
}

// TestPurgeWhileStopped holds that a purge while Redis does not answer gets there.
func TestPurgeWhileStopped(t *testing.T) {
	r, s := alone(t)
	a, b := r.pair(t), r.pair(t)
	a.Put(a.entry("a", "1"))
	b.eventually("it is shared", func() bool { return b.index.ids() == "a" && b.has("a", "1") })
	s.Stop()
	a.Purge(store.Purge{ID: "one", At: a.clock.Now()})
	if e, _ := a.Get(t.Context(), keyOf("a")); e != nil {
		t.Error("a purged entry is given")
	}
	s.Continue()
	r.swept(a)
	b.eventually("the other pair knows", func() bool { return b.index.ids() == "" })
	b.recover()
	if b.get("a") != nil || r.has(t, entryName("a")) {
		t.Error("a purged entry is there")
	}
}

// TestPurgeBeforeRedis holds that a purge counts for a Redis that a later policy names, and for one
// that has lost what it knew.
func TestPurgeBeforeRedis(t *testing.T) {
	r, s := alone(t)
	other := r.pair(t)
	other.Put(other.entry("a", "1"))
	other.eventually("it is there", func() bool { return r.has(t, entryName("a")) })
	p := newPairWith(t, map[string]string{"REDIS_URL": r.url})
	p.Purge(store.Purge{ID: "one", At: p.clock.Now()})
	p.Handle = p.use(withRedis)
	p.ready()
	if p.get("a") != nil {
		t.Error("a purged entry is given")
	}
	r.swept(p)
	s.Kill()
	p.lose()
	s.Run()
	p.recover()
	r.swept(p)
}

// TestPurgedIsNotWritten holds that what is purged while it waits does not get to Redis, nor does
// what was there before come back.
func TestPurgedIsNotWritten(t *testing.T) {
	r, s := alone(t)
	p := r.pair(t)
	p.Put(p.entry("a", "1"))
	p.eventually("it is there", func() bool { return r.has(t, entryName("a")) })
	s.Stop()
	blocks, next := p.entry("blocks", "1"), p.entry("a", "2")
	p.Put(blocks)
	next.Id = "next"
	p.eventually("the writer waits for Redis", func() bool { return p.value("queue_entries") == 1 })
	p.Put(next)
	p.Purge(store.Purge{ID: "one", At: p.clock.Now(), IDs: []string{"next"}})
	s.Continue()
	p.written()
	if p.get("a") != nil || r.has(t, entryName("a")) {
		t.Errorf("got %v", p.get("a"))
	}
}

// TestSweepLeavesTheRest holds that a sweep deletes nothing but what it can read, under its name.
func TestSweepLeavesTheRest(t *testing.T) {
	r, _ := alone(t)
	p := r.pair(t)
	long := p.entry("long", "1")
	for i := range 1000 {
		long.Tags = append(long.Tags, fmt.Sprint("a rather long tag ", i))
	}
	p.Put(long)
	p.Put(p.entry("a", "1"))
	p.eventually("they are there", func() bool { return r.has(t, entryName("a")) && r.has(t, entryName("long")) })
	frame := r.client.Get(t.Context(), entryName("a")).Val()
	foreign := map[string]string{
		entryName("copy"): frame, "hg:cache:e:x": frame, entryName("text"): "somebody else's", entryName("newer"): frame[:4] + "\x09" + frame[5:],
		entryName("short"): frame[:40], "other:cache:e:x": frame,
	}
	for name, value := range foreign {
		if err := r.client.Set(t.Context(), name, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(r.client.LPush(t.Context(), entryName("list"), "x").Err(), r.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "hg:cache:feed", Values: []any{"x", "y"}}).Err()); err != nil {
		t.Fatal(err)
	}
	p.Purge(store.Purge{At: p.clock.Now()})
	r.swept(p)
	for name, value := range foreign {
		if got := r.client.Get(t.Context(), name).Val(); got != value {
			t.Errorf("%s is %q now", name, got)
		}
	}
	if !r.has(t, entryName("list")) || r.has(t, entryName("long")) || r.has(t, entryName("a")) {
		t.Error("a list is gone, or a purged entry is not")
	}
}

// TestOldPurges holds that purges are forgotten that no entry can be older than.
func TestOldPurges(t *testing.T) {
	r, _ := alone(t)
	a := r.pair(t)
	a.Purge(store.Purge{ID: "old", At: a.clock.Now(), Caller: "x"})
	r.swept(a)
	b := r.pair(t)
	b.eventually("it is known", func() bool { return b.value("purges") == 1 })
	a.clock.advance(31 * 24 * time.Hour)
	a.Purge(store.Purge{ID: "new", At: a.clock.Now(), Caller: "x"})
	a.eventually("Redis forgets the old one", func() bool {
		names, err := r.client.HKeys(t.Context(), "hg:cache:purges").Result()
		return err == nil && len(names) == 1 && names[0] == "new"
	})
}

// TestFewRights holds that the rights that the README names are enough, over TLS.
func TestFewRights(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		s, addr := redistest.StartSecure(t)
		lock(t, s, false)
		fewRights(t, addr)
	})
	t.Run("cluster", func(t *testing.T) {
		c, addr := redistest.StartSecureCluster(t)
		for _, n := range c.Nodes {
			lock(t, n, true)
		}
		fewRights(t, addr, inCluster)
	})
}

func fewRights(t *testing.T, addr string, change ...func(*policy.Set)) {
	t.Helper()
	r := &remote{url: "rediss://gateway:secret@" + addr, change: change}
	a, b := r.pair(t), r.pair(t)
	a.Put(a.entry("a", "1"))
	b.eventually("it is shared", func() bool { return b.has("a", "1") && b.index.ids() == "a" })
	a.clock.advance(time.Second)
	a.Purge(store.Purge{ID: "one", At: a.clock.Now()})
	a.eventually("Redis is swept", func() bool { return a.value("sweeps_total", "done")+b.value("sweeps_total", "done") == 1 })
	if n := a.value("swept_entries_total") + b.value("swept_entries_total"); n != 1 {
		t.Errorf("%v are swept", n)
	}
	b.eventually("the other pair knows", func() bool { return b.get("a") == nil })
	for _, p := range []*pair{a, b} {
		if n := p.value("sweeps_total", "failed") + p.value("dropped_total"); n != 0 || p.logs.Len() > 0 {
			t.Errorf("%v failed: %v", n, p.logs.All())
		}
	}
}

// lock leaves a server to the user "gateway" alone, who has the rights that the README names.
func lock(t *testing.T, s *redistest.Server, cluster bool) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sentence, _ := strings.Cut(string(readme), "A user with ")
	quoted := strings.Split(sentence, "`")
	rights := quoted[1]
	if cluster {
		rights += " " + quoted[3]
	}
	user := []any{"ACL", "SETUSER", "gateway", "reset", "on", ">secret", "~hg:cache:*"}
	for _, right := range strings.Fields(rights) {
		if !strings.HasPrefix(right, "~") {
			user = append(user, right)
		}
	}
	for _, command := range [][]any{user, {"ACL", "SETUSER", "default", "off"}} {
		if err := s.Client().Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
