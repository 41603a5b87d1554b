// Package caches is the part of the admin API that says what the cache made of exchanges: what it
// gave and saved, what it would have, and how often it was wrong.
package caches

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

// Journal answers questions, as journal.Journal.
type Journal interface {
	Cache(context.Context, journal.CacheQuestion) (*journal.CacheSums, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "cache"

// span is how far a question goes back that does not say.
const span = 24 * time.Hour

// Report is what the cache made of the exchanges of whole hours, by the dimensions that were asked
// for.
type Report struct {
	Since time.Time        `json:"since"`
	Until time.Time        `json:"until"`
	By    []string         `json:"by"`
	Rows  []Row            `json:"rows"`
	Total journal.CacheSum `json:"total"` // of all rows
}

// Row is a line of a report.
type Row struct {
	Of map[string]string `json:"of"` // the value of each dimension that was asked for
	journal.CacheSum
}

// Routes answers questions about a journal.
func Routes(j Journal, now func() time.Time) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{since, until, by, rows: [{of, exchanges, lookups, hits, hit_rate, results, reasons, saved_nano_usd, saved_s, stored, not_stored, shadow, verified, semantic}], total}`: what the cache made of exchanges by `?by=` (a list of " + strings.Join(journal.CacheDimensions(), ", ") +
			"; `model` by default), of the last 24 hours or of " + console.SpanText + ", by whole hours, which the answer names; only what has a value (`model=faq`; repeated: one of several). `results` counts exchanges by what came of looking for an answer (`hit`, `semantic_hit`, `coalesced`, `miss`, `shadow_hit`, `verified`, `bypassed`), `reasons` why there was no hit, `not_stored` why an answer was not kept; `hits` are the first three results, and `hit_rate` their share of `lookups`, which are all but `bypassed`. `shadow` is what hits in shadow would have saved. `verified` is of hits that were asked anew: how many fresh answers say the `same` and how many something `other`, the share that was `wrong` and the bounds of its 95 % interval, `low` and `high`; `semantic` is the same of questions that were worded otherwise",
		Handle: func(c *console.Call) (any, error) {
			q, err := questionOf(c, now())
			if err != nil {
				return nil, err
			}
			sums, err := j.Cache(c.Context(), q)
			if err != nil {
				return nil, err
			}
			if sums.Until.IsZero() {
				sums.Until = now()
			}
			return report(q.By, sums), nil
		},
	}}
}

func report(by []string, sums *journal.CacheSums) Report {
	r := Report{Since: sums.Since.UTC(), Until: sums.Until.UTC(), By: by, Rows: []Row{}, Total: sums.Total}
	for _, l := range sums.Lines {
		row := Row{Of: map[string]string{}, CacheSum: l.CacheSum}
		for i, name := range by {
			row.Of[name] = l.Of[i]
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

func questionOf(c *console.Call, now time.Time) (q journal.CacheQuestion, err error) {
	s, err := c.Span(now, span)
	if err != nil {
		return q, err
	}
	q = journal.CacheQuestion{By: []string{"model"}, Only: map[string][]string{}, Since: s.Since, Until: s.Until}
	for name, values := range c.Query() {
		switch {
		case slices.Contains(console.SpanParameters, name):
		case name == "by":
			if q.By, err = dimensions(values); err != nil {
				return q, err
			}
		case slices.Contains(journal.CacheValues(), name):
			q.Only[name] = values
		default:
			return q, console.BadRequest.New("no parameter is called %q: there are by, %s, and %s", name,
				strings.Join(console.SpanParameters, ", "), strings.Join(journal.CacheValues(), ", "))
		}
	}
	return q, nil
}

// dimensions reads lists of dimensions.
func dimensions(lists []string) ([]string, error) {
	by := strings.Split(strings.Join(lists, ","), ",")
	for i, name := range by {
		switch {
		case !slices.Contains(journal.CacheDimensions(), name):
			return nil, console.BadRequest.New("by: no dimension is called %q: there are %s", name, strings.Join(journal.CacheDimensions(), ", "))
		case slices.Contains(by[:i], name):
			return nil, console.BadRequest.New("by: %q is named twice", name)
		}
	}
	return by, nil
}

// Asked is a question as the API takes it.
type Asked struct {
	By               []string            // none: model
	Only             map[string][]string // of a dimension, the values of which one counts
	Since, Until, In string              // empty: as the API has it
}

// Query writes the question as the query of a URL.
func (a *Asked) Query() string {
	q := url.Values{}
	for name, values := range a.Only {
		q[name] = values
	}
	for name, value := range map[string]string{"by": strings.Join(a.By, ","), "since": a.Since, "until": a.Until, "in": a.In} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}
