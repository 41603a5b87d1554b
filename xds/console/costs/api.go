// Package costs is the part of the admin API that says what was consumed and what that costs.
package costs

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

// Report is what was consumed, by the dimensions that were asked for.
type Report struct {
	Since time.Time    `json:"since"`
	Until time.Time    `json:"until"`
	Rows  []Row        `json:"rows"`
	Total journal.Cost `json:"total"`
}

// Journal answers questions, as journal.Journal.
type Journal interface {
	Costs(context.Context, journal.Question) ([]journal.Line, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "costs"

// span is how far a question goes back that does not say.
const span = 24 * time.Hour

// Routes answers questions about a journal.
func Routes(j Journal, now func() time.Time) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{since, until, rows, total}`: by `?by=` (a list of " + strings.Join(journal.Dimensions(), ", ") + "), `since` and `until` (times, or durations back from now such as `24h`), and only the rows with a value (`model=fast`); whole hours",
		Handle: func(c *console.Call) (any, error) {
			q, err := questionOf(c.Query(), now())
			if err != nil {
				return nil, err
			}
			lines, err := j.Costs(c.Context(), q)
			if err != nil {
				return nil, err
			}
			total, err := j.Costs(c.Context(), journal.Question{Since: q.Since, Until: q.Until, Only: q.Only})
			if err != nil {
				return nil, err
			}
			return report(q, lines, total), nil
		},
	}}
}

func report(q journal.Question, lines, total []journal.Line) Report {
	r := Report{Since: q.Since, Until: q.Until, Rows: make([]Row, len(lines))}
	for i, l := range lines {
		r.Rows[i] = Row{By: q.By, Of: l.Of, Cost: l.Cost}
	}
	if len(total) > 0 {
		r.Total = total[0].Cost
	}
	return r
}

// questionOf reads what a URL asks for.
func questionOf(v url.Values, now time.Time) (q journal.Question, err error) {
	q = journal.Question{Since: now.Add(-span), Until: now.Add(time.Second), Only: map[string]string{}}
	dimensions := journal.Dimensions()
	for name, values := range v {
		value := values[len(values)-1]
		switch {
		case name == "by" && value != "":
			for _, d := range strings.Split(value, ",") {
				if !slices.Contains(dimensions, d) {
					return q, console.BadRequest.New("by: no dimension is called %q: there are %s", d, strings.Join(dimensions, ", "))
				}
				q.By = append(q.By, d)
			}
		case name == "by":
		case name == "since":
			q.Since, err = momentOf(name, value, now)
		case name == "until":
			q.Until, err = momentOf(name, value, now)
		case slices.Contains(dimensions, name):
			q.Only[name] = value
		default:
			return q, console.BadRequest.New("no parameter is called %q", name)
		}
		if err != nil {
			return q, err
		}
	}
	if !q.Since.Before(q.Until) {
		return q, console.BadRequest.New("since must be before until")
	}
	return q, nil
}

// momentOf reads a time, or a duration back from now.
func momentOf(name, value string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(value); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, nil
		}
	}
	return time.Time{}, console.BadRequest.New("%s: %q is no time, such as 2026-06-01 or 2026-06-01T12:00:00Z, and no duration back from now, such as 24h", name, value)
}
