// Package guards is the part of the admin API that says what guards made of exchanges, and what
// those in shadow would have done.
package guards

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
	Guards(context.Context, journal.GuardQuestion) (*journal.GuardSums, error)
}

// Prefix is what the routes are mounted under.
const Prefix = "guards"

// span is how far a question goes back that does not say.
const span = 24 * time.Hour

// modes are those of guards.
var modes = []string{"enforce", "shadow"}

// Report is what guards made of the exchanges of whole hours.
type Report struct {
	Since  time.Time          `json:"since"`
	Until  time.Time          `json:"until"`
	Guards []journal.GuardSum `json:"guards"`
}

// Routes answers questions about a journal.
func Routes(j Journal, now func() time.Time) []console.Route {
	return []console.Route{{Method: "GET", Right: console.Read,
		Answer: "`{since, until, guards: [{guard, kind, direction, mode, action, exchanges, results, types, more_types, models}]}`: what guards made of exchanges of the last 24 hours, or of " + console.SpanText +
			", by whole hours, which the answer names; `results` counts exchanges by what came of the guard (`pass`, `flagged`, `masked`, `repaired`, `cut`, `denied`, `error`, `late`), in shadow by what would have come; with `mode=shadow` or `mode=enforce`, of such guards only",
		Handle: func(c *console.Call) (any, error) {
			q, err := questionOf(c, now())
			if err != nil {
				return nil, err
			}
			sums, err := j.Guards(c.Context(), q)
			if err != nil {
				return nil, err
			}
			if sums.Until.IsZero() {
				sums.Until = now()
			}
			return Report{sums.Since.UTC(), sums.Until.UTC(), sums.Guards}, nil
		},
	}}
}

func questionOf(c *console.Call, now time.Time) (q journal.GuardQuestion, err error) {
	s, err := c.Span(now, span)
	if err != nil {
		return q, err
	}
	q.Since, q.Until = s.Since, s.Until
	for name, values := range c.Query() {
		switch {
		case slices.Contains(console.SpanParameters, name):
		case name != "mode":
			return q, console.BadRequest.New("no parameter is called %q: there are mode, %s", name, strings.Join(console.SpanParameters, ", "))
		default:
			for _, v := range values {
				if !slices.Contains(modes, v) {
					return q, console.BadRequest.New("mode: must be enforce or shadow, is %q", v)
				}
			}
			q.Modes = values
		}
	}
	return q, nil
}

// Asked is a question as the API takes it.
type Asked struct {
	Since, Until, In string // empty: as the API has it
	Mode             string // empty: both
}

// Query writes the question as the query of a URL.
func (a *Asked) Query() string {
	q := url.Values{}
	for name, value := range map[string]string{"since": a.Since, "until": a.Until, "in": a.In, "mode": a.Mode} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}
