package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Refuses reports whether an error is about what was to be written, which will be refused the
// next time, too.
func (s *Store) Refuses(err error) bool {
	var postgres *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &postgres):
		return refusals[postgres.Code] || refusals[postgres.Code[:2]]
	case errors.As(err, &lite):
		code := lite.Code() & 0xff // the rest says more of it
		return code == sqlite3.SQLITE_TOOBIG || code == sqlite3.SQLITE_CONSTRAINT || code == sqlite3.SQLITE_MISMATCH
	}
	return false
}

// refusals are states of PostgreSQL, or classes of them (appendix A of its manual), that name
// a fault of what was to be written.
var refusals = map[string]bool{
	"22":    true, // data exceptions: a number out of range, an invalid text
	"23502": true, // a value is missing
	"54000": true, // a text is longer than an index takes
}
