package audit

import (
	"context"
	"time"

	"github.com/headgate/headgate/xds/store"
)

// Filter is which rows are wanted.
type Filter struct {
	Since, Until time.Time // zero: there is no bound
	Is           map[string]string
	Before       string // id of the last row of the page before; empty: the first page
	Limit        int
}

// Fields are the names by which a Filter finds rows, in the order in which they are shown.
func Fields() []string { return []string{"action", "author", "key", "outcome"} }

// List returns rows, the newest first. What waited for the database is among them.
func (l *Log) List(ctx context.Context, f Filter) ([]Row, error) {
	if err := l.Move(ctx); err != nil {
		return nil, err
	}
	s, err := l.database.Open(ctx)
	if err != nil {
		return nil, err
	}
	return f.list(ctx, s)
}

func (f *Filter) list(ctx context.Context, s *store.Store) ([]Row, error) {
	statement, values := "SELECT "+columns+" FROM audit WHERE TRUE", []any{}
	and := func(condition string, value any) {
		statement += " AND " + condition
		values = append(values, value)
	}
	if !f.Since.IsZero() {
		and("at >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		and("at < ?", f.Until.UnixNano())
	}
	if f.Before != "" {
		and("id < ?", f.Before)
	}
	for _, name := range Fields() {
		if value, ok := f.Is[name]; ok {
			and(name+" = ?", value)
		}
	}
	rows, err := s.Read.QueryContext(ctx, s.SQL(statement+" ORDER BY id DESC LIMIT ?"), append(values, f.Limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // Err says all
	all := []Row{}
	for rows.Next() {
		var r Row
		var at int64
		into := []any{&r.ID, &at}
		for _, text := range r.texts() {
			into = append(into, text)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r.At = time.Unix(0, at).UTC()
		all = append(all, r)
	}
	return all, rows.Err()
}
