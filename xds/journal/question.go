package journal

import (
	"maps"
	"slices"
	"strconv"
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

// source is a table with the span of it that a question asks for.
type source struct {
	rows     bool // of the journal; else rollups
	from, to int64
}

// sources are the rollups of the whole hours of a span, and the rows of the hours that it cuts.
func (q *Question) sources() []source {
	since := q.Since.UnixNano()
	first, last := (since+hour-1)/hour, int64(1<<40)
	rollups := source{from: first, to: last}
	var cut []source
	until := int64(0)
	if !q.Until.IsZero() {
		until = q.Until.UnixNano()
		last = until / hour
		rollups.to = last
		if first > last {
			return []source{{true, since, until}}
		}
	}
	if since < first*hour {
		cut = append(cut, source{true, since, first * hour})
	}
	if until > last*hour {
		cut = append(cut, source{true, last * hour, until})
	}
	return append([]source{rollups}, cut...)
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
	if from.rows {
		s.add(more+" FROM journal WHERE day BETWEEN ? AND ? AND began >= ? AND began < ?", from.from/hour/24, (from.to-1)/hour/24, from.from, from.to)
	} else {
		s.add(more+" FROM rollup WHERE hour >= ? AND hour < ?", from.from, from.to)
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
	if from.rows {
		return d.row
	}
	return d.rollup
}

// groupBy sums by the dimensions, which come first.
func (q *Question) groupBy(s *statement) {
	for i := range q.By {
		if i == 0 {
			s.add(" GROUP BY ")
		} else {
			s.add(", ")
		}
		s.add(strconv.Itoa(i + 1))
	}
}
