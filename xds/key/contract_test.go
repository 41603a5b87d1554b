package key

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// rig is a service on a database, with a clock of its own.
type rig struct {
	*Service
	t     *testing.T
	store *store.Store
	set   *policy.Set // in effect; nil: none
	mu    sync.Mutex
	now   time.Time
	wrote error // last
	news  int   // how often a change was reported
}

// Open implements Database.
func (r *rig) Open(context.Context) (*store.Store, error) {
	if r.store == nil {
		return nil, store.ErrUnavailable
	}
	return r.store, nil
}

// Wrote implements Database.
func (r *rig) Wrote(_ *store.Store, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrote = err
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.news++
}

func newRig(t *testing.T, s *store.Store) *rig {
	r := &rig{t: t, store: s, now: noon}
	r.Service = New(Options{Database: r, Policy: func() *policy.Set { return r.set }, Changed: r.changed, Now: r.clock})
	return r
}

// onBoth runs a test on a service of each kind of database.
func onBoth(t *testing.T, test func(*rig)) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) { test(newRig(t, s)) })
}

func (r *rig) create(s Spec) *Made {
	r.t.Helper()
	made, err := r.Create(r.t.Context(), s, "ann")
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

func (r *rig) get(key string) *Key {
	r.t.Helper()
	k, err := r.Get(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// refused holds that an error is a refusal of a kind, which is no outage of the database.
func (r *rig) refused(what string, err, kind error) {
	r.t.Helper()
	if refusal := (*Refusal)(nil); !errors.Is(err, kind) || !errors.As(err, &refusal) || r.wrote != nil {
		r.t.Errorf("%s: %v, and of the database %v; want %v", what, err, r.wrote, kind)
	}
}

var hashes = cmp.Options{cmpopts.IgnoreUnexported(Key{}), cmpopts.IgnoreUnexported(Secret{}), cmpopts.EquateEmpty()}

// all are attributes of which each is set.
var all = Attributes{
	User: "ann", Team: "search", Tier: "pro", Models: []string{"assistant", "fast"}, Tags: []string{"nightly"},
	Quota: Quota{RPM: 1, TPM: 2, PerDay: 3, PerMonth: 4, Shadow: true},
}

// TestAKeyIsKeptWithoutItsText holds that what is asked of a key comes back, by its id, its name
// and its text, and that the database holds nothing that is presented.
func TestAKeyIsKeptWithoutItsText(t *testing.T) {
	onBoth(t, func(r *rig) {
		spec := Spec{Name: "ci", Attributes: all, Expires: noon.Add(time.Hour)}
		spec.Attributes.Models = []string{"fast", "assistant", "fast"}
		made := r.create(spec)
		want := Key{ID: made.Key.ID, Name: "ci", Attributes: all, Created: noon, CreatedBy: "ann", Expires: noon.Add(time.Hour), Secrets: []Secret{{Created: noon}}}
		if diff := cmp.Diff(want, made.Key, hashes); diff != "" {
			r.t.Error("created:", diff)
		}
		for _, name := range []string{"ci", made.Key.ID, made.Text, keyform.Mask(made.Key.ID)} {
			if diff := cmp.Diff(want, *r.get(name), hashes); diff != "" {
				r.t.Errorf("by %s: %s", name, diff)
			}
		}
		if r.news != 1 || string(keyform.ID([]byte(made.Text))) != made.Key.ID {
			r.t.Errorf("%d changes, text %s", r.news, made.Text)
		}
		secret := made.Text[len(made.Text)-32:]
		if held := dump(r); strings.Contains(held, secret) || !strings.Contains(held, made.Key.ID) {
			r.t.Error("the secret is in the database")
		}
		_, err := r.Get(r.t.Context(), keyform.New(keyform.NewID()))
		r.refused("unknown", err, ErrNotFound)
		if !strings.HasSuffix(err.Error(), "_****") {
			r.t.Error("a secret is quoted:", err)
		}
	})
}

// dump is everything that the database holds of keys.
func dump(r *rig) string {
	var text strings.Builder
	for _, table := range []string{"access_state", "access_key", "access_hash"} {
		rows, err := r.store.Read.QueryContext(r.t.Context(), "SELECT * FROM "+table)
		if err != nil {
			r.t.Fatal(err)
		}
		names, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new([]byte)
			}
			if err := rows.Scan(values...); err != nil {
				r.t.Fatal(err)
			}
			for _, v := range values {
				text.Write(*v.(*[]byte))
				text.WriteByte(' ')
			}
		}
		_ = rows.Close()
	}
	return text.String()
}

// TestRotationOverlaps holds that the text before is taken for the overlap and no longer than it
// was, and that the newest has no end.
func TestRotationOverlaps(t *testing.T) {
	onBoth(t, func(r *rig) {
		first := r.create(Spec{Name: "ci"})
		rotate := func(overlap time.Duration, want ...Secret) {
			r.t.Helper()
			made, err := r.Rotate(r.t.Context(), "ci", overlap)
			if err != nil {
				r.t.Fatal(err)
			}
			if made.Text == first.Text || made.Key.ID != first.Key.ID {
				r.t.Error("the text is not another of the same key")
			}
			if diff := cmp.Diff(want, made.Key.Secrets, hashes); diff != "" {
				r.t.Error("rotated:", diff)
			}
			if diff := cmp.Diff(want, r.get("ci").Secrets, cmp.AllowUnexported(Secret{}), cmpopts.IgnoreFields(Secret{}, "hash")); diff != "" {
				r.t.Error("read:", diff)
			}
		}
		r.wait(time.Minute)
		end := noon.Add(time.Minute + time.Hour)
		rotate(time.Hour, Secret{Created: noon.Add(time.Minute)}, Secret{Created: noon, Until: end})
		r.wait(time.Minute)
		rotate(2*time.Hour, Secret{Created: noon.Add(2 * time.Minute)},
			Secret{Created: noon.Add(time.Minute), Until: noon.Add(2*time.Minute + 2*time.Hour)}, Secret{Created: noon, Until: end})
		r.wait(90 * time.Minute)
		if left := r.get("ci").Secrets; len(left) != 2 {
			r.t.Errorf("after the first overlap it is %+v", left)
		}
		rotate(0, Secret{Created: r.now})
		_, err := r.Rotate(r.t.Context(), "ci", -1)
		r.refused("negative", err, ErrInvalid)
		_, err = r.Rotate(r.t.Context(), "other", 0)
		r.refused("unknown", err, ErrNotFound)
	})
}

// TestARevokedKeyIsOver holds that it cannot be used any more, stays known, and frees its name.
func TestARevokedKeyIsOver(t *testing.T) {
	onBoth(t, func(r *rig) {
		first := r.create(Spec{Name: "ci"})
		r.wait(time.Minute)
		_, err := r.Create(r.t.Context(), Spec{Name: "ci"}, "ann")
		r.refused("the same name", err, ErrTaken)
		for _, by := range []string{"eve", "bob"} {
			k, err := r.Revoke(r.t.Context(), first.Text, by)
			if err != nil || k.State(noon) != Revoked || k.RevokedBy != "eve" || !k.Revoked.Equal(noon.Add(time.Minute)) {
				r.t.Errorf("revoked: %+v, %v", k, err)
			}
			r.wait(time.Minute)
		}
		_, err = r.Rotate(r.t.Context(), "ci", 0)
		r.refused("rotated", err, ErrEnded)
		_, err = r.Expire(r.t.Context(), "ci", time.Time{})
		r.refused("expiring", err, ErrEnded)
		_, err = r.Assign(r.t.Context(), "ci", Attributes{})
		r.refused("assigned to", err, ErrEnded)
		second := r.create(Spec{Name: "ci"})
		if got := r.get("ci"); got.ID != second.Key.ID || r.get(first.Key.ID).RevokedBy != "eve" {
			r.t.Errorf("by its name it is %+v", got)
		}
		r.lists(false, second.Key.ID)
		r.lists(true, second.Key.ID, first.Key.ID)
	})
}

// lists holds which keys are listed.
func (r *rig) lists(ended bool, want ...string) {
	r.t.Helper()
	all, err := r.List(r.t.Context(), ended)
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for i := range all {
		got = append(got, all[i].ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("listed, ended ones: %v: %s", ended, diff)
	}
}

// TestAKeyExpires holds that it does so at its time, and can be let expire later.
func TestAKeyExpires(t *testing.T) {
	onBoth(t, func(r *rig) {
		made := r.create(Spec{Name: "ci", Expires: noon.Add(time.Hour)})
		r.wait(time.Hour - 1)
		r.lists(false, made.Key.ID)
		r.wait(1)
		if k := r.get("ci"); k.State(r.now) != Expired {
			r.t.Errorf("it is %v", k.State(r.now))
		}
		r.lists(false)
		_, err := r.Rotate(r.t.Context(), "ci", 0)
		r.refused("rotated", err, ErrEnded)
		_, err = r.Expire(r.t.Context(), "ci", noon)
		r.refused("expiring before", err, ErrInvalid)
		if k, err := r.Expire(r.t.Context(), "ci", noon.Add(2*time.Hour)); err != nil || k.State(r.now) != Active {
			r.t.Errorf("later: %+v, %v", k, err)
		}
		if k, err := r.Expire(r.t.Context(), "ci", time.Time{}); err != nil || !k.Expires.IsZero() || !r.get("ci").Expires.IsZero() {
			r.t.Errorf("never: %+v, %v", k, err)
		}
	})
}

// TestAttributesAreAssigned holds that they take the place of those before.
func TestAttributesAreAssigned(t *testing.T) {
	onBoth(t, func(r *rig) {
		r.create(Spec{Name: "ci", Attributes: all})
		want := Attributes{Tier: "free"}
		k, err := r.Assign(r.t.Context(), "ci", want)
		if err != nil || !cmp.Equal(want, k.Attributes, hashes) || !cmp.Equal(want, r.get("ci").Attributes, hashes) || len(k.Secrets) != 1 {
			r.t.Errorf("assigned: %+v, %v", k, err)
		}
		_, err = r.Assign(r.t.Context(), "ci", Attributes{Team: "a b"})
		r.refused("a name with a blank", err, ErrInvalid)
	})
}

// TestAllThatIsWrongIsSaid holds so of each field, with and without a policy.
func TestAllThatIsWrongIsSaid(t *testing.T) {
	r := newRig(t, storetest.SQLite(t))
	many := make([]string, maxModels+1)
	spec := Spec{Name: "a b", Expires: noon, Attributes: Attributes{
		User: "-", Team: "-", Tier: "-", Tags: append(make([]string, maxTags), ""), Models: many, Quota: Quota{RPM: -1},
	}}
	_, err := r.Create(t.Context(), spec, "ann")
	r.refused("everything", err, ErrInvalid)
	for _, field := range []string{"name: ", "expires: ", "user: ", "team: ", "tier: ", "tags: ", "tags: more", "models: ", "quota: "} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
	for text, spec := range map[string]Spec{
		"role: ":      {Name: "a", Role: "root"},
		"attributes ": {Name: "a", Role: Read, Attributes: Attributes{Tier: "free"}},
		"years ahead": {Name: "a", Expires: noon.AddDate(200, 0, 0)},
		"shadow":      {Name: "a", Attributes: Attributes{Quota: Quota{Shadow: true}}},
	} {
		_, err := r.Create(t.Context(), spec, "ann")
		if r.refused(text, err, ErrInvalid); !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in %v", text, err)
		}
	}
	r.set = parsed(t)
	r.create(Spec{Name: "a", Attributes: Attributes{Tier: "free", Models: []string{"m"}}})
	_, err = r.Create(t.Context(), Spec{Name: "ci", Attributes: Attributes{Tier: "pro", Models: []string{"n"}}}, "ann")
	r.refused("what the policy does not have", err, ErrInvalid)
	for _, field := range []string{"caller ci", "tier pro", "model n"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
}

func parsed(t *testing.T) *policy.Set {
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
unpriced: flag
backends: {b: {provider: openai, url: "http://127.0.0.1:1/v1", credential: {env: A}}}
models: {m: b/x}
tiers: {free: {rpm: 10}}
callers: {ci: {key: {env: CI_KEY}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestKeysOfAdministrators holds that they are kept as others are.
func TestKeysOfAdministrators(t *testing.T) {
	onBoth(t, func(r *rig) {
		r.create(Spec{Name: "ops", Role: Write})
		r.create(Spec{Name: "view", Role: Read})
		if r.get("ops").Role != Write || r.get("view").Role != Read {
			r.t.Errorf("they are %+v and %+v", r.get("ops"), r.get("view"))
		}
	})
}

// TestADatabaseThatIsAwayRefuses holds that nothing is confirmed then.
func TestADatabaseThatIsAwayRefuses(t *testing.T) {
	r := newRig(t, nil)
	_, created := r.Create(t.Context(), Spec{Name: "ci"}, "ann")
	_, rotated := r.Rotate(t.Context(), "ci", 0)
	_, revoked := r.Revoke(t.Context(), "ci", "ann")
	_, listed := r.List(t.Context(), true)
	_, got := r.Get(t.Context(), "ci")
	for i, err := range []error{created, rotated, revoked, listed, got} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if r.news != 0 {
		t.Error("a change was reported")
	}
}
