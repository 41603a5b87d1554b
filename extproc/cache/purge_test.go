package cache_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/cache/store"
	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhatIsPurgedIsNotGiven holds so of an answer that is kept, and of one that was given to
// others just now, who had waited for it; and that others are given.
func TestWhatIsPurgedIsNotGiven(t *testing.T) {
	r := newRig(t, "models: {m: {chain: [b/x], cache: {ttl: 1m}}}")
	for _, text := range []string{"Why?", "How?"} {
		v, _ := r.ask("openai", question(text))
		r.answered(v, said("Because."))
	}
	first, verdict := r.ask("openai", question("Why?"))
	if verdict.Action != exchange.Answer {
		t.Fatalf("it is not kept: %+v", verdict)
	}
	if n := r.kind.Purge(store.Purge{ID: "p", At: r.now().Add(time.Hour), IDs: []string{first.Exchange.Cached.Entry}}); n != 1 {
		t.Errorf("%d entries are purged", n)
	}
	if v, verdict := r.ask("openai", question("Why?")); verdict.Action != exchange.Pass || v.Exchange.Cached.Result != exchange.CacheMiss {
		t.Errorf("after it was purged: %+v of %+v", verdict, v.Exchange.Cached)
	}
	if _, verdict := r.ask("openai", question("How?")); verdict.Action != exchange.Answer {
		t.Errorf("what was not purged: %+v", verdict)
	}
}

// TestWhatIsAskedWhileItIsPurgedIsNotKept holds so of an answer that a purge names which came after
// its request, and that of another is kept.
func TestWhatIsAskedWhileItIsPurgedIsNotKept(t *testing.T) {
	r := newRig(t, "models: {m: {chain: [b/x], cache: {}}}")
	for model, want := range map[string]exchange.CacheReason{"m": exchange.CachePurged, "other": ""} {
		v, _ := r.ask("openai", question("Why "+model+"?"))
		r.clock.Add(int64(time.Second))
		r.kind.Purge(store.Purge{ID: model, At: r.now(), Model: model})
		r.clock.Add(int64(time.Second))
		r.answered(v, said("Because."))
		if c := &v.Exchange.Cached; c.NotStored != want || (c.Stored == "") != (want != "") {
			t.Errorf("a purge of %s: %+v", model, c)
		}
		r.clock.Add(int64(time.Hour)) // beyond what the next purge names
	}
}
