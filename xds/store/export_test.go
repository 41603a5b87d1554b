package store

import (
	"context"
	"io/fs"
)

// Unmigrated opens a database without a schema.
func (p Place) Unmigrated(ctx context.Context) (*Store, error) {
	if p.SQLite != "" {
		return openSQLite(p.SQLite)
	}
	url, err := p.url()
	if err != nil {
		return nil, err
	}
	return openPostgres(ctx, url)
}

// MigrateTo brings a schema to a version; 0: the newest.
func (s *Store) MigrateTo(ctx context.Context, files fs.FS, version int64) error {
	p, err := s.migrator(files)
	if err != nil {
		return err
	}
	if version == 0 {
		_, err = p.Up(ctx)
	} else {
		_, err = p.UpTo(ctx, version)
	}
	return err
}

// Migrations are the files of a kind of database.
func (s *Store) Migrations() (fs.FS, error) { return s.migrations() }
