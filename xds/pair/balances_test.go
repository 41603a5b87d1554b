package pair_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/pair"
)

// TestPairsAreAskedForBalances holds that those that take keys are, that their answers come
// together, in order, and that one that does not answer is not waited for beyond the time of
// whoever asks.
func TestPairsAreAskedForBalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		old := r.link("old", 1, false)
		r.has = &pairpb.KeysState{}
		b, a := r.link("b", 1, false), r.link("a", 1, false)
		silent := false
		ask := func() (got pair.Balances) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				got = r.Balances(ctx, "key")
			}()
			synctest.Wait()
			number := b.asked()[len(b.asked())-1]
			b.answers(number-1, 9) // too late, or never asked
			b.answers(number, 2)
			if !silent {
				a.answers(number, 1)
			}
			<-done
			return got
		}
		for range 2 {
			if got := ask(); got.Asked != 2 || len(got.Pairs) != 2 || got.Pairs[0].Node != "a" || got.Pairs[0].GetBalances()[0].GetLeft() != 1 || got.Pairs[1].GetBalances()[0].GetLeft() != 2 {
				t.Errorf("pairs say %+v", got)
			}
		}
		silent = true
		began := time.Now()
		if got := ask(); got.Asked != 2 || len(got.Pairs) != 1 || got.Pairs[0].Node != "b" || time.Since(began) != time.Second {
			t.Errorf("after %v pairs say %+v", time.Since(began), got)
		}
		if len(old.asked()) != 0 {
			t.Error("a pair that takes no keys was asked")
		}
	})
}

// TestNoPairIsAsked holds that nobody waits for none.
func TestNoPairIsAsked(t *testing.T) {
	if got := newRig(t).Balances(t.Context(), "key"); got.Asked != 0 || len(got.Pairs) != 0 {
		t.Errorf("pairs say %+v", got)
	}
}
