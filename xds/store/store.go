// Package store is the control plane's database: SQLite in a file of its own, or PostgreSQL,
// which several control planes share.
//
// The promise: the same questions have the same answers in both, and a migration never stops
// the version before from writing. The trap: SQLite has one writer, so writes go through one
// connection, and readers through others.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

// Store is an open database. It is safe for concurrent use.
type Store struct {
	Read, Write *sql.DB // of PostgreSQL, one pool
	Postgres    bool
}

// OpenSQLite opens the database in a file, and makes it if there is none.
func OpenSQLite(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("folder of the database: %w", err)
	}
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)&_txlock=immediate"
	write, err := sql.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	s := &Store{Write: write}
	if err := s.migrate(ctx, goose.DialectSQLite3, "sqlite"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.Read, err = sql.Open("sqlite", "file:"+path+pragmas+"&mode=ro"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenPostgres opens a database of PostgreSQL 14 or later. The URL holds a secret.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, errors.New("the database's URL cannot be read") // the error may quote it
	}
	s := &Store{Read: db, Write: db, Postgres: true}
	if err := s.migrate(ctx, goose.DialectPostgres, "postgres"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context, dialect goose.Dialect, folder string) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, s.Write, files)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error {
	if s.Postgres || s.Read == nil {
		return s.Write.Close()
	}
	return errors.Join(s.Read.Close(), s.Write.Close())
}

// SQL writes a statement, in which parameters are question marks, as the database takes it.
func (s *Store) SQL(text string) string {
	if !s.Postgres {
		return text
	}
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(text, "?") {
		if n > 0 {
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}
