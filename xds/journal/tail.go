package journal

import (
	"context"
	"database/sql"
	"math"
)

// Tail returns the exchanges whose rows came after a cursor, in the order in which they came,
// and the cursor from which to go on. Without one it returns none, and the cursor of what comes
// next.
func (j *Journal) Tail(ctx context.Context, f Filter, after string, limit int) (*Page, error) {
	last, err := j.last(ctx)
	if err != nil || after == "" {
		return &Page{Exchanges: []Exchange{}, Next: cursor{Seq: last}.String()}, err
	}
	k, err := cursorOf(after)
	if err != nil {
		return nil, err
	}
	if k.Seq > last { // the database is another one
		k.Seq = last
	}
	var s statement
	s.add("SELECT "+read+" FROM journal WHERE kind = 'call' AND seq > ? AND seq <= ?", k.Seq, last)
	f.where(&s, f.since(), math.MaxInt64)
	s.add(" ORDER BY seq LIMIT ?", limit)
	all, err := j.exchanges(ctx, &s)
	if err != nil {
		return nil, err
	}
	if len(all) == limit {
		last = all[limit-1].place.Seq
	}
	return &Page{Exchanges: all, Next: cursor{Seq: last}.String()}, nil
}

// last is the place of the row that came last.
func (j *Journal) last(ctx context.Context) (seq int64, err error) {
	var s statement
	s.add("SELECT COALESCE(MAX(seq), 0) FROM journal")
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return 0, err
	}
	return seq, each(rows, func(rows *sql.Rows) error { return rows.Scan(&seq) })
}
