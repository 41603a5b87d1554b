package pair_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/pair"
)

// forgets has a pair answer a purge when it comes, unless it leaves instead.
func (e *end) forgets(things uint32, leaves bool) {
	synctest.Wait()
	all := e.purges()
	if leaves {
		e.leave()
		return
	}
	e.say(&pairpb.LinkRequest{Message: &pairpb.LinkRequest_Purged{Purged: &pairpb.Purged{Number: all[len(all)-1].GetNumber(), Things: things}}})
}

// TestFindingsAreForgotten holds that every pair which can is asked to forget, that those which
// have are counted, and that no other learns any more what was found out before: not by a word that
// is on its way, not of a pair that forgets nothing.
func TestFindingsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		a, b, old, leaving := r.link("a", 2, false), r.link("b", 2, false), r.link("old", 1, false), r.link("leaving", 2, false)
		found := &pairpb.Outage{Backend: "gpt", Model: "m", Account: "1", Reason: "limited", LeftNanos: time.Hour.Nanoseconds()}
		other := &pairpb.Outage{Backend: "claude", Model: "m", Account: "2", Reason: "limited", LeftNanos: time.Hour.Nanoseconds()}
		ejected := &pairpb.Outage{Backend: "gpt", Model: "m", Reason: "ejected"}
		old.observes(found, other, ejected)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := a.knows(); len(got) != 3 {
			t.Fatalf("it knows %q", got)
		}
		result := make(chan pair.Forgotten)
		go func() { result <- r.Forget(t.Context(), "gpt") }()
		synctest.Wait()
		a.forgets(2, false)
		b.forgets(1, false)
		leaving.forgets(0, true)
		if diff := cmp.Diff(pair.Forgotten{Pairs: 2, Silent: []string{"leaving", "old"}, Things: 3}, <-result); diff != "" {
			t.Errorf("forgotten (-want +got):\n%s", diff)
		}
		found.AgeNanos = time.Second.Nanoseconds() // a word that was on its way
		old.observes(found, other, ejected)
		synctest.Wait()
		if got, want := a.knows(), []string{"claude/m limited 1h0m0s", "gpt/m ejected 0s"}; !slices.Equal(got, want) {
			t.Errorf("it knows %q, want %q", got, want)
		}
		if heard := a.purges(); len(heard) != 1 || heard[0].GetFindings().GetBackend() != "gpt" || len(old.purges()) != 0 {
			t.Errorf("asked to forget: %v; the old one: %v", heard, old.purges())
		}
		time.Sleep(time.Second)
		b.observes(&pairpb.Outage{Backend: "gpt", Model: "m", Account: "1", Reason: "limited", LeftNanos: time.Minute.Nanoseconds()})
		synctest.Wait()
		if got := a.knows(); len(got) != 3 {
			t.Errorf("what is found out since is not known: %q", got)
		}
	})
}

// TestOtherControlPlanesForget holds that what one control plane is asked to have forgotten, the
// pairs of the others forget, once, and that a kind of a later version is left alone.
func TestOtherControlPlanesForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, other := newRig(t), newRig(t)
		b := other.link("b", 2, false)
		meet := func() {
			r.Others(other.Own())
			other.Others(r.Own())
			synctest.Wait()
		}
		meet()
		if diff := cmp.Diff(pair.Forgotten{Elsewhere: 1}, r.Forget(t.Context(), "gpt")); diff != "" {
			t.Errorf("forgotten (-want +got):\n%s", diff)
		}
		meet()
		meet()
		if heard := b.purges(); len(heard) != 1 || heard[0].GetFindings().GetBackend() != "gpt" {
			t.Errorf("asked to forget: %v", heard)
		}
		later := r.Own()
		later.Ordered = append(later.Ordered, &pairpb.Ordered{Id: "later", Purge: &pairpb.Purge{}})
		other.Others(later)
		time.Sleep(2 * time.Minute)
		meet()
		if len(b.purges()) != 1 || len(r.Own().GetOrdered()) != 0 {
			t.Errorf("asked to forget: %v; still said: %v", b.purges(), r.Own().GetOrdered())
		}
	})
}
