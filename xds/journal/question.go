package journal

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Question is what of the journal is summed.
type Question struct {
	By      []string            // dimensions, in the order in which they are shown; see Dimensions
	Only    map[string][]string // of a dimension, the values of which one counts; see Values
	Since   time.Time
	Until   time.Time // that moment does not count; zero: there is no end
	Latency bool      // percentiles are wanted, too
}

const hour = int64(time.Hour)

// grain is what the rows of a source are of.
type grain int

const (
	exchanges grain = iota // and attempts; bounds are in nanoseconds
	hours                  // bounds are their numbers since 1970, in UTC, and those of days
	days
)

// source is a table with the span of it that a question asks for.
type source struct {
	grain
	from, to int64
}

// sources are the rollups of the whole days and hours of a span, and the rows of the hours that
// it cuts.
func (q *Question) sources() []source {
	since := q.Since.UnixNano()
	first, last := (since+hour-1)/hour, endless
	var cut []source
	until := int64(0)
	if !q.Until.IsZero() {
		until = q.Until.UnixNano()
		last = until / hour
		if first > last {
			return []source{{exchanges, since, until}}
		}
	}
	if since < first*hour {
		cut = append(cut, source{exchanges, since, first * hour})
	}
	if until > last*hour {
		cut = append(cut, source{exchanges, last * hour, until})
	}
	return append(q.whole(first, last), cut...)
}

// endless is an hour that nothing reaches, with which a day begins.
const endless = int64(24 << 26)

// whole are the rollups of a span of hours: days where they are whole, unless the question is
// about hours.
func (q *Question) whole(first, last int64) []source {
	from, to := (first+23)/24, last/24
	if from >= to || slices.Contains(q.By, "hour") {
		return []source{{hours, first, last}}
	}
	all := []source{{days, from, to}}
	if first < from*24 {
		all = append(all, source{hours, first, from * 24})
	}
	if to*24 < last {
		all = append(all, source{hours, to * 24, last})
	}
	return all
}

// statement is a question as text, with its parameters.
type statement struct {
	text strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) {
	s.text.WriteString(text)
	s.args = append(s.args, args...)
}

// selectFrom asks a source for the dimensions and for more beside them.
func (q *Question) selectFrom(s *statement, from source, more string) error {
	s.add("SELECT ")
	for _, name := range q.By {
		d, err := dimensionOf(name)
		if err != nil {
			return err
		}
		s.add("CAST(" + d.in(from) + " AS TEXT), ")
	}
	switch from.grain {
	case exchanges:
		s.add(more+" FROM journal WHERE day BETWEEN ? AND ? AND began >= ? AND began < ? AND operation <> '"+listing+"'", from.from/hour/24, (from.to-1)/hour/24, from.from, from.to)
	case hours:
		s.add(more+" FROM rollup WHERE hour >= ? AND hour < ?", from.from, from.to)
	case days:
		s.add(more+" FROM rollup_day WHERE day >= ? AND day < ?", from.from, from.to)
	}
	return q.only(s, from)
}

// only leaves what has the values that are asked for.
func (q *Question) only(s *statement, from source) error {
	for _, name := range slices.Sorted(maps.Keys(q.Only)) {
		d, err := dimensionOf(name)
		if err != nil {
			return err
		}
		s.add(" AND ")
		oneOf(s, d.in(from), q.Only[name])
	}
	return nil
}

// oneOf holds that a column has one of the values.
func oneOf[T any](s *statement, column string, values []T) {
	s.add(column + " IN (" + places(len(values)) + ")")
	for _, v := range values {
		s.args = append(s.args, v)
	}
}

func (d *dimension) in(from source) string {
	switch from.grain {
	case hours:
		return d.hour
	case days:
		return d.day
	case exchanges:
	}
	return d.row
}

// groupBy sums by the dimensions that selectFrom has asked for: as columns and not as the texts
// that it makes of them, because rollups are in the order of their hour.
func (q *Question) groupBy(s *statement, from source) {
	var columns []string
	for _, d := range all {
		if slices.Contains(q.By, d.name) {
			columns = append(columns, d.in(from))
		}
	}
	if len(columns) > 0 {
		s.add(" GROUP BY " + strings.Join(columns, ", "))
	}
}
