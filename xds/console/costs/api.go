// Package costs is the part of the admin API that says what was consumed and what that costs.
package costs

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/journal"
)

// Journal answers questions, as journal.Journal.
type Journal interface {
	Costs(context.Context, journal.Question) (*journal.Costs, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "costs"

// span is how far a question goes back that does not say.
const span = 24 * time.Hour

// Routes answers questions about a journal.
func Routes(j Journal, now func() time.Time) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{since, until, by, rows, more, total}`: by `?by=` (a list of " + strings.Join(journal.Dimensions(), ", ") + "), of the last 24 hours or of " + console.SpanText +
			"; only what has a value (`model=fast`; repeated: one of several); with `top`, so many of the dearest and in `more` how many were left out; with `latency=true`, percentiles. A row has a key for each dimension; the total is of all rows",
		Handle: func(c *console.Call) (any, error) {
			q, top, err := questionOf(c, now())
			if err != nil {
				return nil, err
			}
			answer, err := j.Costs(c.Context(), q)
			if err != nil {
				return nil, err
			}
			if answer.Until.IsZero() {
				answer.Until = now()
			}
			return report(q.By, answer, top), nil
		},
	}}
}

// questionOf reads what a URL asks for, and how many lines at most; 0: all.
func questionOf(c *console.Call, now time.Time) (q journal.Question, top int, err error) {
	s, err := c.Span(now, span)
	if err != nil {
		return q, 0, err
	}
	q = journal.Question{Only: map[string][]string{}, Since: s.Since, Until: s.Until}
	for name, values := range c.Query() {
		switch {
		case slices.Contains(console.SpanParameters, name):
		case name == "by":
			q.By, err = dimensions(values)
		case name == "top":
			if top, err = strconv.Atoi(values[0]); err != nil || top < 1 {
				err = console.BadRequest.New("top: must be a number above 0, is %q", values[0])
			}
		case name == "latency":
			if q.Latency, err = strconv.ParseBool(values[0]); err != nil {
				err = console.BadRequest.New("latency: must be true or false, is %q", values[0])
			}
		case slices.Contains(journal.Values(), name):
			q.Only[name] = values
		default:
			err = console.BadRequest.New("no parameter is called %q: there are by, top, latency, %s, and %s", name,
				strings.Join(console.SpanParameters, ", "), strings.Join(journal.Values(), ", "))
		}
		if err != nil {
			return q, 0, err
		}
	}
	return q, top, nil
}

// dimensions reads a list of dimensions.
func dimensions(lists []string) (by []string, err error) {
	for _, name := range strings.Split(strings.Join(lists, ","), ",") {
		switch {
		case name == "":
		case slices.Contains(by, name):
			return nil, console.BadRequest.New("by: %q is named twice", name)
		case !slices.Contains(journal.Dimensions(), name):
			return nil, console.BadRequest.New("by: no dimension is called %q: there are %s", name, strings.Join(journal.Dimensions(), ", "))
		default:
			by = append(by, name)
		}
	}
	return by, nil
}

// Asked is a question as the API takes it.
type Asked struct {
	By               []string
	Only             map[string][]string
	Since, Until, In string // empty: as the API has it
	Top              int    // 0: all
	Latency          bool
}

// Query writes the question as the query of a URL.
func (a *Asked) Query() string {
	q := url.Values{"by": {strings.Join(a.By, ",")}}
	for name, values := range a.Only {
		q[name] = values
	}
	for name, value := range map[string]string{"since": a.Since, "until": a.Until, "in": a.In} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if a.Top != 0 {
		q.Set("top", strconv.Itoa(a.Top))
	}
	if a.Latency {
		q.Set("latency", "true")
	}
	return q.Encode()
}
