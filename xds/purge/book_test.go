package purge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// rig is a book in a database, with a clock of its own.
type rig struct {
	*Book
	t     *testing.T
	store *store.Store // nil: it is away

	mu      sync.Mutex
	ahead   time.Duration // of the machine's clock
	wrote   error         // last
	ordered []Purge
	active  [][]Purge // that were handed on
}

func newRig(t *testing.T, s *store.Store) *rig {
	r := &rig{t: t, store: s}
	r.Book = New(Options{Database: r, Active: r.take, Now: r.now})
	return r
}

// Open implements Database.
func (r *rig) Open(context.Context) (*store.Store, error) {
	if r.store == nil {
		return nil, store.ErrUnavailable
	}
	return r.store, nil
}

// Wrote implements Database.
func (r *rig) Wrote(_ *store.Store, err error) { r.wrote = err }

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.ahead)
}

func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead += d
}

func (r *rig) take(all []Purge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = append(r.active, all)
}

// order orders a purge, which must be handed on once and before the list.
func (r *rig) order(s Selection) Purge {
	r.t.Helper()
	lists := len(r.active)
	err := r.Order(r.t.Context(), Purge{Selection: s, By: "ann", Reason: "wrong"}, func(p Purge) {
		if len(r.active) != lists {
			r.t.Error("the list was handed on first")
		}
		r.ordered = append(r.ordered, p)
	})
	if err != nil || len(r.active) != lists+1 {
		r.t.Fatalf("%d lists, %v", len(r.active)-lists, err)
	}
	return r.ordered[len(r.ordered)-1]
}

// refused holds that a purge is refused, which is no outage of the database, and returns why.
func (r *rig) refused(p Purge, kind error) string {
	r.t.Helper()
	err := r.Order(r.t.Context(), p, func(p Purge) { r.t.Errorf("%+v was ordered", p) })
	if refusal := (*Refusal)(nil); !errors.Is(err, kind) || !errors.As(err, &refusal) || r.wrote != nil {
		r.t.Fatalf("%v, and of the database %v; want %v", err, r.wrote, kind)
	}
	return err.Error()
}

func (r *rig) refresh() {
	r.t.Helper()
	if err := r.Refresh(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// lists are the selections that are listed and those that were handed on last, which must be the
// same.
func (r *rig) lists(want ...string) {
	r.t.Helper()
	all, err := r.List(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for what, list := range map[string][]Purge{"listed": all, "handed on": r.active[len(r.active)-1]} {
		var got []string
		for _, p := range list {
			got = append(got, p.Selection.String())
		}
		if !slices.Equal(got, want) {
			r.t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
}

func id(n int) string { return fmt.Sprintf("01JZ8Q4C7T3V5W6X7Y8Z9%05d", n) }

func onBoth(t *testing.T, test func(*rig)) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) { test(newRig(t, s)) })
}

// sameMoment allows for how long a question takes.
var sameMoment = cmpopts.EquateApproxTime(time.Second)

// TestAPurgeIsKept holds that all that is said of a purge comes back, also to a book that is opened
// later, and that each change is handed on once.
func TestAPurgeIsKept(t *testing.T) {
	onBoth(t, func(r *rig) {
		r.refresh()
		r.refresh()
		if len(r.active) != 1 || len(r.active[0]) != 0 {
			r.t.Fatalf("an empty database is handed on as %v", r.active)
		}
		want := Purge{Selection: Selection{IDs: []string{id(1), id(2)}, Caller: "ci", Team: "red", Model: "m", Prompt: "p", Tag: "a"}, By: "ann", Reason: "wrong"}
		given := want.Selection
		given.IDs = []string{strings.ToLower(id(2)), id(1), id(2)}
		made := r.order(given)
		want.ID, want.At = made.ID, r.now()
		later := newRig(r.t, r.store)
		later.refresh()
		for what, p := range map[string]Purge{"made": made, "handed on": r.active[1][0], "to a later book": later.active[0][0]} {
			if diff := cmp.Diff(want, p, sameMoment); diff != "" || p.ID == "" {
				r.t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		r.refresh()
		if len(r.active) != 2 || !made.Until().Equal(made.At.Add(Life)) {
			r.t.Errorf("%d lists were handed on, and it is active until %v", len(r.active), made.Until())
		}
		r.order(Selection{All: true})
		r.lists("all")
	})
}

// TestAPurgeIsOver holds that a purge by which nothing can be meant any more is neither listed nor handed
// on then, and that the next one takes it out of the database.
func TestAPurgeIsOver(t *testing.T) {
	storetest.OnBoth(t, func(t *testing.T, s *store.Store) {
		r := newRig(t, s)
		r.order(Selection{Model: "a"})
		back := "UPDATE cache_purge SET at = at - ?"
		if _, err := s.Write.ExecContext(t.Context(), s.SQL(back), (Life - time.Minute).Nanoseconds()); err != nil {
			t.Fatal(err)
		}
		r.order(Selection{Model: "b"})
		r.lists("model a", "model b")
		if _, err := s.Write.ExecContext(t.Context(), s.SQL(back), time.Minute.Nanoseconds()); err != nil {
			t.Fatal(err)
		}
		r.order(Selection{Model: "c"})
		r.lists("model b", "model c")
		var n int
		if err := s.Read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM cache_purge").Scan(&n); err != nil || n != 2 {
			t.Errorf("%d are kept, %v", n, err)
		}
	})
}

// TestALaterPurgeTakesThePlaceOfThoseThatItContains holds so, and that it takes no other.
func TestALaterPurgeTakesThePlaceOfThoseThatItContains(t *testing.T) {
	r := newRig(t, storetest.SQLite(t))
	r.order(Selection{Model: "a", Caller: "ci"})
	r.order(Selection{Model: "b"})
	r.order(Selection{IDs: []string{id(1)}})
	r.order(Selection{IDs: []string{id(2)}, Model: "a"})
	r.order(Selection{IDs: []string{id(1), id(3)}})
	r.lists("caller ci, model a", "model b", "model a, ids "+id(2), "ids "+id(1)+" "+id(3))
	r.order(Selection{Model: "a"})
	r.lists("model b", "ids "+id(1)+" "+id(3), "model a")
	r.order(Selection{Model: "a", Tag: "x"})
	r.lists("model b", "ids "+id(1)+" "+id(3), "model a", "model a, tag x")
	r.order(Selection{All: true})
	r.lists("all")
}

// TestManyIDsAreShort holds that a text does not grow with them.
func TestManyIDsAreShort(t *testing.T) {
	s := Selection{Team: "red", IDs: []string{"a", "b", "c", "d", "e"}}
	if got, want := s.String(), "team red, ids a b c, 2 more ids"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPurgesAreBounded holds that one more than may be active is refused, unless it takes the place
// of others.
func TestPurgesAreBounded(t *testing.T) {
	s := storetest.SQLite(t)
	r := newRig(t, s)
	r.order(Selection{Model: "m", Tag: "0"})
	tx, err := s.Write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < MaxActive; i++ {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO cache_purge (id, at, selection, ordered_by, reason) VALUES (?, ?, ?, '', '')",
			fmt.Sprint(i), time.Now().UnixNano(), fmt.Sprintf(`{"model":"m","tag":"%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if why := r.refused(Purge{Selection: Selection{Model: "m", Tag: "one more"}}, ErrFull); !strings.Contains(why, "1000 purges are active") {
		t.Error(why)
	}
	r.order(Selection{Model: "m"})
	r.lists("model m")
}

// TestAllThatIsWrongIsSaid holds so of each field, that nothing or everything by mistake is not
// purged, and that a secret is not quoted.
func TestAllThatIsWrongIsSaid(t *testing.T) {
	r := newRig(t, storetest.SQLite(t))
	long, secret := strings.Repeat("x", maxText+1), keyform.New(keyform.NewID())
	why := r.refused(Purge{By: long, Reason: "\x00", Selection: Selection{
		All: true, IDs: []string{id(1), "one"}, Caller: secret, Team: long, Model: "a\nb", Prompt: "\xff", Tag: long,
	}}, ErrInvalid)
	for _, field := range []string{"author: ", "reason: ", "all: true and nothing else", "ids[1]: ", "caller: it is a key", "team: ", "model: ", "prompt: ", "tag: "} {
		if !strings.Contains(why, field) {
			t.Errorf("%q is not in %s", field, why)
		}
	}
	if strings.Contains(why, secret) {
		t.Errorf("a secret is quoted: %s", why)
	}
	r.refused(Purge{}, ErrInvalid)
	if why := r.refused(Purge{Selection: Selection{IDs: make([]string, MaxIDs+1)}}, ErrInvalid); !strings.Contains(why, "more than 100") {
		t.Error(why)
	}
}

// TestADatabaseThatIsAwayPurgesNothing holds that nothing is confirmed then, and that what is known
// stays.
func TestADatabaseThatIsAwayPurgesNothing(t *testing.T) {
	s := storetest.SQLite(t)
	r := newRig(t, s)
	r.order(Selection{Model: "m"})
	r.store = nil
	_, listed := r.List(t.Context())
	for what, err := range map[string]error{
		"ordered":   r.Order(t.Context(), Purge{Selection: Selection{All: true}}, func(Purge) { t.Error("it was ordered") }),
		"listed":    listed,
		"refreshed": r.Refresh(t.Context()),
	} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if r.store = s; len(r.active) != 1 {
		t.Errorf("%d lists were handed on", len(r.active))
	}
	r.lists("model m")
	if _, err := s.Write.ExecContext(t.Context(), "DROP TABLE cache_purge"); err != nil {
		t.Fatal(err)
	}
	if err := r.Order(t.Context(), Purge{Selection: Selection{All: true}}, func(Purge) { t.Error("it was ordered") }); err == nil || r.wrote == nil {
		t.Errorf("without its table: %v, and of the database %v", err, r.wrote)
	}
}
