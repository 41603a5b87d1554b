package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
	"github.com/headgate/headgate/policy"
)

func short(set *policy.Set) { set.Cache.Timeout = 50 * time.Millisecond }

// lose asks for what is not there until Redis is lost.
func (p *pair) lose() {
	p.Helper()
	p.eventually("Redis is lost", func() bool {
		e, err := p.Get(p.Context(), keyOf("nothing"))
		if e != nil || err != nil && !errors.Is(err, store.ErrLost) {
			p.Fatal(e, err)
		}
		return p.value("redis_lost") == 1
	})
}

// recover waits until Redis is back.
func (p *pair) recover() {
	p.Helper()
	p.eventually("Redis is back", func() bool { return p.value("redis_lost") == 0 })
	p.ready()
}

// lostAndBack holds that a Redis that is lost is asked no more, that memory goes on, and that all
// is as before when it is back.
func lostAndBack(t *testing.T, r *remote, lose, back func()) {
	t.Helper()
	a, b := r.pair(t, short), r.pair(t, short)
	a.Put(a.entry("before", "1"))
	b.eventually("it is shared", func() bool { return b.index.ids() == "before" && a.value("queue_entries") == 0 })
	lose()
	a.lose()
	asked := a.value("lookups_total", "redis", "lost")
	if _, err := a.Get(t.Context(), keyOf("nothing")); !errors.Is(err, store.ErrLost) || a.value("lookups_total", "redis", "lost") != asked+1 {
		t.Errorf("Redis was asked: %v", err)
	}
	a.Put(a.entry("meanwhile", "1"))
	if !a.has("before", "1") || !a.has("meanwhile", "1") {
		t.Error("memory does not know what was put")
	}
	a.eventually("what cannot be written is dropped", func() bool { return a.value("dropped_total", "entry") == 1 && a.value("queue_entries") == 0 })
	back()
	a.recover()
	b.recover()
	a.eventually("the other pair hears of the next one", func() bool {
		a.Put(a.entry("after", "1"))
		a.written()
		return strings.Contains(b.index.ids(), "after")
	})
	if !b.has("after", "1") {
		t.Errorf("got %v", b.get("after"))
	}
	warned, ended := a.logs.FilterMessageSnippet("is lost").Len(), a.logs.FilterMessageSnippet("is back").Len()
	if warned == 0 || warned != ended {
		t.Errorf("%d losses and %d ends are logged: %v", warned, ended, a.logs.All())
	}
}

// TestKilled kills Redis in the middle. It comes back without anything.
func TestKilled(t *testing.T) {
	r, s := alone(t)
	lostAndBack(t, r, s.Kill, s.Run)
}

// TestStopped makes Redis answer nothing, with its connections open.
func TestStopped(t *testing.T) {
	r, s := alone(t)
	lostAndBack(t, r, s.Stop, s.Continue)
}

// TestClusterKilled kills a node: then the others serve nothing, either.
func TestClusterKilled(t *testing.T) {
	r, c := clustered(t)
	lostAndBack(t, r, func() {
		c.Nodes[1].Kill()
		c.Nodes[2].Kill()
	}, func() {
		c.Nodes[1].Run()
		c.Nodes[2].Run()
		c.Await("cluster_state:ok")
	})
}

// TestSlow holds that a look-up that takes too long is a miss, and counted as such.
func TestSlow(t *testing.T) {
	s := redistest.Start(t)
	d := redistest.StartDelay(t, s)
	r := &remote{url: d.URL(), client: s.Client()}
	p := r.pair(t, short)
	d.Set(200 * time.Millisecond)
	if e, err := p.Get(t.Context(), keyOf("a")); e != nil || !errors.Is(err, store.ErrLost) || p.value("lookups_total", "redis", "timeout") != 1 {
		t.Errorf("%v, %v", e, err)
	}
}

// TestStoppedWhileMuchIsPut holds that what is put waits for nobody, and that what waits is
// bounded.
func TestStoppedWhileMuchIsPut(t *testing.T) {
	r, s := alone(t)
	p := r.pair(t)
	s.Stop()
	body := string(make([]byte, 100<<10))
	for i := range 1000 {
		p.Put(p.entry(fmt.Sprint(i), body))
	}
	if b := p.value("queue_bytes"); b > 32<<20 {
		t.Errorf("%v bytes wait", b)
	}
	if p.value("dropped_total", "entry", "queue") == 0 {
		t.Error("nothing was dropped")
	}
	for i := range 6000 {
		p.Put(p.entry(fmt.Sprint("small", i), ""))
	}
	if n := p.value("queue_entries"); n > 4096+64 {
		t.Errorf("%v entries wait", n)
	}
	s.Continue()
	p.written()
}

// TestDenied holds that a user that Redis does not know is a loss like any other, and that nobody
// is shown the password.
func TestDenied(t *testing.T) {
	s := redistest.Start(t)
	p := newPairWith(t, map[string]string{"REDIS_URL": strings.Replace(s.URL(), "redis://", "redis://somebody:hunter2%40x@", 1)}, withRedis)
	p.eventually("it is logged", func() bool { return p.logs.FilterMessageSnippet("the feed in Redis cannot be read").Len() > 0 })
	if _, err := p.Get(t.Context(), keyOf("a")); !errors.Is(err, store.ErrLost) {
		t.Error(err)
	}
	p.Put(p.entry("a", "1"))
	p.eventually("it is counted", func() bool { return p.value("dropped_total", "entry", "denied") == 1 })
	seen := ""
	for _, e := range p.logs.All() {
		seen += fmt.Sprint(e.Message, e.ContextMap())
	}
	if strings.Contains(seen, "hunter2") || !strings.Contains(seen, "denied") {
		t.Error(seen)
	}
}

// TestNoMemory holds that a Redis without room loses what is put, and nothing else.
func TestNoMemory(t *testing.T) {
	r, _ := alone(t)
	p := r.pair(t)
	p.Put(p.entry("before", "1"))
	p.eventually("it is there", func() bool { return r.has(t, entryName("before")) })
	if err := errors.Join(r.client.Persist(t.Context(), entryName("before")).Err(), r.client.ConfigSet(t.Context(), "maxmemory-policy", "volatile-ttl").Err(),
		r.client.ConfigSet(t.Context(), "maxmemory", "1").Err()); err != nil {
		t.Fatal(err)
	}
	p.Put(p.entry("a", "1"))
	p.eventually("it is counted", func() bool { return p.value("dropped_total", "entry", "full") == 1 })
	if !p.has("a", "1") || p.value("redis_lost") != 0 {
		t.Error("memory does not have it, or Redis is lost")
	}
	if other := r.pair(t); !other.has("before", "1") {
		t.Error("what is there is not read")
	}
}

// TestRoomForOthers holds that entries do not take the memory that balances need.
func TestRoomForOthers(t *testing.T) {
	both(t, func(t *testing.T, r *remote) {
		p := r.pair(t)
		if err := r.each(t, func(n *goredis.Client) error { return n.ConfigSet(t.Context(), "maxmemory", "1").Err() }); err != nil {
			t.Fatal(err)
		}
		p.eventually("it is seen", func() bool { return p.value("redis_full") == 1 })
		p.Put(p.entry("a", "1"))
		p.eventually("it is counted", func() bool { return p.value("dropped_total", "entry", "room") == 1 })
		if err := r.each(t, func(n *goredis.Client) error { return n.ConfigSet(t.Context(), "maxmemory", "1gb").Err() }); err != nil {
			t.Fatal(err)
		}
		p.eventually("there is room again", func() bool { return p.value("redis_full") == 0 })
		p.Put(p.entry("b", "1"))
		p.eventually("it is written", func() bool { return r.has(t, entryName("b")) })
	})
}

// TestFileIsFollowed holds that a file may come to name another Redis, and what is known of that
// one then.
func TestFileIsFollowed(t *testing.T) {
	one, _ := alone(t)
	other, _ := alone(t)
	path := filepath.Join(t.TempDir(), "url")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	there := other.pair(t)
	there.Put(there.entry("there", "1"))
	there.Purge(store.Purge{ID: "p", At: there.clock.Now().Add(-time.Hour), Caller: "x"})
	there.eventually("the purge is recorded", func() bool { return other.has(t, "hg:cache:purges") })
	put(one.url + "\n")
	one.change = []func(*policy.Set){func(set *policy.Set) { set.Redis.URL = policy.Credential{File: path} }}
	p := one.pair(t)
	put("nonsense")
	p.eventually("the fault is logged", func() bool { return p.logs.FilterMessageSnippet("cannot be used").Len() > 0 })
	p.Put(p.entry("here", "1"))
	p.eventually("the one before stays in use", func() bool { return one.has(t, entryName("here")) })
	put(other.url)
	p.eventually("the other Redis is asked", func() bool {
		e, err := p.Get(t.Context(), keyOf("there"))
		return err == nil && e != nil
	})
	p.eventually("its feed is read", func() bool { return p.index.ids() == "here there" })
	if p.value("purges") != 1 {
		t.Errorf("%v purges are known", p.value("purges"))
	}
}

// TestFeedBegunAnew holds that a feed is read from its beginning if Redis has lost it, although the
// clock of the one that goes on is late.
func TestFeedBegunAnew(t *testing.T) {
	r, s := alone(t)
	p := r.pair(t)
	if err := r.client.XAdd(t.Context(), &goredis.XAddArgs{Stream: "hg:cache:feed", ID: "9999999999999-7", Values: []any{"p", "x"}}).Err(); err != nil {
		t.Fatal(err)
	}
	p.Put(p.entry("a", "1")) // after it, by the same clock
	p.eventually("the message is read", func() bool { return p.value("feed_entries_total") == 1 })
	s.Kill()
	p.lose()
	s.Run()
	p.recover()
	p.eventually("what comes is heard", func() bool {
		p.Put(p.entry("b", "1"))
		p.written()
		return p.value("feed_entries_total") > 1
	})
}
