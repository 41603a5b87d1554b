package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/policy/cachepb"
)

// TestPurge holds that a purge forgets what it names, and nothing else.
func TestPurge(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*cachepb.Entry)
		purge  store.Purge
		stays  bool
	}{
		"all":                {func(*cachepb.Entry) {}, store.Purge{}, false},
		"what came later":    {func(e *cachepb.Entry) { e.Stored += int64(time.Minute) }, store.Purge{}, true},
		"what came then":     {func(e *cachepb.Entry) { e.Stored += int64(time.Second) }, store.Purge{}, true},
		"an id":              {func(e *cachepb.Entry) { e.Id = "x" }, store.Purge{IDs: []string{"w", "x"}}, false},
		"an id, by a clock":  {func(e *cachepb.Entry) { e.Id, e.Stored = "x", e.Stored+int64(time.Minute) }, store.Purge{IDs: []string{"x"}}, false},
		"another id":         {func(e *cachepb.Entry) { e.Id = "y" }, store.Purge{IDs: []string{"w", "x"}}, true},
		"a caller":           {func(e *cachepb.Entry) { e.Caller = "x" }, store.Purge{Caller: "x"}, false},
		"another caller":     {func(e *cachepb.Entry) { e.Caller = "y" }, store.Purge{Caller: "x"}, true},
		"a team":             {func(e *cachepb.Entry) { e.Team = "x" }, store.Purge{Team: "x"}, false},
		"another team":       {func(e *cachepb.Entry) { e.Team = "y" }, store.Purge{Team: "x"}, true},
		"a model":            {func(e *cachepb.Entry) { e.Model = "x" }, store.Purge{Model: "x"}, false},
		"another model":      {func(e *cachepb.Entry) { e.Model = "y" }, store.Purge{Model: "x"}, true},
		"a prompt":           {func(e *cachepb.Entry) { e.Prompt = "x" }, store.Purge{Prompt: "x"}, false},
		"another prompt":     {func(e *cachepb.Entry) { e.Prompt = "y" }, store.Purge{Prompt: "x"}, true},
		"a tag":              {func(e *cachepb.Entry) { e.Tags = []string{"w", "x"} }, store.Purge{Tag: "x"}, false},
		"other tags":         {func(e *cachepb.Entry) { e.Tags = []string{"y", "xx"} }, store.Purge{Tag: "x"}, true},
		"a caller's, by tag": {func(e *cachepb.Entry) { e.Caller = "y" }, store.Purge{Caller: "x", Tag: "a"}, true},
		"an id of a caller":  {func(e *cachepb.Entry) { e.Id = "x" }, store.Purge{IDs: []string{"x"}, Caller: "another"}, true},
	} {
		p := newPair(t)
		e := p.entry("a", "1")
		c.purge.At = time.Unix(0, e.Stored).Add(time.Second)
		c.change(e)
		p.Put(e)
		forgot := 1
		if c.stays {
			forgot = 0
		}
		if n := p.Purge(c.purge); n != forgot || (p.get("a") != nil) != c.stays {
			t.Errorf("%s: a purge forgot %d, and left %v", name, n, p.get("a"))
		}
		if p.Put(e); (p.get("a") != nil) != c.stays {
			t.Errorf("%s: it is otherwise with what is put after the purge", name)
		}
	}
}

// TestPurgesAreOne holds that a purge that comes again is the same one.
func TestPurgesAreOne(t *testing.T) {
	p := newPair(t)
	p.Put(p.entry("a", "1"))
	one := store.Purge{ID: "one", At: p.clock.Now().Add(time.Millisecond)}
	if n := p.Purge(one); n != 1 {
		t.Errorf("%d were forgotten", n)
	}
	p.clock.advance(time.Second)
	p.Put(p.entry("b", "1"))
	one.At = p.clock.Now().Add(time.Second)
	if n := p.Purge(one); n != 0 || !p.has("b", "1") {
		t.Errorf("%d were forgotten", n)
	}
	for range 2 { // without an ID they are two
		p.Put(p.entry("c", "1"))
		if n := p.Purge(store.Purge{At: p.clock.Now().Add(time.Second), IDs: []string{"id-c"}}); n != 1 {
			t.Errorf("%d were forgotten", n)
		}
	}
}

// TestManyPurges holds that a bound of purges forgets too much rather than too little.
func TestManyPurges(t *testing.T) {
	p := newPair(t)
	old, fresh := p.entry("old", "1"), p.entry("fresh", "1")
	old.Stored -= int64(time.Minute)
	fresh.Stored += int64(time.Hour)
	fresh.Expires += int64(time.Hour)
	p.Purge(store.Purge{At: p.clock.Now(), Caller: "c"})
	for i := range 101_000 {
		p.Purge(store.Purge{At: p.clock.Now().Add(time.Duration(i) * time.Microsecond), IDs: []string{fmt.Sprint(i)}})
	}
	p.Put(old)
	p.Put(fresh)
	if p.get("old") != nil || p.get("fresh") == nil {
		t.Errorf("there are %v, %v", p.get("old"), p.get("fresh"))
	}
	if n := p.value("purges"); n > 100_000 {
		t.Errorf("%v purges are remembered", n)
	}
}
