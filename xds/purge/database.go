package purge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/headgate/headgate/xds/store"
)

// asker is a database or a transaction.
type asker interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// versionOf returns the version of the last change; 0: there was none.
func versionOf(ctx context.Context, db *store.Store) (version int64, err error) {
	err = db.Read.QueryRowContext(ctx, "SELECT version FROM cache_purge_state").Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return version, err
}

// clock is the database's at a moment. A file of SQLite goes by that of whoever opens it.
type clock struct {
	here time.Time
	skew time.Duration // of the database's
}

func (b *Book) clock(ctx context.Context, a asker, db *store.Store) (c clock, err error) {
	c.here = b.options.Now()
	if !db.Postgres {
		return c, nil
	}
	var micros int64
	err = a.QueryRowContext(ctx, "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1e6)::BIGINT").Scan(&micros)
	c.skew = time.UnixMicro(micros).Sub(c.here)
	return c, err
}

// there is a moment as the database has it.
func (c clock) there(t time.Time) int64 { return t.Add(c.skew).UnixNano() }

// local is a moment of the database's.
func (c clock) local(nanos int64) time.Time { return time.Unix(0, nanos).Add(-c.skew).UTC() }

// active returns the purges that are active, the oldest first.
func (b *Book) active(ctx context.Context, a asker, db *store.Store) ([]Purge, error) {
	c, err := b.clock(ctx, a, db)
	if err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	return c.active(ctx, a, db)
}

func (c clock) active(ctx context.Context, a asker, db *store.Store) ([]Purge, error) {
	rows, err := a.QueryContext(ctx, db.SQL("SELECT id, at, selection, ordered_by, reason FROM cache_purge WHERE at > ? ORDER BY at, id"), c.there(c.here.Add(-Life)))
	if err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	defer rows.Close() // Err says all
	all := []Purge{}
	for rows.Next() {
		var p Purge
		var at int64
		var selection string
		if err := rows.Scan(&p.ID, &at, &selection, &p.By, &p.Reason); err != nil {
			return nil, fmt.Errorf("purges: %w", err)
		}
		if err := json.Unmarshal([]byte(selection), &p.Selection); err != nil {
			return nil, fmt.Errorf("purges: selection of %s: %w", p.ID, err)
		}
		p.At = c.local(at)
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	return all, nil
}

// made is what came of an order.
type made struct {
	purge   Purge
	all     []Purge // that are active then
	over    []Purge // whose place it takes
	version int64
}

// change writes a purge. All changes of a database come one after the other, each with a version
// above the one before.
func (b *Book) change(ctx context.Context, db *store.Store, p Purge) (*made, error) {
	tx, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	defer tx.Rollback() // an error says that it was committed
	m := &made{}
	if m.version, err = b.next(ctx, tx, db); err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	c, err := b.clock(ctx, tx, db)
	if err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	before, err := c.active(ctx, tx, db)
	if err != nil {
		return nil, err
	}
	if err := m.add(p, before, c); err != nil {
		return nil, err
	}
	if err := m.write(ctx, tx, db, c); err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("purges: %w", err)
	}
	return m, nil
}

// next takes the next version, for which others wait. It is a time in microseconds, so that it
// lies above those that a database which was restored has lost.
func (b *Book) next(ctx context.Context, tx *sql.Tx, db *store.Store) (version int64, err error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO cache_purge_state (one, version) VALUES (1, 0) ON CONFLICT DO NOTHING"); err != nil {
		return 0, err
	}
	at := b.options.Now().UnixMicro()
	err = tx.QueryRowContext(ctx, db.SQL("UPDATE cache_purge_state SET version = CASE WHEN version < ? THEN ? ELSE version + 1 END WHERE one = 1 RETURNING version"), at, at).Scan(&version)
	return version, err
}

// add adds a purge of now to those before.
func (m *made) add(p Purge, before []Purge, c clock) error {
	p.At, p.ID = c.here.UTC(), ulid.MustNewDefault(c.here).String()
	for _, q := range before {
		if p.covers(&q.Selection) && !q.At.After(p.At) {
			m.over = append(m.over, q)
		} else {
			m.all = append(m.all, q)
		}
	}
	if len(m.all) >= MaxActive {
		return &Refusal{ErrFull, fmt.Errorf("%d purges are active, and there may be no more: purge what many of them name at once, such as a whole model, which takes their place", len(m.all))}
	}
	m.purge, m.all = p, append(m.all, p)
	return nil
}

// write writes it, and takes out what is not active any more.
func (m *made) write(ctx context.Context, tx *sql.Tx, db *store.Store, c clock) error {
	if _, err := tx.ExecContext(ctx, db.SQL("DELETE FROM cache_purge WHERE at <= ?"), c.there(c.here.Add(-Life))); err != nil {
		return err
	}
	for _, p := range m.over {
		if _, err := tx.ExecContext(ctx, db.SQL("DELETE FROM cache_purge WHERE id = ?"), p.ID); err != nil {
			return err
		}
	}
	selection, err := json.Marshal(m.purge.Selection)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, db.SQL("INSERT INTO cache_purge (id, at, selection, ordered_by, reason) VALUES (?, ?, ?, ?, ?)"),
		m.purge.ID, c.there(m.purge.At), string(selection), m.purge.By, m.purge.Reason)
	return err
}
