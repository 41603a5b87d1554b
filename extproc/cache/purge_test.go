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
