package journal

import (
	"cmp"
	"database/sql"
	"slices"
	"strings"

	"github.com/DataDog/sketches-go/ddsketch"
)

// adding are the lines of an answer while what the database says is added to them.
type adding struct {
	q     *Question
	lines map[string]*summing
	total *rollup
}

// summing is a line while it is added up.
type summing struct {
	of []string
	rollup
}

// scan reads a row that begins with the dimensions, and returns its line; nil: there is none
// yet.
func (a *adding) scan(rows *sql.Rows, further ...any) (of []string, line *summing, err error) {
	of = make([]string, len(a.q.By))
	to := make([]any, 0, len(of)+len(further))
	for i := range of {
		to = append(to, &of[i])
	}
	if err := rows.Scan(append(to, further...)...); err != nil {
		return nil, nil, err
	}
	for i, name := range a.q.By {
		if d, err := dimensionOf(name); err == nil && d.shown != nil {
			of[i] = d.shown(of[i])
		}
	}
	return of, a.lines[strings.Join(of, "\x00")], nil
}

// sums adds a row of sums.
func (a *adding) sums(rows *sql.Rows) error {
	counts := make([]int64, len(sums))
	to := make([]any, len(counts))
	for i := range counts {
		to[i] = &counts[i]
	}
	of, line, err := a.scan(rows, to...)
	if err != nil {
		return err
	}
	if line == nil {
		line = &summing{of: of}
		if a.q.Latency {
			line.rollup = *newRollup()
		}
		a.lines[strings.Join(of, "\x00")] = line
	}
	for i, n := range counts {
		line.rollup.sums[i] += n
		a.total.sums[i] += n
	}
	return nil
}

// sketches adds the sketches of a rollup. What came after the sums has no line.
func (a *adding) sketches(rows *sql.Rows) error {
	var first, duration []byte
	_, line, err := a.scan(rows, &first, &duration)
	if err != nil || line == nil {
		return err
	}
	if err := line.merge(first, duration); err != nil {
		return err
	}
	return a.total.merge(first, duration)
}

// measured adds what was measured of an exchange.
func (a *adding) measured(rows *sql.Rows) error {
	var first sql.Null[int64]
	var duration int64
	_, line, err := a.scan(rows, &first, &duration)
	if err != nil || line == nil {
		return err
	}
	for _, r := range []*rollup{&line.rollup, a.total} {
		_ = r.duration.Add(float64(duration) / 1e9) // never negative
		if first.Valid {
			_ = r.first.Add(float64(first.V) / 1e9)
		}
	}
	return nil
}

func (a *adding) sorted() []Line {
	lines := make([]Line, 0, len(a.lines))
	for _, s := range a.lines {
		lines = append(lines, Line{s.of, s.cost(a.q.Latency)})
	}
	byTime := len(a.q.By) > 0 && IsTime(a.q.By[0])
	slices.SortFunc(lines, func(x, y Line) int {
		if byTime && x.Of[0] != y.Of[0] {
			return cmp.Compare(x.Of[0], y.Of[0])
		}
		return cmp.Or(cmp.Compare(y.Nano, x.Nano), slices.Compare(x.Of, y.Of))
	})
	return lines
}

// cost returns the sums by their names.
func (r *rollup) cost(latency bool) Cost {
	s := &r.sums
	c := Cost{
		Requests: s[0], Failed: Failed{s[1], s[2], s[3], s[4]},
		Tokens:   Tokens{s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12]},
		Searches: s[13], Nano: s[14], Saved: s[15], Unpriced: s[16], Estimated: s[17], EstimatedNano: s[18], Lookups: s[19], Hits: s[20],
	}
	if latency {
		c.FirstToken, c.Duration = latencyOf(r.first), latencyOf(r.duration)
	}
	return c
}

func latencyOf(s *ddsketch.DDSketch) *Latency {
	l := &Latency{}
	if s.IsEmpty() {
		return l
	}
	for _, p := range []struct {
		to *float64
		at float64
	}{{&l.P50, 0.5}, {&l.P95, 0.95}, {&l.P99, 0.99}} {
		*p.to, _ = s.GetValueAtQuantile(p.at) // an error says that it is empty
	}
	return l
}
