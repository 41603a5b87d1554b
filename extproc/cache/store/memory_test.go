package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/cachepb"
)

func small(set *policy.Set) { set.Cache.Memory = 1 << 20 }

func TestMemory(t *testing.T) {
	p := newPair(t)
	if p.get("a") != nil {
		t.Error("there is something")
	}
	e := p.entry("a", "1")
	p.Put(e)
	if got := p.get("a"); got != e {
		t.Errorf("got %v, want the very entry", got)
	}
	p.clock.advance(time.Hour - time.Minute)
	if !p.has("a", "1") {
		t.Error("it went too early")
	}
	p.clock.advance(time.Minute)
	if p.get("a") != nil {
		t.Error("it did not expire")
	}
	late := p.entry("late", "1")
	late.Expires = p.clock.Now().UnixNano()
	if p.Put(late); p.get("late") != nil {
		t.Error("what has expired is there")
	}
	for result, want := range map[string]float64{"hit": 2, "miss": 3} {
		if got := p.value("lookups_total", "memory", result); got != want {
			t.Errorf("%v times %s, want %v", got, result, want)
		}
	}
}

// TestTheLatestCounts holds that an entry does not take the place of a later one.
func TestTheLatestCounts(t *testing.T) {
	p := newPair(t)
	first := p.entry("a", "1")
	p.clock.advance(time.Second)
	p.Put(p.entry("a", "2"))
	p.Put(first)
	if !p.has("a", "2") {
		t.Errorf("got %q", p.get("a").Body)
	}
	if n := p.value("evictions_total", "replaced"); n != 0 {
		t.Errorf("%v were replaced", n)
	}
}

// TestMemoryIsBounded holds that entries take no more than the policy allows, and that what is
// dropped is counted.
func TestMemoryIsBounded(t *testing.T) {
	p := newPair(t, small)
	const n, size = 1000, 8 << 10
	for i := range n {
		p.Put(p.entry(fmt.Sprint(i), string(bytes.Repeat([]byte{'x'}, size))))
	}
	p.eventually("what is too much is dropped", func() bool { return p.value("bytes") <= 1<<20 })
	kept := p.value("entries")
	if kept < 50 || kept*size > 1<<20 {
		t.Errorf("%v are kept", kept)
	}
	if dropped := p.value("evictions_total", "overflow"); dropped != n-kept {
		t.Errorf("%v are dropped, %v kept", dropped, kept)
	}
	p.Put(p.entry("large", string(make([]byte, 2<<20))))
	p.eventually("what is too large is dropped", func() bool { return p.get("large") == nil })
}

// TestMemoryFollowsPolicies holds that the largest policy in use says how much memory there is.
func TestMemoryFollowsPolicies(t *testing.T) {
	p := newPair(t, small)
	large := p.use()
	if p.index.bytes != 64<<20 {
		t.Errorf("the index may take %d bytes", p.index.bytes)
	}
	for i := range 100 {
		p.Put(p.entry(fmt.Sprint(i), string(make([]byte, 100<<10))))
	}
	p.eventually("all are there", func() bool { return p.value("entries") == 100 })
	if err := large.Close(); err != nil {
		t.Fatal(err)
	}
	p.eventually("memory is smaller", func() bool { return p.value("bytes") <= 1<<20 })
	if p.index.bytes != 1<<20 {
		t.Errorf("the index may take %d bytes", p.index.bytes)
	}
}

// TestWeight holds that entries take no more memory than they are said to.
func TestWeight(t *testing.T) {
	p := newPair(t, func(set *policy.Set) { set.Cache.Memory = 1 << 30 })
	for _, body := range []int{10, 1 << 10, 32 << 10} {
		const n = 2000
		p.stores.Purge(store.Purge{At: p.clock.Now()})
		before, saidBefore := heap(), int64(p.value("bytes"))
		for i := range n {
			e := p.entry(fmt.Sprint(body, "/", i), string(make([]byte, body)))
			e.Vector = make([]float32, 128)
			data, err := proto.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			decoded := &cachepb.Entry{}
			if err := proto.Unmarshal(data, decoded); err != nil {
				t.Fatal(err)
			}
			p.Handle.Put(decoded)
		}
		p.index.Purge(store.Purge{At: p.clock.Now().Add(time.Hour)})
		real, said := heap()-before, int64(p.value("bytes"))-saidBefore
		t.Logf("bodies of %d: %d bytes each, %d said", body, real/n, said/n)
		if real > said+said/20 || said > 2*real {
			t.Errorf("bodies of %d: %d bytes, said are %d", body, real, said)
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMapSemantics compares the stores with a map, while entries come, expire and are purged.
func TestMapSemantics(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(newPair(t), seed, 3000, func() {})
		})
	}
}

// play plays random things to a pair's stores, and to a map. It waits until what was put is
// everywhere before time passes, or something is purged.
func play(p *pair, seed uint64, steps int, wait func()) {
	p.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	model := map[string]*cachepb.Entry{}
	hits := 0
	for i := range steps {
		key := fmt.Sprint(seed, "/", r.IntN(50))
		switch n := r.IntN(100); {
		case n < 30:
			e := p.entry(key, fmt.Sprint(i))
			e.Id, e.Caller, e.Tags = fmt.Sprint(key, "-", i), fmt.Sprint("caller", r.IntN(5)), []string{fmt.Sprint("tag", r.IntN(9))}
			e.Expires = e.Stored + int64(1+r.IntN(600))*int64(time.Minute)
			p.Put(e)
			model[key] = e
		case n < 33:
			wait()
			purge(p, model, randomPurge(p, r, model))
		case n < 36:
			wait()
			p.clock.advance(time.Duration(1+r.IntN(20)) * time.Minute)
		default:
			want := model[key]
			if want != nil && want.Expires <= p.clock.Now().UnixNano() {
				want = nil
			}
			got, err := p.Get(p.Context(), keyOf(key))
			if err != nil || !proto.Equal(got, want) && (got != nil || want != nil) {
				p.Fatalf("step %d: got %v, %v, want %v", i, got, err, want)
			}
			if got != nil {
				hits++
			}
		}
	}
	if hits == 0 {
		p.Error("nothing was ever found")
	}
}

func randomPurge(p *pair, r *rand.Rand, model map[string]*cachepb.Entry) store.Purge {
	one := store.Purge{ID: fmt.Sprint(r.Uint64()), At: p.clock.Now()}
	switch r.IntN(5) {
	case 0:
		one.Caller = fmt.Sprint("caller", r.IntN(5))
	case 1:
		one.Tag = fmt.Sprint("tag", r.IntN(9))
	case 2:
		one.Caller, one.Tag = fmt.Sprint("caller", r.IntN(5)), fmt.Sprint("tag", r.IntN(9))
	case 3:
		for _, e := range model {
			one.IDs = append(one.IDs, e.Id)
			if len(one.IDs) == 3 {
				break
			}
		}
	case 4:
		if r.IntN(10) > 0 {
			one.Model = "another"
		}
	}
	return one
}

// purge purges both.
func purge(p *pair, model map[string]*cachepb.Entry, one store.Purge) {
	p.Purge(one)
	for key, e := range model {
		if one.Names(e) {
			delete(model, key)
		}
	}
}

func BenchmarkMemoryMiss(b *testing.B) { benchmarkGet(b, "other") }
func BenchmarkMemoryHit(b *testing.B)  { benchmarkGet(b, "key7") }

func benchmarkGet(b *testing.B, key string) {
	h, e := benchmarkHandle(b, nil)
	for _, k := range keys(10_000) {
		key := keyOf(k)
		e.Key = key[:]
		h.Put(proto.CloneOf(e))
	}
	k := keyOf(key)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Get(b.Context(), k); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemoryHitAfterPurges has a thousand purges of things that are earlier and other.
func BenchmarkMemoryHitAfterPurges(b *testing.B) {
	h, e := benchmarkHandle(b, nil)
	for i := range 1000 {
		h.Purge(store.Purge{At: time.Now(), Caller: fmt.Sprint(i)})
	}
	e.Stored = time.Now().UnixNano()
	h.Put(e)
	b.ReportAllocs()
	for b.Loop() {
		if e, err := h.Get(b.Context(), store.Key(e.Key)); e == nil || err != nil {
			b.Fatal(e, err)
		}
	}
}
