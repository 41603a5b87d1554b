package key

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

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

// services are those of several control planes on one database.
func services(t *testing.T, open func() (*store.Store, error)) (all []*rig) {
	for range 3 {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		all = append(all, newRig(t, s))
	}
	return all
}

// TestControlPlanesChangeKeysAtOnce holds that they have one pepper, that a name is one key's,
// and that no two changes have one version.
func TestControlPlanesChangeKeysAtOnce(t *testing.T) {
	for name, open := range planes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rigs := services(t, open(t))
			var changing sync.WaitGroup
			var mu sync.Mutex
			made := 0
			for _, r := range rigs {
				changing.Go(func() {
					for i := range 20 {
						switch _, err := r.Create(context.Background(), Spec{Name: fmt.Sprint("key", i)}, "ann"); {
						case err == nil:
							mu.Lock()
							made++
							mu.Unlock()
						case !errors.Is(err, ErrTaken):
							t.Error(err)
						}
					}
				})
			}
			changing.Wait()
			all, err := rigs[0].List(t.Context(), true)
			if err != nil || made != 20 || len(all) != 20 {
				t.Fatalf("%d were made, %d are there, %v", made, len(all), err)
			}
			versions := map[int64]bool{}
			for _, k := range all {
				versions[k.changed] = true
			}
			if len(versions) != 20 {
				t.Errorf("20 changes have %d versions", len(versions))
			}
		})
	}
}
