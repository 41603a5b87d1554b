// Package storetest gives tests a real database of each kind.
package storetest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/xds/store"
)

// SQLite opens a database that goes with the test.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return closing(t)(store.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "headgate.db")))
}

// Postgres opens a database of its own on the server of this process's tests.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return closing(t)(store.OpenPostgres(context.Background(), PostgresURL(t)))
}

// OnBoth runs a test on a database of each kind.
func OnBoth(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Run("SQLite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, Postgres(t)) })
}

func closing(t testing.TB) func(*store.Store, error) *store.Store {
	return func(s *store.Store, err error) *store.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}
