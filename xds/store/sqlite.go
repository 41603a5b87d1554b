package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// pragmas: readers never wait for the writer, who waits for another process's, and what is
// committed survives a power cut.
const pragmas = "_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_txlock=immediate"

// readers is how many questions SQLite answers at once.
const readers = 4

// OpenSQLite opens the database in a file, and makes it if there is none.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	s, err := openSQLite(path)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openSQLite opens a database whose schema may be any.
func openSQLite(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("folder of the database: %w", err)
	}
	file, s := "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+pragmas, &Store{}
	var err error
	if s.Write, err = sql.Open("sqlite", file); err != nil {
		return nil, err
	}
	s.Write.SetMaxOpenConns(1)
	if s.Read, err = sql.Open("sqlite", file+"&mode=ro"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Read.SetMaxOpenConns(readers)
	return s, nil
}
