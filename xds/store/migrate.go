package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrations of a kind of database, which only go forward. Each leaves the version before able
// to write: it adds tables, and columns with a default, and takes nothing away.
func (s *Store) migrations() (fs.FS, error) {
	if s.Postgres {
		return fs.Sub(migrations, "migrations/postgres")
	}
	return fs.Sub(migrations, "migrations/sqlite")
}

// migrate brings the schema up to date. Of several processes that do so at once in PostgreSQL
// one goes first; in SQLite the others fail, and find it done when they try again.
func (s *Store) migrate(ctx context.Context) error {
	files, err := s.migrations()
	if err != nil {
		return err
	}
	p, err := s.migrator(files)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

func (s *Store) migrator(files fs.FS) (*goose.Provider, error) {
	if !s.Postgres {
		return goose.NewProvider(goose.DialectSQLite3, s.Write, files)
	}
	one, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.Write, files, goose.WithSessionLocker(one))
}
