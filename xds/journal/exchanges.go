package journal

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// estimated is the source of a usage that no provider reported.
const estimated = "estimated"

// Filter is which exchanges are wanted.
type Filter struct {
	Since, Until time.Time           // of when they began; zero: there is no bound
	Is           map[string][]string // what a field is one of; see Fields
	Statuses     [][2]int            // ranges, first and last, of which the status is in one; none: any
	Slower       time.Duration       // took at least so long
	Dearer       int64               // cost at least so much, in nano-USD
	Failed       bool                // somebody failed
	Estimated    bool                // no provider reported what the answer or an attempt consumed
	Unpriced     bool                // the price of the answer or of an attempt is not known
}

// fields are the names of fields that a Filter knows, and their columns.
var fields = map[string]string{
	"user": "username", "team": "team", "feature": "feature", "session": "session", "model": "model", "asked": "asked", "served": "served",
	"provider": "provider", "backend": "backend", "dialect": "dialect", "operation": "operation", "revision": "revision",
	"outcome": "outcome", "failed_by": "failed_by", "reason": "reason",
}

// Fields are the names of fields by which exchanges are found.
func Fields() []string { return slices.Sorted(maps.Keys(fields)) }

// cursor is the place of a row in the order of pages, and in that in which rows came.
type cursor struct {
	Began    int64  `json:"t,omitempty"`
	Exchange string `json:"x,omitempty"`
	Attempt  int    `json:"n,omitempty"`
	Seq      int64  `json:"s,omitempty"`
}

// ErrCursor says that a text is no cursor.
var ErrCursor = errors.New("the cursor is none of the journal's")

func (k cursor) String() string {
	text, _ := json.Marshal(k) // texts and numbers always are JSON
	return base64.RawURLEncoding.EncodeToString(text)
}

func cursorOf(name string) (k cursor, err error) {
	text, err := base64.RawURLEncoding.DecodeString(name)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		return k, ErrCursor
	}
	return k, nil
}

// Page is a part of a list.
type Page struct {
	Exchanges []Exchange `json:"exchanges"`
	// Next is the cursor of the next page. In a list it is empty if there is none.
	Next string `json:"next"`
}

// Exchanges returns a page of exchanges, the newest first: the first one, or that of a cursor.
func (j *Journal) Exchanges(ctx context.Context, f Filter, after string, limit int) (*Page, error) {
	var s statement
	s.add("SELECT " + read + " FROM journal WHERE kind = 'call'")
	if after != "" {
		k, err := cursorOf(after)
		if err != nil {
			return nil, err
		}
		s.add(" AND day <= ? AND (began, exchange, attempt) < (?, ?, ?)", k.Began/hour/24, k.Began, k.Exchange, k.Attempt)
	}
	f.where(&s)
	s.add(" ORDER BY began DESC, exchange DESC, attempt DESC LIMIT ?", limit+1)
	all, err := j.exchanges(ctx, &s)
	if err != nil {
		return nil, err
	}
	p := &Page{Exchanges: all}
	if len(all) > limit {
		p.Exchanges, p.Next = all[:limit], all[limit-1].place.page().String()
	}
	return p, nil
}

func (k cursor) page() cursor {
	return cursor{Began: k.Began, Exchange: k.Exchange, Attempt: k.Attempt}
}

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
	f.where(&s)
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

func (j *Journal) exchanges(ctx context.Context, s *statement) ([]Exchange, error) {
	rows, err := j.ask(ctx, s)
	if err != nil {
		return nil, err
	}
	all := []Exchange{}
	return all, each(rows, func(rows *sql.Rows) error {
		e, err := scanExchange(rows)
		if err == nil {
			all = append(all, *e)
		}
		return err
	})
}

// where leaves what the filter wants.
func (f *Filter) where(s *statement) {
	s.add(" AND day >= ? AND began >= ?", f.since()/hour/24, f.since())
	if !f.Until.IsZero() {
		s.add(" AND day <= ? AND began < ?", f.Until.UnixNano()/hour/24, f.Until.UnixNano())
	}
	for _, name := range slices.Sorted(maps.Keys(f.Is)) {
		s.add(" AND ")
		oneOf(s, fields[name], f.Is[name])
	}
	for i, r := range f.Statuses {
		s.add([]string{" AND (", " OR "}[min(i, 1)]+"status BETWEEN ? AND ?", r[0], r[1])
	}
	if len(f.Statuses) > 0 {
		s.add(")")
	}
	if f.Slower > 0 {
		s.add(" AND duration >= ?", f.Slower.Nanoseconds())
	}
	if f.Dearer > 0 {
		s.add(` AND COALESCE(cost, 0) + COALESCE((SELECT SUM(cost) FROM journal a
			WHERE a.day = journal.day AND a.exchange = journal.exchange AND a.kind = 'attempt'), 0) >= ?`, f.Dearer)
	}
	if f.Failed {
		s.add(" AND failed_by <> ''")
	}
	if f.Estimated {
		s.add(" AND exchange IN (SELECT exchange FROM journal WHERE usage_source = 'estimated' AND began >= ?)", f.since())
	}
	if f.Unpriced {
		s.add(" AND exchange IN (SELECT exchange FROM journal WHERE unpriced = 1 AND began >= ?)", f.since())
	}
}

// since is the least moment; 0: there is no bound.
func (f *Filter) since() int64 {
	if f.Since.IsZero() {
		return 0
	}
	return f.Since.UnixNano()
}
