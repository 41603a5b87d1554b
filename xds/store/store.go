// Package store is the control plane's database: SQLite in a file of its own, or PostgreSQL,
// which several control planes share.
//
// The promise: the same questions have the same answers in both, a migration never stops the
// version before from writing, and a database that is away stops nothing but what needs it. The
// trap: SQLite has one writer, so writes go through one connection, and readers through others.
package store

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	Read, Write *sql.DB
	Postgres    bool
}

// Close closes the database, once what it was asked has been answered.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.Read, s.Write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
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
