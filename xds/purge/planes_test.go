package purge

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// planes opens one database of each kind by several control planes.
var planes = map[string]func(testing.TB) func() (*store.Store, error){
	"SQLite": func(t testing.TB) func() (*store.Store, error) {
		path := filepath.Join(t.TempDir(), "headgate.db")
		return func() (*store.Store, error) { return store.OpenSQLite(context.Background(), path) }
	},
	"PostgreSQL": func(t testing.TB) func() (*store.Store, error) {
		url := storetest.PostgresURL(t)
		return func() (*store.Store, error) { return store.OpenPostgres(context.Background(), url) }
	},
}

func rigs(t *testing.T, n int, open func() (*store.Store, error)) (all []*rig) {
	for range n {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		all = append(all, newRig(t, s))
	}
	return all
}

// TestControlPlanesPurgeAtOnce holds that each of them knows all purges in the end, whichever
// ordered them.
func TestControlPlanesPurgeAtOnce(t *testing.T) {
	for name, open := range planes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := rigs(t, 3, open(t))
			var ordering sync.WaitGroup
			for i, r := range all {
				ordering.Go(func() {
					for j := range 20 {
						p := Purge{Selection: Selection{IDs: []string{id(20*i + j)}}}
						if err := r.Order(context.Background(), p, func(Purge) {}); err != nil {
							t.Error(err)
						}
						_ = r.Refresh(context.Background())
					}
				})
			}
			ordering.Wait()
			for _, r := range all {
				r.refresh()
				if got := len(r.active[len(r.active)-1]); got != 60 {
					t.Errorf("one knows %d purges, want 60", got)
				}
			}
		})
	}
}

// TestClocksOfControlPlanesMayDiffer holds that the age of a purge is right by the clock of each
// control plane on one PostgreSQL, whichever ordered it.
func TestClocksOfControlPlanesMayDiffer(t *testing.T) {
	all := rigs(t, 2, planes["PostgreSQL"](t))
	ahead, other := all[0], all[1]
	ahead.wait(time.Hour)
	ahead.order(Selection{Model: "a"})
	other.order(Selection{Model: "b"})
	ahead.refresh()
	for _, r := range all {
		for _, p := range r.active[len(r.active)-1] {
			if age := r.now().Sub(p.At); age < 0 || age > time.Minute {
				t.Errorf("%s is %v old", p.Model, age)
			}
			if wire := time.Duration(p.Wire(p.At.Add(time.Second)).GetAgeNanos()); wire != time.Second {
				t.Errorf("a second later it is sent as %v old", wire)
			}
		}
	}
}
