// Package audits is the part of the admin API that lists what was changed through it, by whom.
package audits

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/console"
)

// Log lists rows, as audit.Log.
type Log interface {
	List(context.Context, audit.Filter) ([]audit.Row, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "audit"

// RowOf is the row of a record.
func RowOf(r console.Record) audit.Row {
	return audit.Row{Key: r.Key, Author: r.Author, Action: r.Action, Subject: r.Subject, From: r.From, To: r.To, Reason: r.Reason, Outcome: r.Outcome}
}

// What a page holds: unless the URL says otherwise, and at most.
const (
	perPage = 50
	maxPage = 1000
)

// Page is a part of the list.
type Page struct {
	Rows []audit.Row `json:"rows"`
	Next string      `json:"next"` // cursor of the next page; empty: there is none
}

// Routes lists rows of a log.
func Routes(l Log, now func() time.Time) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{rows: [{id, at, key, author, action, subject, from, to, reason, outcome}], next}`: what was to be changed through this API, the newest first: everything, or that of " + console.SpanText +
			"; only what has a value (" + strings.Join(audit.Fields(), ", ") + "). `key` is the id of the admin key, `outcome` is `done` or the code of the failure. A page has `limit` rows (50, at most 1000); `cursor=NEXT` asks for the next one",
		Handle: func(c *console.Call) (any, error) {
			f, err := filterOf(c, now())
			if err != nil {
				return nil, err
			}
			limit := f.Limit
			f.Limit++
			rows, err := l.List(c.Context(), f)
			if err != nil {
				return nil, err
			}
			p := Page{Rows: rows}
			if len(rows) > limit {
				p.Rows, p.Next = rows[:limit], rows[limit-1].ID
			}
			return p, nil
		},
	}}
}

// filterOf reads what a URL asks for.
func filterOf(c *console.Call, now time.Time) (f audit.Filter, err error) {
	s, err := c.Span(now, now.Sub(time.Unix(0, 0)))
	if err != nil {
		return f, err
	}
	f = audit.Filter{Since: s.Since, Until: s.Until, Limit: perPage, Is: map[string]string{}}
	known := map[string]func(string) error{
		"cursor": func(text string) error { f.Before = text; return nil },
		"limit": func(text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > maxPage {
				return console.BadRequest.New("limit: must be a number from 1 to %d, is %q", maxPage, text)
			}
			f.Limit = n
			return nil
		},
	}
	for _, name := range console.SpanParameters {
		known[name] = func(string) error { return nil } // read above
	}
	for _, name := range audit.Fields() {
		known[name] = func(text string) error { f.Is[name] = text; return nil }
	}
	for name, values := range c.Query() {
		read, ok := known[name]
		if !ok || len(values) != 1 {
			return f, console.BadRequest.New("%s: is no parameter, or stands more than once", name)
		}
		if err := read(values[0]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// Asked is what a question names, as a URL has it; empty fields are left out.
type Asked struct {
	Since, Until, In string
	Is               map[string]string // see audit.Fields
	Limit            int
	Cursor           string
}

// Query is the URL's query.
func (a *Asked) Query() string {
	q := url.Values{}
	for name, value := range map[string]string{"since": a.Since, "until": a.Until, "in": a.In, "cursor": a.Cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, value := range a.Is {
		q.Set(name, value)
	}
	if a.Limit > 0 {
		q.Set("limit", strconv.Itoa(a.Limit))
	}
	return q.Encode()
}
