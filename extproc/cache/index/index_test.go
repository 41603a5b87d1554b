package index_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// TestNearestIsExact compares the index with a scan that has no idea of speed, while entries come,
// are replaced, expire, are removed and purged. Many vectors are the same.
func TestNearestIsExact(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := &player{rig: newRig(t, 1<<30), r: rand.New(rand.NewPCG(seed, 1)), model: map[string]*cachepb.Entry{}, length: 1 + int(seed)%40}
			for range 40 {
				p.vectors = append(p.vectors, random(p.r, p.length))
			}
			for range 3000 {
				p.step()
			}
			if len(p.model) == 0 || p.looked == 0 {
				t.Errorf("%d entries are left, %d searches found some", len(p.model), p.looked)
			}
		})
	}
}

// player plays random things to an index, and to a model of it.
type player struct {
	*rig
	r       *rand.Rand
	length  int
	vectors [][]float32
	model   map[string]*cachepb.Entry
	looked  int // searches that found something
}

func (p *player) step() {
	key := fmt.Sprint(p.r.IntN(600))
	switch n := p.r.IntN(100); {
	case n < 60:
		p.add(key)
	case n < 75:
		if e := p.model[key]; e != nil {
			p.Remove(store.Key(e.Key), e.Id)
			delete(p.model, key)
		}
	case n < 78:
		p.now = p.now.Add(time.Duration(p.r.IntN(120)) * time.Second)
	case n < 79:
		p.purge(store.Purge{Caller: fmt.Sprint("caller", p.r.IntN(30)), At: p.now.Add(time.Nanosecond)})
	default:
		p.compare(fmt.Sprint("space", p.r.IntN(3)), 1+p.r.IntN(6))
	}
}

func (p *player) add(key string) {
	v := random(p.r, p.length)
	if p.r.IntN(2) == 0 {
		v = p.vectors[p.r.IntN(len(p.vectors))]
	}
	e := p.entry(key, fmt.Sprint("space", p.r.IntN(3)), v)
	e.Id, e.Caller = fmt.Sprint(key, "-", p.r.Uint64()), fmt.Sprint("caller", p.r.IntN(30))
	e.Expires = p.now.Add(time.Duration(1+p.r.IntN(1200)) * time.Second).UnixNano()
	p.Add(e)
	p.model[key] = e
}

func (p *player) purge(one store.Purge) {
	p.Purge(one)
	for key, e := range p.model {
		if e.Caller == one.Caller {
			delete(p.model, key)
		}
	}
}

// compare holds a search to what the model finds.
func (p *player) compare(space string, k int) {
	p.Helper()
	q := p.vectors[p.r.IntN(len(p.vectors))]
	byID := map[string]float64{}
	var want []float64
	for _, e := range p.model {
		if string(e.Space) == string(hash(space)) && e.Expires > p.now.UnixNano() {
			byID[e.Id] = cosine(q, e.Vector)
			want = append(want, byID[e.Id])
		}
	}
	slices.SortFunc(want, func(a, b float64) int { return cmp.Compare(b, a) })
	want = want[:min(k, len(want))]
	got := p.Nearest(store.Space(hash(space)), "e", q, k, nil)
	if len(got) != len(want) {
		p.Fatalf("found %d, want %d", len(got), len(want))
	}
	for i, f := range got {
		p.looked++
		exact, live := byID[f.ID]
		if delete(byID, f.ID); !live || math.Abs(exact-f.Cosine) > 1e-5 || math.Abs(want[i]-f.Cosine) > 1e-5 {
			p.Fatalf("place %d has %+v, want cosine %v; it is there: %v", i, f, want[i], live)
		}
	}
}

func cosine(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// TestNothingOfAnother holds that vectors of other spaces, embedders and lengths are not seen.
func TestNothingOfAnother(t *testing.T) {
	r := newRig(t, 1<<20)
	other := r.entry("embedder", "a", axis(0))
	other.Embedder = "other"
	r.Add(other)
	r.Add(r.entry("space", "b", axis(0)))
	r.Add(r.entry("length", "a", axis(0)[:8]))
	if got := r.ids("a", axis(0), 9); got != nil {
		t.Errorf("found %v", got)
	}
	r.Add(r.entry("same", "a", axis(0)))
	if got := r.ids("a", axis(0), 9); !slices.Equal(got, []string{"id-same"}) {
		t.Errorf("found %v", got)
	}
}

// TestWhatIsNotAdded holds that entries which cannot be compared do no harm.
func TestWhatIsNotAdded(t *testing.T) {
	nan := float32(math.NaN())
	for name, change := range map[string]func(*cachepb.Entry){
		"no vector":     func(e *cachepb.Entry) { e.Vector = nil },
		"zero":          func(e *cachepb.Entry) { e.Vector = make([]float32, 16) },
		"too long":      func(e *cachepb.Entry) { e.Vector = []float32{1, 1} },
		"not a number":  func(e *cachepb.Entry) { e.Vector = []float32{1, nan} },
		"infinite":      func(e *cachepb.Entry) { e.Vector = []float32{float32(math.Inf(1)), 0} },
		"no space":      func(e *cachepb.Entry) { e.Space = nil },
		"a short space": func(e *cachepb.Entry) { e.Space = e.Space[:31] },
		"a short key":   func(e *cachepb.Entry) { e.Key = e.Key[:31] },
		"expired":       func(e *cachepb.Entry) { e.Expires = e.Stored },
	} {
		r := newRig(t, 1<<20)
		e := r.entry("a", "a", axis(0))
		change(e)
		if r.Add(e); r.value("vectors") != 0 || r.value("bytes") != 0 {
			t.Errorf("%s: it was added", name)
		}
	}
}

// TestTheLatestOfAKeyCounts holds that it does not matter in which order a feed and this pair say
// what is there.
func TestTheLatestOfAKeyCounts(t *testing.T) {
	r := newRig(t, 1<<20)
	first := r.entry("a", "a", axis(0))
	r.now = r.now.Add(time.Second)
	second := r.entry("a", "a", axis(1))
	second.Id = "later"
	r.Add(second)
	r.Add(first)
	r.Add(second)
	if got := r.ids("a", axis(0), 9); !slices.Equal(got, []string{"later"}) || r.value("dropped_total/replaced") != 0 {
		t.Errorf("found %v", got)
	}
	again := r.entry("a", "a", axis(9)[:8])
	again.Id, again.Embedder = "later", "other" // as another embedder sees it
	r.Add(again)
	if got := r.Nearest(store.Space(again.Space), "other", again.Vector, 1, nil); len(got) != 0 {
		t.Errorf("a vector of length 0 was added: %v", got)
	}
	again.Vector = axis(1)[:2]
	r.Add(again)
	if got := r.Nearest(store.Space(again.Space), "other", again.Vector, 1, nil); len(got) != 1 || r.ids("a", axis(0), 9) != nil {
		t.Errorf("found %v of the other embedder", got)
	}
	r.Remove(store.Key(again.Key), "earlier")
	if r.value("vectors") != 1 {
		t.Error("another entry of the key was removed")
	}
}

// TestFull holds that the bound holds, and what is dropped first.
func TestFull(t *testing.T) {
	const bytes = 100_000
	r := newRig(t, bytes)
	for i := range 1000 {
		r.Add(r.entry(fmt.Sprint(i), fmt.Sprint(i%7), axis(i%16)))
		r.Used(store.Key(hash("3")))
		if b := r.value("bytes"); b > bytes {
			t.Fatalf("%v bytes with %d added", b, i+1)
		}
	}
	if got := r.ids("3", axis(3), 1); !slices.Equal(got, []string{"id-3"}) {
		t.Errorf("what is used again and again was dropped: %v", got)
	}
	if got := r.ids(fmt.Sprint(999%7), axis(999%16), 100); !slices.Contains(got, "id-999") {
		t.Errorf("the last one is not there: %v", got)
	}
	if kept, dropped := r.value("vectors"), r.value("dropped_total/overflow"); kept+dropped != 1000 || kept < 200 {
		t.Errorf("%v are kept, %v dropped", kept, dropped)
	}
	r.SetMaxBytes(0)
	if r.value("bytes") != 0 || r.value("vectors") != 0 || r.value("spaces") != 0 {
		t.Errorf("with no room %v vectors, %v spaces, %v bytes are left", r.value("vectors"), r.value("spaces"), r.value("bytes"))
	}
}

// TestExpiredAreDropped holds that what has expired is dropped when it is found, or by and by.
func TestExpiredAreDropped(t *testing.T) {
	r := newRig(t, 1<<20)
	for i := range 100 {
		r.Add(r.entry(fmt.Sprint(i), "a", axis(i%16)))
	}
	r.now = r.now.Add(time.Hour)
	if got := r.ids("a", axis(0), 9); got != nil || r.value("dropped_total/expired") != 1 {
		t.Errorf("found %v, %v dropped", got, r.value("dropped_total/expired"))
	}
	for i := range 100 {
		r.Add(r.entry(fmt.Sprint("new", i), "b", axis(i%16)))
	}
	if r.value("vectors") != 100 || r.value("spaces") != 1 {
		t.Errorf("%v vectors in %v spaces", r.value("vectors"), r.value("spaces"))
	}
}

// TestPurge holds that what a purge does not name stays.
func TestPurge(t *testing.T) {
	r := newRig(t, 1<<20)
	for key, change := range map[string]func(*cachepb.Entry){
		"plain":  func(*cachepb.Entry) {},
		"caller": func(e *cachepb.Entry) { e.Caller = "x" },
		"team":   func(e *cachepb.Entry) { e.Team = "x" },
		"model":  func(e *cachepb.Entry) { e.Model = "x" },
		"prompt": func(e *cachepb.Entry) { e.Prompt = "x" },
		"tag":    func(e *cachepb.Entry) { e.Tags = []string{"w", "x"} },
		"later":  func(e *cachepb.Entry) { e.Stored += int64(time.Minute) },
	} {
		e := r.entry(key, "a", axis(0))
		change(e)
		r.Add(e)
	}
	at := r.now.Add(time.Second)
	for key, p := range map[string]store.Purge{
		"caller": {Caller: "x"}, "team": {Team: "x"}, "model": {Model: "x"}, "prompt": {Prompt: "x"}, "tag": {Tag: "x"}, "later": {IDs: []string{"id-later"}},
	} {
		p.At = at
		if n := r.Purge(p); n != 1 || slices.Contains(r.ids("a", axis(0), 9), "id-"+key) {
			t.Errorf("a purge of %+v forgot %d", p, n)
		}
	}
	r.Add(r.entry("before", "a", axis(1)))
	r.now = at
	r.Add(r.entry("at", "a", axis(1)))
	if n := r.Purge(store.Purge{At: at}); n != 2 || !slices.Equal(r.ids("a", axis(1), 9), []string{"id-at"}) {
		t.Errorf("a purge of all forgot %d, %v is left", n, r.ids("a", axis(1), 9))
	}
}

// TestAtTheSameTime holds that a search finds what is there the whole time, whatever comes and
// goes beside it.
func TestAtTheSameTime(t *testing.T) {
	r := newRig(t, 1<<30)
	var stays [][]float32
	random1 := rand.New(rand.NewPCG(7, 7))
	for i := range 200 {
		stays = append(stays, random(random1, 32))
		r.Add(r.entry(fmt.Sprint("stays", i), "a", stays[i]))
	}
	var working, searching sync.WaitGroup
	stop := make(chan struct{})
	for w := range 2 {
		working.Go(func() {
			mine := rand.New(rand.NewPCG(uint64(w), 9))
			for i := range 4000 {
				e := r.entry(fmt.Sprint(w, "-", mine.IntN(500)), "a", random(mine, 32))
				e.Id, e.Stored = fmt.Sprint(w, "-", i), e.Stored+int64(i)
				if r.Add(e); i%3 == 0 {
					r.Remove(store.Key(e.Key), e.Id)
				}
			}
		})
	}
	for range 2 {
		searching.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if got := r.ids("a", stays[i%len(stays)], 1); !slices.Equal(got, []string{fmt.Sprint("id-stays", i%len(stays))}) {
					t.Errorf("found %v, want stays%d", got, i%len(stays))
					return
				}
			}
		})
	}
	working.Wait()
	close(stop)
	searching.Wait()
}
