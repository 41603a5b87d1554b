package key

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// holder is a pair that takes in what it is given.
type holder struct {
	t     *testing.T
	state *pairpb.KeysState
	keys  map[string]*pairpb.Key
	given []string // whole or changes, of each message
}

func newHolder(t *testing.T) *holder { return &holder{t: t, state: &pairpb.KeysState{}} }

// ask takes in what is new at a control plane, and holds of whom there are keys then.
func (h *holder) ask(d *Directory, what string, want ...string) {
	h.t.Helper()
	parts, then := d.Since(h.state)
	h.given = nil
	for i, m := range parts {
		kind := "changes"
		if m.GetWhole() {
			if kind = "whole"; i == 0 {
				h.keys = map[string]*pairpb.Key{}
			}
		}
		h.given = append(h.given, kind)
		for _, id := range m.GetGone() {
			delete(h.keys, id)
		}
		for _, k := range m.GetKeys() {
			h.keys[k.GetId()] = k
		}
		if m.GetMore() != (i < len(parts)-1) || m.GetVersion() != then.GetVersion() {
			h.t.Errorf("%s: part %d of %d says more: %v", what, i, len(parts), m.GetMore())
		}
	}
	h.state = then
	var names []string
	for _, k := range h.keys {
		names = append(names, k.GetName())
	}
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		h.t.Errorf("%s: the pair has %v", what, diff)
	}
}

func (h *holder) wasGiven(what string, want ...string) {
	h.t.Helper()
	if !slices.Equal(h.given, want) {
		h.t.Errorf("%s: it was given %v, want %v", what, h.given, want)
	}
}

func (r *rig) directory() *Directory { return NewDirectory(r, r.clock) }

// refresh asks the database until there is nothing new.
func (r *rig) refresh(d *Directory) {
	r.t.Helper()
	for range 3 {
		if _, err := d.Refresh(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestPairsAreGivenWhatIsNew holds that each change arrives, whichever control plane was asked to
// make it, that a pair is not given again what it has, and never what is older.
func TestPairsAreGivenWhatIsNew(t *testing.T) {
	onBoth(t, func(r *rig) {
		first, second, pair := r.directory(), r.directory(), newHolder(r.t)
		if pair.ask(first, "nothing is known yet"); pair.state.GetVersion() != 0 || pair.given != nil {
			r.t.Error("it was given something")
		}
		r.refresh(first)
		pair.ask(first, "there are none")
		pair.wasGiven("there are none", "whole")
		r.create(Spec{Name: "a", Attributes: all})
		b := r.create(Spec{Name: "b"})
		r.create(Spec{Name: "ops", Role: Write})
		r.refresh(first)
		r.refresh(second)
		pair.ask(first, "two were made", "a", "b")
		pair.wasGiven("two were made", "changes")
		pair.ask(second, "at the other control plane", "a", "b")
		pair.wasGiven("at the other control plane")
		if _, err := r.Revoke(r.t.Context(), "a", "ann"); err != nil {
			r.t.Fatal(err)
		}
		r.refresh(second)
		pair.ask(second, "one was revoked", "b")
		pair.wasGiven("one was revoked", "changes")
		pair.ask(first, "at one that does not know it yet", "b")
		pair.wasGiven("at one that does not know it yet")
		r.refresh(first)
		made, err := r.Rotate(r.t.Context(), "b", time.Hour)
		if err != nil {
			r.t.Fatal(err)
		}
		r.refresh(first)
		pair.ask(first, "one was rotated", "b")
		if k := pair.keys[b.Key.ID]; len(k.GetHashes()) != 2 || k.GetHashes()[0].GetUntil() != 0 || k.GetHashes()[1].GetUntil() != noon.Add(time.Hour).UnixNano() {
			r.t.Errorf("after a rotation it has %v", pair.keys)
		}
		newcomer := newHolder(r.t)
		newcomer.ask(first, "a new pair", "b")
		if newcomer.wasGiven("a new pair", "whole"); !maps.EqualFunc(newcomer.keys, pair.keys, func(a, b *pairpb.Key) bool { return a.String() == b.String() }) {
			r.t.Error("it has other keys")
		}
		for text, want := range map[string]string{b.Text: "b", made.Text: "b", keyform.New(b.Key.ID): "", "x": ""} {
			if k := first.Find(text); (k == nil) != (want == "") || k != nil && k.Name != want {
				r.t.Errorf("%s is the key of %+v", text, k)
			}
		}
	})
}

// TestAllAttributesReachPairs holds so.
func TestAllAttributesReachPairs(t *testing.T) {
	k := Key{ID: "id", Name: "ci", Attributes: all, Expires: noon, Secrets: []Secret{{Until: noon}}}
	want := &pairpb.Key{
		Id: "id", Name: "ci", User: "ann", Team: "search", Tier: "pro", Models: all.Models, Tags: all.Tags, Expires: noon.UnixNano(),
		Rpm: 1, Tpm: 2, NanoUsdPerDay: 3, NanoUsdPerMonth: 4, Shadow: true, Hashes: []*pairpb.KeyHash{{Hash: make([]byte, 32), Until: noon.UnixNano()}},
	}
	if got := k.wire(); got.String() != want.String() {
		t.Errorf("it is given as %v, want %v", got, want)
	}
}

// TestManyKeysComeInParts holds so of a whole set.
func TestManyKeysComeInParts(t *testing.T) {
	r := newRig(t, storetest.SQLite(t))
	d := r.directory()
	r.refresh(d)
	var want []string
	for i := range 2*maxPart + 1 {
		name := fmt.Sprintf("k%05d", i)
		d.keys[name] = &Key{ID: name, Name: name}
		want = append(want, name)
	}
	pair := newHolder(t)
	pair.ask(d, "many", want...)
	pair.wasGiven("many", "whole", "whole", "whole")
}

// TestADatabaseThatWasRestored holds that pairs keep what they have until something changes in
// it, and have the same as the database then.
func TestADatabaseThatWasRestored(t *testing.T) {
	before, after := newRig(t, storetest.SQLite(t)), newRig(t, storetest.SQLite(t))
	d, pair := before.directory(), newHolder(t)
	before.refresh(d)
	before.create(Spec{Name: "lost"})
	before.refresh(d)
	pair.ask(d, "before", "lost")
	pepper, _, err := state(t.Context(), before.store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.store.Write.ExecContext(t.Context(), "INSERT INTO access_state (one, pepper, version) VALUES (1, ?, 5)", pepper); err != nil {
		t.Fatal(err)
	}
	before.store = after.store
	before.refresh(d)
	pair.ask(d, "restored", "lost")
	after.now = noon.Add(time.Minute)
	after.create(Spec{Name: "new"})
	before.refresh(d)
	pair.ask(d, "changed", "new")
	pair.wasGiven("changed", "whole")
}

// TestAnotherDatabase holds that its keys take the place of those before, and that while it is
// away everything stays.
func TestAnotherDatabase(t *testing.T) {
	r, other := newRig(t, storetest.SQLite(t)), newRig(t, storetest.SQLite(t))
	d, pair := r.directory(), newHolder(t)
	r.refresh(d)
	was := r.create(Spec{Name: "a"})
	other.create(Spec{Name: "b"})
	r.refresh(d)
	pair.ask(d, "the first", "a")
	r.store = nil
	if _, err := d.Refresh(t.Context()); err == nil {
		t.Error("it is there")
	}
	pair.ask(d, "away", "a")
	if d.Find(was.Text) == nil {
		t.Error("the key is not known any more")
	}
	r.store = other.store
	r.refresh(d)
	pair.ask(d, "the other", "b")
	if d.Find(was.Text) != nil {
		t.Error("the key is known still")
	}
}

// TestStepsAreBounded holds that a pair that is far behind is given everything.
func TestStepsAreBounded(t *testing.T) {
	r := newRig(t, storetest.SQLite(t))
	d, pair := r.directory(), newHolder(t)
	r.refresh(d)
	pair.ask(d, "there are none")
	r.create(Spec{Name: "a"})
	r.refresh(d)
	for i := range maxSteps {
		d.steps = append(d.steps, step{version: int64(-1 - i)})
	}
	r.create(Spec{Name: "b"})
	r.refresh(d)
	pair.ask(d, "far behind", "a", "b")
	if pair.wasGiven("far behind", "whole"); len(d.steps) > maxSteps {
		t.Errorf("%d steps are kept", len(d.steps))
	}
}

// TestAChangeReachesEveryControlPlane holds that it does so soon, without a word to the others,
// and at once where it was made.
func TestAChangeReachesEveryControlPlane(t *testing.T) {
	for name, open := range planes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			rigs := services(t, open(t))
			var all []*Directory
			for _, r := range rigs {
				d := r.directory()
				running.Go(func() { d.Run(ctx, func() {}) })
				all = append(all, d)
			}
			made := rigs[0].create(Spec{Name: "ci"})
			for i, d := range all {
				await(t, fmt.Sprintf("control plane %d knows the key", i), func() bool { return d.Find(made.Text) != nil })
			}
			if _, err := rigs[1].Revoke(t.Context(), "ci", "ann"); err != nil {
				t.Fatal(err)
			}
			for i, d := range all {
				await(t, fmt.Sprintf("control plane %d knows that it was revoked", i), func() bool { return d.Find(made.Text) == nil })
			}
		})
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not yet: %s", what)
		}
	}
}

var _ Database = (*store.Database)(nil)
