package journal

import (
	"context"
	"database/sql"
	"math"
)

// daily is a day in nanoseconds.
const daily = 24 * hour

// A walk looks for the exchanges of a page, the newest first, in steps that look at few rows
// and then at more: most pages are full after the first one.
type walk struct {
	journal *Journal
	filter  *Filter
	limit   int
	at      cursor // the place down to which it has looked
	end     int64  // the moment down to which there may be exchanges
	days    int64  // the next step looks at so many days
	look    int    // and at so many rows
	left    int    // at so many rows the page may look yet
	found   []Exchange
}

// few is at how many rows the first step looks.
const few = 500

// walk begins at a place.
func (j *Journal) walk(ctx context.Context, f *Filter, at cursor, limit int) (*walk, error) {
	var s statement
	s.add("SELECT COALESCE(MIN(day), 0), COALESCE(MAX(day), 0) FROM journal_day")
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return nil, err
	}
	var from, to int64
	if err := each(rows, func(rows *sql.Rows) error { return rows.Scan(&from, &to) }); err != nil {
		return nil, err
	}
	w := &walk{journal: j, filter: f, limit: limit, at: at, end: max(f.since(), from*daily), days: 1, look: few, left: f.indexed(&statement{}), found: []Exchange{}}
	if to < math.MaxInt64/daily {
		w.skipTo((to + 1) * daily)
	}
	return w, w.skip(ctx)
}

// skipTo goes on with what began before a moment.
func (w *walk) skipTo(moment int64) {
	if moment < w.at.Began || moment == w.at.Began && w.at.Exchange != "" {
		w.at = cursor{Began: moment}
	}
}

// over reports whether the page is full or has looked at enough rows, or there are no more.
func (w *walk) over() bool { return len(w.found) > w.limit || w.left <= 0 || w.ended() }

func (w *walk) ended() bool {
	return w.at.Began < w.end || w.at.Began == w.end && w.at.Exchange == ""
}

// step looks at some rows.
func (w *walk) step(ctx context.Context) error {
	floor := max(w.end, (w.at.day()+1-w.days)*daily)
	if w.filter.exact() {
		w.days *= 4
	} else if err := w.count(ctx, &floor); err != nil {
		return err
	}
	var s statement
	s.add("SELECT " + read + " FROM journal WHERE kind = 'call'")
	w.at.before(&s)
	w.filter.where(&s, floor, w.at.Began)
	s.add(" ORDER BY began DESC, exchange DESC, attempt DESC LIMIT ?", w.limit+1-len(w.found))
	more, err := w.journal.exchanges(ctx, &s)
	w.found = append(w.found, more...)
	w.at = cursor{Began: floor}
	if err != nil || len(w.found) > w.limit {
		return err
	}
	return w.skip(ctx)
}

// count raises the moment down to which a step looks until there are few enough rows. It asks for
// what indices have, and nothing else.
func (w *walk) count(ctx context.Context, floor *int64) error {
	w.look = min(w.look, w.left)
	var s statement
	s.add("SELECT COUNT(*), COALESCE(MIN(began), 0) FROM (SELECT began FROM journal WHERE day BETWEEN ? AND ? AND began BETWEEN ? AND ? AND (began, exchange) <= (?, ?)",
		*floor/daily, w.at.day(), *floor, w.at.Began, w.at.Began, w.at.Exchange)
	w.filter.indexed(&s)
	s.add(" ORDER BY began DESC LIMIT ?) looked", w.look+1)
	rows, err := w.journal.ask(ctx, &s)
	if err != nil {
		return err
	}
	var n int
	var last int64
	if err := each(rows, func(rows *sql.Rows) error { return rows.Scan(&n, &last) }); err != nil {
		return err
	}
	w.left -= n
	if n > w.look {
		*floor = last
		w.look *= 2
	} else {
		w.days *= 4
	}
	return nil
}

// page is what was found.
func (w *walk) page() *Page {
	switch all := w.found; {
	case len(all) > w.limit:
		return &Page{Exchanges: all[:w.limit], Next: all[w.limit-1].place.page().String()}
	case !w.ended():
		return &Page{Exchanges: all, Next: w.at.String()}
	default:
		return &Page{Exchanges: all}
	}
}
