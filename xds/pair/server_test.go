package pair_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/pair"
)

// TestVersionsOfThePair holds that a pair of one version less or more is linked, that it is
// sent nothing that it does not know, and that what it says beyond this version is ignored.
func TestVersionsOfThePair(t *testing.T) {
	for version, hears := range map[uint32]bool{0: false, 1: true, 2: true, 3: true, 4: true} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				e := r.link("a", version, false)
				later := &pairpb.LinkRequest{}
				later.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 9, protowire.BytesType), "what"))
				e.say(later)
				e.rows(1, "x")
				e.say(later)
				e.rows(2, "y")
				synctest.Wait()
				if got := e.taken(); e.welcome.GetVersion() != pair.Version || !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(r.book.rows, []string{"x", "y"}) {
					t.Errorf("welcome %v, acknowledged %v, in the journal %q", e.welcome, got, r.book.rows)
				}
				if got := e.fleet() != nil; got != hears {
					t.Errorf("it hears of the fleet: %v", got)
				}
				all := r.Forget(t.Context(), "b")
				synctest.Wait()
				if got := len(e.purges()) > 0; got != (version >= 2) || len(all.Silent) != 1 {
					t.Errorf("it is asked to forget: %v, and has: %+v", got, all)
				}
			})
		})
	}
}

// TestAJournalThatFailsHoldsUpRowsAlone holds that rows are acknowledged in their order once
// the journal has them, however often that fails, and that the rest of the link goes on.
func TestAJournalThatFailsHoldsUpRowsAlone(t *testing.T) {
	for name, hangs := range map[string]bool{"fails": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.book.set(!hangs, hangs)
				e := r.link("a", 1, false)
				e.rows(1, "x")
				e.rows(2, "y")
				e.counts(7)
				e.observes(&pairpb.Outage{Backend: "b", Reason: "limited", LeftNanos: time.Hour.Nanoseconds()})
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(e.taken()) != 0 || r.tally.n["of a"] != 7 || len(r.Out()) != 1 {
					t.Errorf("acknowledged %v, counted %v, out %v", e.taken(), r.tally.n, r.Out())
				}
				if hangs { // it ends with the link
					e.leave()
					synctest.Wait()
					if r.Pairs() != 0 {
						t.Error("a link whose pair has left still stands")
					}
					return
				}
				r.book.set(false, false)
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := e.taken(); !slices.Equal(got, []uint64{1, 2}) || !slices.Equal(r.book.rows, []string{"x", "y"}) {
					t.Errorf("acknowledged %v, in the journal %q", got, r.book.rows)
				}
			})
		})
	}
}

// TestAPairThatDoesNotRead holds that nobody waits for it.
func TestAPairThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		deaf, other := r.link("deaf", 1, true), r.link("other", 1, false)
		for range 10 { // more than its window holds
			var long []*pairpb.Outage
			for i := range 100 {
				long = append(long, &pairpb.Outage{Backend: fmt.Sprintf("%010000d", i), LeftNanos: time.Hour.Nanoseconds()})
			}
			other.observes(long...)
			synctest.Wait()
			other.observes()
			synctest.Wait()
		}
		deaf.observes(&pairpb.Outage{Backend: "b", Model: "m", Reason: "limited", LeftNanos: time.Minute.Nanoseconds()})
		other.rows(1, "x")
		synctest.Wait()
		if got := other.taken(); !slices.Equal(got, []uint64{1}) || !slices.Equal(other.knows(), []string{"b/m limited 1m0s"}) {
			t.Errorf("acknowledged %v, knows %q", got, other.knows())
		}
	})
}

// TestWhatPairsKnowOfEachOther holds that a pair learns what others do not ask, for as long as
// it lasts, and how many there are: never its own words back.
func TestWhatPairsKnowOfEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		a, b := r.link("a", 1, false), r.link("b", 1, false)
		limit := func(left time.Duration) *pairpb.Outage {
			return &pairpb.Outage{Backend: "gpt", Model: "m", Account: "1", Reason: "limited", LeftNanos: left.Nanoseconds()}
		}
		expect := func(e *end, pairs uint32, want ...string) {
			t.Helper()
			synctest.Wait()
			if got := e.knows(); !slices.Equal(got, want) || e.fleet().GetPairs() != pairs {
				t.Errorf("it knows %q of %d pairs, want %q of %d", got, e.fleet().GetPairs(), want, pairs)
			}
		}
		a.observes(limit(time.Minute))
		expect(a, 2)
		expect(b, 2, "gpt/m limited 1m0s")
		time.Sleep(20 * time.Second)
		b.observes(limit(time.Minute))
		expect(a, 2, "gpt/m limited 1m0s")
		c := r.link("c", 1, false)
		expect(c, 3, "gpt/m limited 1m0s") // the longer of both
		if out := r.Out(); len(out) != 1 || !slices.Equal(out[0].Nodes, []string{"a", "b"}) || time.Until(out[0].Until) != time.Minute || time.Since(out[0].Since) != 20*time.Second {
			t.Errorf("out %+v", out)
		}
		b.leave()
		expect(c, 2, "gpt/m limited 40s") // what only b knew goes with it
		a.observes()
		expect(c, 2)
		if out := r.Out(); len(out) != 0 {
			t.Errorf("out %+v", out)
		}
		a.observes(limit(time.Second))
		time.Sleep(time.Second)
		if out := r.Out(); len(out) != 0 {
			t.Errorf("what is over is out: %+v", out)
		}
	})
}

// TestShares holds that each pair has the shares of its region, that they are said again before
// a pair forgets them, and that those it comes with are adopted before it is sent any.
func TestShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		a, b := r.link("a", 1, false), r.link("b", 1, false)
		use := pair.Use{Model: "m", Use: "x/y"}
		expect := func(e *end, want uint32) {
			t.Helper()
			synctest.Wait()
			var got uint32
			for _, s := range e.fleet().GetShares() {
				if s.GetModel() == "m" && s.GetUse() == "x/y" {
					got = s.GetPermille()
				}
			}
			if got != want {
				t.Errorf("the share is %d, want %d", got, want)
			}
		}
		r.shares.set("of a", map[pair.Use]int{use: 300})
		r.Wake()
		expect(a, 300)
		expect(b, 0)
		messages := func(e *end) int {
			synctest.Wait()
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.heard)
		}
		before, other := messages(a), messages(b)
		for range 12 { // a minute
			time.Sleep(5 * time.Second)
			r.Wake()
		}
		if again := messages(a) - before; again < 2 || again > 3 || messages(b) != other {
			t.Errorf("said again %d times in a minute, and %d times without any", again, messages(b)-other)
		}
		r.shares.set("of a", nil)
		r.Wake()
		expect(a, 0)
		r.brings = []*pairpb.Share{{Model: "m", Use: "x/y", Permille: 700}}
		r.link("c", 1, false)
		synctest.Wait()
		if got := r.shares.adopted["of c"][use]; got != 700 || len(r.shares.adopted) != 1 {
			t.Errorf("adopted %v", r.shares.adopted)
		}
		if got := r.Regions(); !slices.Equal(got, []string{"of a", "of b", "of c"}) {
			t.Errorf("regions %q", got)
		}
	})
}

// TestOtherControlPlanes holds that what their pairs know is known to the pairs of this one, and
// to operators, and is never said back to them.
func TestOtherControlPlanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, other := newRig(t), newRig(t)
		a, b := r.link("a", 1, false), other.link("b", 1, false)
		b.observes(&pairpb.Outage{Backend: "gpt", Model: "m", Account: "1", Reason: "limited", LeftNanos: time.Minute.Nanoseconds()},
			&pairpb.Outage{Backend: "old", Reason: "limited", LeftNanos: 1})
		time.Sleep(time.Second)
		synctest.Wait()
		for range 2 {
			r.Others(other.Own())
			other.Others(r.Own())
		}
		synctest.Wait()
		if got := a.knows(); !slices.Equal(got, []string{"gpt/m limited 59s"}) || a.fleet().GetPairs() != 2 || len(b.knows()) != 0 || b.fleet().GetPairs() != 2 {
			t.Errorf("one knows %q, the other %q", got, b.knows())
		}
		if out := r.Out(); len(out) != 1 || !slices.Equal(out[0].Nodes, []string{"b"}) || r.Pairs() != 2 {
			t.Errorf("out %+v of %d pairs", out, r.Pairs())
		}
		if own := r.Own(); len(own.GetElsewhere()) != 0 || own.GetPairs() != 1 {
			t.Errorf("said back: %v", own)
		}
		r.Others(nil)
		synctest.Wait()
		if a.fleet().GetPairs() != 1 || len(a.knows()) != 0 {
			t.Errorf("without the other it knows %v", a.fleet())
		}
	})
}
