package journal

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/policy/interval"
)

// CacheQuestion is which uses of the cache are summed.
type CacheQuestion struct {
	By    []string            // in the order in which they are shown; see CacheDimensions
	Only  map[string][]string // of a dimension, the values of which one counts; see CacheValues
	Since time.Time
	Until time.Time // zero: there is no end
}

// CacheDimensions are the names that sums of the cache go by.
func CacheDimensions() []string { return append(CacheValues(), "hour", "day", "month") }

// CacheValues are the dimensions of which a question about the cache may name values.
func CacheValues() []string { return []string{"model", "caller", "team", "feature"} }

// CacheSums are the answer to a CacheQuestion: of whole hours.
type CacheSums struct {
	Since time.Time   // the beginning of the hour that was asked for
	Until time.Time   // the end of its hour; zero: there is no end
	Lines []CacheLine // in the order of the first dimension if that is a time, and with the most lookups first
	Total CacheSum    // of all lines
}

// CacheLine is a sum, with the value of each dimension that was asked for.
type CacheLine struct {
	Of []string
	CacheSum
}

// CacheSum is what the cache made of exchanges. Shares are from 0 to 1; nil: they are of nothing.
type CacheSum struct {
	Exchanges int64 `json:"exchanges"` // of models that have a cache
	Lookups   int64 `json:"lookups"`   // of them, those for which an answer was looked for
	Hits      int64 `json:"hits"`      // to which one was given
	// HitRate is the share of lookups that are hits. Hits in shadow, and those that were asked anew,
	// are lookups.
	HitRate   *float64         `json:"hit_rate,omitempty"`
	Results   map[string]int64 `json:"results"` // exchanges by what came of it
	Reasons   map[string]int64 `json:"reasons"` // those that are no hits, by why
	SavedNano int64            `json:"saved_nano_usd"`
	SavedS    float64          `json:"saved_s"` // by how much sooner answers were there, together

	Stored    int64            `json:"stored"` // answers that were kept
	NotStored map[string]int64 `json:"not_stored"`

	Shadow   CacheShadow  `json:"shadow"`
	Verified CacheVerdict `json:"verified"`
	Semantic CacheVerdict `json:"semantic"` // of Verified, the hits of questions that mean the same
}

// CacheShadow is what hits in shadow would have saved: what their answers cost and how long they took.
type CacheShadow struct {
	Hits     int64   `json:"hits"`
	Semantic int64   `json:"semantic"` // of questions that mean the same
	Nano     int64   `json:"nano_usd"`
	Seconds  float64 `json:"seconds"`
}

// CacheVerdict is how many hits that were asked anew were right, and which share was wrong: Low and
// High are the bounds of its 95 % interval (interval.Wilson).
type CacheVerdict struct {
	Same  int64    `json:"same"`
	Other int64    `json:"other"` // the fresh answer says something else
	Wrong *float64 `json:"wrong,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

// Cache sums uses of the cache. It looks at rollups alone, whatever the number of rows.
func (j *Journal) Cache(ctx context.Context, q CacheQuestion) (*CacheSums, error) {
	from := q.Since.UnixNano() / hour
	out := &CacheSums{Since: time.Unix(0, from*hour)}
	columns, err := q.columns()
	if err != nil {
		return nil, err
	}
	var s statement
	s.add("SELECT ")
	for _, c := range columns {
		s.add("CAST(" + c + " AS TEXT), ")
	}
	s.add(`result, reason, not_stored, verdict, semantic, CAST(SUM(exchanges) AS BIGINT), CAST(SUM(stored) AS BIGINT), CAST(SUM(saved) AS BIGINT), CAST(SUM(sooner) AS BIGINT)
		FROM rollup_cache WHERE hour >= ?`, from)
	if !q.Until.IsZero() {
		to := (q.Until.UnixNano() + hour - 1) / hour
		out.Until = time.Unix(0, to*hour)
		s.add(" AND hour < ?", to)
	}
	for _, name := range slices.Sorted(maps.Keys(q.Only)) {
		if !slices.Contains(CacheValues(), name) {
			return nil, unknownCacheDimension(name)
		}
		s.add(" AND ")
		oneOf(&s, name, q.Only[name])
	}
	s.add(" GROUP BY " + strings.Join(append(columns, "result", "reason", "not_stored", "verdict", "semantic"), ", "))
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return nil, err
	}
	sums := cacheSums{by: q.By, lines: map[string]*CacheLine{}}
	if err := each(rows, sums.scan); err != nil {
		return nil, err
	}
	out.Lines, out.Total = sums.sorted(), sums.total.finished()
	return out, nil
}

// columns are what a question goes by, in the rollup.
func (q *CacheQuestion) columns() (columns []string, err error) {
	for _, name := range q.By {
		d, err := dimensionOf(name)
		if err != nil || !slices.Contains(CacheDimensions(), name) {
			return nil, unknownCacheDimension(name)
		}
		columns = append(columns, d.hour)
	}
	return columns, nil
}

func unknownCacheDimension(name string) error {
	return fmt.Errorf("no dimension of the cache is called %q: there are %s", name, strings.Join(CacheDimensions(), ", "))
}

// cacheSums are the answer while what the database says is added to it.
type cacheSums struct {
	by    []string
	lines map[string]*CacheLine
	total CacheSum
}

func (c *cacheSums) scan(rows *sql.Rows) error {
	of := make([]string, len(c.by))
	to := make([]any, len(of), len(of)+9)
	for i := range of {
		to[i] = &of[i]
	}
	var g cacheGroup
	var a cacheAmounts
	var semantic int
	if err := rows.Scan(append(to, &g.result, &g.reason, &g.notStored, &g.verdict, &semantic, &a.exchanges, &a.stored, &a.saved, &a.sooner)...); err != nil {
		return err
	}
	for i, name := range c.by {
		if d, err := dimensionOf(name); err == nil && d.shown != nil {
			of[i] = d.shown(of[i])
		}
	}
	g.semantic = semantic != 0
	line := inMap(c.lines, strings.Join(of, "\x00"))
	line.Of = of
	line.add(&g, a)
	c.total.add(&g, a)
	return nil
}

// add adds a group.
func (c *CacheSum) add(g *cacheGroup, a cacheAmounts) {
	c.Exchanges, c.Stored = c.Exchanges+a.exchanges, c.Stored+a.stored
	count(&c.Results, g.result, a.exchanges)
	count(&c.Reasons, g.reason, a.exchanges)
	count(&c.NotStored, g.notStored, a.exchanges)
	if g.result != bypassed {
		c.Lookups += a.exchanges
	}
	seconds := float64(a.sooner) / 1e9
	switch {
	case slices.Contains(givenResults, g.result):
		c.Hits, c.SavedNano, c.SavedS = c.Hits+a.exchanges, c.SavedNano+a.saved, c.SavedS+seconds
	case g.result == shadowHit:
		s := &c.Shadow
		s.Hits, s.Nano, s.Seconds = s.Hits+a.exchanges, s.Nano+a.saved, s.Seconds+seconds
		s.Semantic += int64(number(g.semantic)) * a.exchanges
	}
	c.Verified.add(g.verdict, a.exchanges)
	if g.semantic {
		c.Semantic.add(g.verdict, a.exchanges)
	}
}

// count adds to what a map has of a name, unless that is empty.
func count(m *map[string]int64, name string, n int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if name != "" {
		(*m)[name] += n
	}
}

// The verdicts on hits that were asked anew.
const (
	same  = "same"
	other = "other"
)

func (v *CacheVerdict) add(verdict string, n int64) {
	switch verdict {
	case same:
		v.Same += n
	case other:
		v.Other += n
	}
}

// finished is a sum with its shares.
func (c CacheSum) finished() CacheSum {
	for _, m := range []*map[string]int64{&c.Results, &c.Reasons, &c.NotStored} {
		count(m, "", 0)
	}
	if c.Lookups > 0 {
		c.HitRate = new(float64(c.Hits) / float64(c.Lookups))
	}
	for _, v := range []*CacheVerdict{&c.Verified, &c.Semantic} {
		if n := v.Same + v.Other; n > 0 {
			low, high := interval.Wilson(v.Other, n)
			v.Wrong, v.Low, v.High = new(float64(v.Other)/float64(n)), &low, &high
		}
	}
	return c
}

func (c *cacheSums) sorted() []CacheLine {
	lines := make([]CacheLine, 0, len(c.lines))
	for _, l := range c.lines {
		lines = append(lines, CacheLine{l.Of, l.finished()})
	}
	byTime := len(c.by) > 0 && IsTime(c.by[0])
	slices.SortFunc(lines, func(a, b CacheLine) int {
		if byTime && a.Of[0] != b.Of[0] {
			return cmp.Compare(a.Of[0], b.Of[0])
		}
		return cmp.Or(cmp.Compare(b.Lookups, a.Lookups), cmp.Compare(b.Exchanges, a.Exchanges), slices.Compare(a.Of, b.Of))
	})
	return lines
}
