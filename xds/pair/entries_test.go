package pair_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
)

// entries are the purges of entries that the pair was asked for, with their ages.
func (e *end) entries() (all []string) {
	synctest.Wait()
	for _, p := range e.purges() {
		all = append(all, fmt.Sprintf("%s of %s, %v old", p.GetEntries().GetPurge(), p.GetEntries().GetModel(), time.Duration(p.GetEntries().GetAgeNanos())))
	}
	return all
}

func of(id string, at time.Time) purge.Purge {
	return purge.Purge{ID: id, At: at, Selection: purge.Selection{Model: "m"}}
}

// TestEntriesArePurged holds that every pair which can is asked, that those which have forgotten
// are counted, and that the others are named.
func TestEntriesArePurged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.Others(&pairpb.Fleet{Pairs: 4})
		a, b, old, leaving := r.link("a", 3, false), r.link("b", 3, false), r.link("old", 2, false), r.link("leaving", 3, false)
		r.link("deaf", 3, false)
		synctest.Wait()
		p := of("x", time.Now())
		p.Selection = purge.Selection{IDs: []string{"i"}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}
		wait := r.Purge(p)
		time.Sleep(time.Second)
		result := make(chan pair.Forgotten)
		go func() { result <- wait(t.Context()) }()
		synctest.Wait()
		a.forgets(2, false)
		b.forgets(1, false)
		leaving.forgets(0, true)
		if diff := cmp.Diff(pair.Forgotten{Pairs: 2, Silent: []string{"deaf", "leaving", "old"}, Elsewhere: 4, Things: 3}, <-result); diff != "" {
			t.Errorf("forgotten (-want +got):\n%s", diff)
		}
		want := &pairpb.Entries{Purge: "x", Ids: []string{"i"}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}
		if heard := a.purges(); len(heard) != 1 || heard[0].GetNumber() != 1 || heard[0].GetEntries().String() != want.String() {
			t.Errorf("asked for: %v", heard)
		}
		if got := old.purges(); len(got) != 0 {
			t.Errorf("a pair of the version before is asked for %v", got)
		}
	})
}

// TestPairsAreSentAllActivePurges holds that a pair which comes is sent all of them before anything
// else, one that is there those that are new, each once, and none is sent that is
// over.
func TestPairsAreSentAllActivePurges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		early := r.link("early", 3, false)
		synctest.Wait()
		over, x := of("over", time.Now().Add(time.Minute-purge.Life)), of("x", time.Now())
		r.Active([]purge.Purge{over, x})
		r.Active([]purge.Purge{over, x})
		if got, want := early.entries(), []string{"over of m, 719h59m0s old", "x of m, 0s old"}; !slices.Equal(got, want) {
			t.Errorf("the early one is sent %q, want %q", got, want)
		}
		time.Sleep(time.Hour)
		y := of("y", time.Now())
		r.Active([]purge.Purge{x, y})
		wait := r.Purge(of("z", time.Now()))
		r.Active([]purge.Purge{x, y, of("z", time.Now())})
		early.entries()
		early.forgets(1, false)
		if diff := cmp.Diff(pair.Forgotten{Pairs: 1, Things: 1}, wait(t.Context())); diff != "" {
			t.Errorf("forgotten (-want +got):\n%s", diff)
		}
		if got, want := early.entries()[2:], []string{"y of m, 0s old", "z of m, 0s old"}; !slices.Equal(got, want) {
			t.Errorf("the early one is sent %q, want %q", got, want)
		}
		late, old := r.link("late", 3, false), r.link("old", 2, false)
		if got, want := late.entries(), []string{"x of m, 1h0m0s old", "y of m, 0s old", "z of m, 0s old"}; !slices.Equal(got, want) {
			t.Errorf("the late one is sent %q, want %q", got, want)
		}
		if late.first() != "purge" {
			t.Error("the late one hears of other pairs first")
		}
		if got := old.entries(); len(got) != 0 {
			t.Errorf("a pair of the version before is sent %q", got)
		}
		for _, p := range late.purges() {
			if p.GetNumber() != 0 {
				t.Errorf("an answer is asked for to %v", p)
			}
		}
		time.Sleep(purge.Life - time.Hour)
		if got, want := r.link("last", 3, false).entries(), []string{"y of m, 719h0m0s old", "z of m, 719h0m0s old"}; !slices.Equal(got, want) {
			t.Errorf("the last one is sent %q, want %q", got, want)
		}
	})
}

// first is what the pair heard first of what it is to know: "purge" or "fleet".
func (e *end) first() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		switch {
		case m.GetPurge() != nil:
			return "purge"
		case m.GetFleet() != nil:
			return "fleet"
		}
	}
	return ""
}

// TestAnOlderControlPlaneHearsOfNoEntries holds that what control planes say to each other has no
// purge of entries, which each reads in the database by itself.
func TestAnOlderControlPlaneHearsOfNoEntries(t *testing.T) {
	r := newRig(t)
	r.Active([]purge.Purge{of("x", time.Now())})
	r.Purge(of("y", time.Now()))
	if own := r.Own(); len(own.GetOrdered()) != 0 {
		t.Errorf("it says %v", own)
	}
}
