package store

import (
	"context"
	"database/sql/driver"
)

// Alone runs f unless another control plane runs what has the same lock, and reports whether it
// did. The lock goes with the connection that has it, so one that is lost is free again.
func (s *Store) Alone(ctx context.Context, lock int64, f func(context.Context) error) (ran bool, err error) {
	if !s.Postgres {
		return true, f(ctx)
	}
	conn, err := s.Write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close() // it goes back to the others
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lock).Scan(&ran); err != nil || !ran {
		return false, err
	}
	err = f(ctx)
	if _, broken := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock); broken != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which ends it, and the lock
	}
	return true, err
}
