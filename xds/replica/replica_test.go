package replica_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/replica"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// here is a database that is there, or not.
type here struct{ *store.Store }

func (h *here) Open(context.Context) (*store.Store, error) {
	if h.Store == nil {
		return nil, errors.New("it is away")
	}
	return h.Store, nil
}

// pairs are what one control plane knows and has been given.
type pairs struct {
	own    *pairpb.Fleet
	others *pairpb.Fleet
}

func (p *pairs) Own() *pairpb.Fleet          { return p.own }
func (p *pairs) Others(others *pairpb.Fleet) { p.others = others }

func (p *pairs) want(t *testing.T, when string, pairs uint32, outages int) {
	t.Helper()
	if got := p.others; got.GetPairs() != pairs || len(got.GetElsewhere()) != outages {
		t.Errorf("%s it knows %v, want %d pairs and %d outages", when, got, pairs, outages)
	}
}

// TestControlPlanesOnOneDatabaseKnowOfEachOther holds that each knows what the others know and not
// its own words, that times are right whatever the clocks, and that one which is gone is forgotten.
func TestControlPlanesOnOneDatabaseKnowOfEachOther(t *testing.T) {
	s := storetest.Postgres(t)
	limit := &pairpb.Outage{Backend: "a", Account: "1", Reason: "limited", LeftNanos: time.Hour.Nanoseconds(), Nodes: []string{"n"}}
	over := &pairpb.Outage{Backend: "b", Account: "1", Reason: "limited", LeftNanos: 1}
	ejected := &pairpb.Outage{Backend: "c", Reason: "ejected", AgeNanos: 5}
	one := &pairs{own: &pairpb.Fleet{Pairs: 2, Elsewhere: []*pairpb.Outage{limit, over, ejected}, Ordered: []*pairpb.Ordered{{Id: "x", AgeNanos: 5}}}}
	two, three := &pairs{own: &pairpb.Fleet{Pairs: 1}}, &pairs{own: &pairpb.Fleet{}}
	database := &here{s}
	meet := func(r *replica.Replica) {
		t.Helper()
		if err := r.Meet(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first, second, third := replica.New(database, one), replica.New(database, two), replica.New(database, three)
	for range 2 {
		meet(first)
		meet(second)
		meet(third)
	}
	one.want(t, "the first: ", 1, 0)
	two.want(t, "the second: ", 2, 2)
	three.want(t, "the third: ", 3, 2)
	if got := two.others.GetElsewhere()[0]; got.GetLeftNanos() >= limit.GetLeftNanos() || got.GetAgeNanos() <= 0 || got.GetNodes()[0] != "n" {
		t.Errorf("it knows %v", got)
	}
	if got := two.others.GetOrdered(); len(got) != 1 || got[0].GetId() != "x" || got[0].GetAgeNanos() <= 5 {
		t.Errorf("it is to forget %v", got)
	}
	if got := two.others.GetElsewhere()[1]; got.GetLeftNanos() != 0 {
		t.Errorf("it knows %v", got)
	}
	if _, err := s.Write.ExecContext(t.Context(), "UPDATE replica SET at = at - INTERVAL '11 seconds'"); err != nil {
		t.Fatal(err)
	}
	meet(second)
	two.want(t, "without the first: ", 0, 0)
	meet(first)
	meet(second)
	two.want(t, "with it again: ", 2, 2)
	database.Store = nil
	if err := second.Meet(t.Context()); err == nil {
		t.Error("no error without a database")
	}
	two.want(t, "while the database is away: ", 2, 2)
}

// TestAControlPlaneThatEndsSaysSo holds that it does not count for long.
func TestAControlPlaneThatEndsSaysSo(t *testing.T) {
	s := storetest.Postgres(t)
	ends, other := replica.New(&here{s}, &pairs{own: &pairpb.Fleet{Pairs: 5}}), &pairs{own: &pairpb.Fleet{}}
	if err := ends.Meet(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ends.Run(ctx)
	if err := replica.New(&here{s}, other).Meet(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.want(t, "after the end", 0, 0)
}

// TestADatabaseOfItsOwn holds that nothing is said in SQLite, and what was known is forgotten.
func TestADatabaseOfItsOwn(t *testing.T) {
	p := &pairs{own: &pairpb.Fleet{Pairs: 1}, others: &pairpb.Fleet{Pairs: 9}}
	if err := replica.New(&here{storetest.SQLite(t)}, p).Meet(t.Context()); err != nil || p.others != nil {
		t.Errorf("it knows %v, %v", p.others, err)
	}
}
