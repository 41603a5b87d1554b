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

// shut makes the file if there is none, and keeps other users than its owner and group out of it and
// of those beside it, which SQLite makes with the mode of the first.
func shut(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o007 != 0 {
			_ = os.Chmod(name, info.Mode().Perm()&^0o007) // it is another user's, who lets all read it
		}
	}
	return f.Close()
}

// openSQLite opens a database whose schema may be any.
func openSQLite(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("folder of the database: %w", err)
	}
	if err := shut(path); err != nil {
		return nil, fmt.Errorf("file of the database: %w", err)
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
