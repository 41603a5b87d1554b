package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
)

// Tokens are the disjoint buckets of what was consumed.
type Tokens struct {
	Input        int64 `json:"input"`
	CacheRead    int64 `json:"cache_read"`
	CacheWrite5m int64 `json:"cache_write_5m"`
	CacheWrite1h int64 `json:"cache_write_1h"`
	AudioInput   int64 `json:"audio_input"`
	Output       int64 `json:"output"`
	Reasoning    int64 `json:"reasoning"`
	AudioOutput  int64 `json:"audio_output"`
}

// Cost is what exchanges consumed and what that costs.
type Cost struct {
	Requests int64            `json:"requests"`
	Failed   map[string]int64 `json:"failed,omitempty"` // by who failed
	Tokens   Tokens           `json:"tokens"`
	Searches int64            `json:"searches,omitempty"`
	Nano     int64            `json:"cost_nano_usd"`
	Saved    int64            `json:"saved_nano_usd,omitempty"` // by the cache
	Unpriced int64            `json:"unpriced,omitempty"`       // answers and attempts whose price is not known

	FirstToken Latency `json:"first_token_s,omitzero"` // in seconds
	Duration   Latency `json:"duration_s,omitzero"`
}

// Latency are percentiles, within one percent of the truth. All are 0: nothing was measured.
type Latency struct{ P50, P95, P99 float64 }

// Question is what of the journal is summed.
type Question struct {
	By           []string // dimensions, in the order in which they are shown; see Dimensions
	Since, Until time.Time
	Only         map[string]string // of a dimension, its only value
}

// by are the names of what sums go by, and the column of each.
var by = map[string]string{
	"user": "username", "team": "team", "feature": "feature", "model": "model", "provider": "provider",
	"backend": "backend", "prompt_version": "prompt_version", "arm": "arm", "hour": "hour", "day": "hour / 24",
}

// Dimensions are the names that sums go by.
func Dimensions() []string {
	names := make([]string, 0, len(by))
	for name := range by {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Line is a sum, with the value of each dimension that was asked for.
type Line struct {
	Of []string
	Cost
}

// Costs answers a question about whole hours: those that begin from Since and before Until. The
// dearest come first.
func (j *Journal) Costs(ctx context.Context, q Question) ([]Line, error) {
	text, args, err := q.sql()
	if err != nil {
		return nil, err
	}
	s, err := j.database.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	rows, err := s.Read.QueryContext(ctx, s.SQL(text), args...)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	defer rows.Close()
	all := map[string]*summing{}
	for rows.Next() {
		if err := scanLine(rows, len(q.By), all); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return sorted(all), nil
}

func (q *Question) sql() (text string, args []any, err error) {
	var b strings.Builder
	b.WriteString("SELECT ")
	for _, name := range q.By {
		if by[name] == "" {
			return "", nil, fmt.Errorf("no dimension is called %q: there are %s", name, strings.Join(Dimensions(), ", "))
		}
		b.WriteString("CAST(" + by[name] + " AS TEXT), ")
	}
	b.WriteString(strings.Join(sums, ", ") + ", first_token, duration FROM rollup WHERE hour >= ? AND hour < ?")
	args = append(args, q.Since.Unix()/3600, (q.Until.Unix()+3599)/3600)
	for name, value := range q.Only {
		if by[name] == "" {
			return "", nil, fmt.Errorf("no dimension is called %q", name)
		}
		b.WriteString(" AND CAST(" + by[name] + " AS TEXT) = ?")
		args = append(args, value)
	}
	return b.String(), args, nil
}

// summing is a line while rollups are added to it.
type summing struct {
	of []string
	rollup
}

func scanLine(rows *sql.Rows, n int, all map[string]*summing) error {
	of, counts := make([]string, n), [19]int64{}
	var first, duration []byte
	to := make([]any, 0, n+len(counts)+2)
	for i := range of {
		to = append(to, &of[i])
	}
	for i := range counts {
		to = append(to, &counts[i])
	}
	if err := rows.Scan(append(to, &first, &duration)...); err != nil {
		return err
	}
	key := strings.Join(of, "\x00")
	s := all[key]
	if s == nil {
		s = &summing{of: of, rollup: *newRollup()}
		all[key] = s
	}
	for i := range counts {
		s.sums[i] += counts[i]
	}
	return s.merge(first, duration)
}

func sorted(all map[string]*summing) []Line {
	lines := make([]Line, 0, len(all))
	for _, s := range all {
		lines = append(lines, Line{s.of, s.cost()})
	}
	slices.SortFunc(lines, func(a, b Line) int {
		if a.Nano != b.Nano {
			if a.Nano > b.Nano {
				return -1
			}
			return 1
		}
		return slices.Compare(a.Of, b.Of)
	})
	return lines
}

// cost returns the sums by their names.
func (r *rollup) cost() Cost {
	s := &r.sums
	c := Cost{
		Requests: s[0], Failed: map[string]int64{},
		Tokens:   Tokens{s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12]},
		Searches: s[13], Nano: s[14], Saved: s[15], Unpriced: s[16],
		FirstToken: latencyOf(r.first), Duration: latencyOf(r.duration),
	}
	for i, name := range []string{"client", "gateway", "provider", "unknown"} {
		if s[1+i] > 0 {
			c.Failed[name] = s[1+i]
		}
	}
	return c
}

func latencyOf(s *ddsketch.DDSketch) (l Latency) {
	if s.IsEmpty() {
		return Latency{}
	}
	for _, p := range []struct {
		to *float64
		at float64
	}{{&l.P50, 0.5}, {&l.P95, 0.95}, {&l.P99, 0.99}} {
		*p.to, _ = s.GetValueAtQuantile(p.at) // an error says that it is empty
	}
	return l
}
