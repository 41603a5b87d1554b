package console

import (
	"strconv"
	"strings"
	"time"
)

// Span is a span of time that a URL asks for.
type Span struct {
	Since time.Time
	Until time.Time // that moment does not count; zero: there is no end
}

// SpanText says how a span is asked for.
const SpanText = "`since` and `until` (times such as `2026-06-01T12:00:00Z`, days and months in UTC, which stand for their beginning, or durations back from now such as `90m` and `7d`), or `in` (a day or a month)"

// SpanParameters are the names of a span's parameters.
var SpanParameters = []string{"since", "until", "in"}

// Span reads a span of time. Without one it is what came in a duration before now.
func (c *Call) Span(now time.Time, otherwise time.Duration) (s Span, err error) {
	q := c.Query()
	since, until, in := q.Get("since"), q.Get("until"), q.Get("in")
	if in != "" {
		if since != "" || until != "" {
			return s, BadRequest.New("in: names a whole span, so since and until cannot stand beside it")
		}
		return wholeSpan(in)
	}
	s.Since = now.Add(-otherwise)
	if since != "" {
		if s.Since, err = moment("since", since, now); err != nil {
			return s, err
		}
	}
	if until == "" {
		return s, nil
	}
	if s.Until, err = moment("until", until, now); err != nil {
		return s, err
	}
	if !s.Since.Before(s.Until) {
		return s, BadRequest.New("since, %s, must be before until, %s", s.Since.Format(time.RFC3339), s.Until.Format(time.RFC3339))
	}
	return s, nil
}

// wholeSpan reads a day or a month.
func wholeSpan(text string) (Span, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil && known(t) {
		return Span{t, t.AddDate(0, 0, 1)}, nil
	}
	if t, err := time.Parse("2006-01", text); err == nil && known(t) {
		return Span{t, t.AddDate(0, 1, 0)}, nil
	}
	return Span{}, BadRequest.New("in: %q is no day, such as 2026-06-01, and no month, such as 2026-06", text)
}

// known reports whether a time is one that the journal can have.
func known(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }

// moment reads a time, or a duration back from now.
func moment(name, text string, now time.Time) (time.Time, error) {
	if d, ok := durationBack(text); ok {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly, "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil && known(t) {
			return t, nil
		}
	}
	return time.Time{}, BadRequest.New("%s: %q is no time from 1970 to 2200, such as 2026-06-01 or 2026-06-01T12:00:00Z, and no duration back from now, such as 90m or 7d", name, text)
}

// durationBack reads a duration that is not negative, of days, too.
func durationBack(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 14)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
