package journal

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
)

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
	// Next is the cursor of the next page. In a list it is empty if there is none. A page may be
	// short, or have none, although there is a next one.
	Next string `json:"next"`
}

// Exchanges returns a page of exchanges, the newest first: the first one, or that of a cursor. A
// page looks at so many rows and no more, so it may hold few or none although there is a next one.
func (j *Journal) Exchanges(ctx context.Context, f Filter, after string, limit int) (*Page, error) {
	at := cursor{Began: math.MaxInt64}
	if after != "" {
		var err error
		if at, err = cursorOf(after); err != nil {
			return nil, err
		}
	}
	if !f.Until.IsZero() && at.Began >= f.Until.UnixNano() {
		at = cursor{Began: f.Until.UnixNano()}
	}
	w, err := j.walk(ctx, &f, at, limit)
	if err != nil {
		return nil, err
	}
	for !w.over() {
		if err := w.step(ctx); err != nil {
			return nil, err
		}
	}
	return w.page(), nil
}

// before leaves what comes after a place in the order of pages.
func (k cursor) before(s *statement) {
	s.add(" AND day <= ? AND began <= ? AND (began, exchange, attempt) < (?, ?, ?)", k.day(), k.Began, k.Began, k.Exchange, k.Attempt)
}

// moment is when what comes next after a place in the order of pages began, or later.
func (k cursor) moment() int64 {
	if k.Exchange == "" {
		return k.Began - 1
	}
	return k.Began
}

// day is that of its moment.
func (k cursor) day() int64 { return k.moment() / daily }

func (k cursor) page() cursor {
	return cursor{Began: k.Began, Exchange: k.Exchange, Attempt: k.Attempt}
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
