package journal

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
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
	Requests int64  `json:"requests"`
	Failed   Failed `json:"failed"`
	Tokens   Tokens `json:"tokens"`
	Searches int64  `json:"searches"`
	Nano     int64  `json:"cost_nano_usd"`
	Saved    int64  `json:"saved_nano_usd"` // by the cache
	Unpriced int64  `json:"unpriced"`       // answers and attempts whose price is not known

	// Answers and attempts of which no provider said what they consumed, and their share of Nano.
	Estimated     int64 `json:"estimated"`
	EstimatedNano int64 `json:"estimated_nano_usd"`

	// Requests for which an answer was looked for in the cache, and those to which one was given.
	Lookups int64 `json:"cache_lookups"`
	Hits    int64 `json:"cache_hits"`

	FirstToken *Latency `json:"first_token_s,omitempty"` // in seconds; nil: nobody asked
	Duration   *Latency `json:"duration_s,omitempty"`
}

// Failed are requests by who failed.
type Failed struct {
	Client   int64 `json:"client"`
	Gateway  int64 `json:"gateway"`
	Provider int64 `json:"provider"`
	Unknown  int64 `json:"unknown"`
}

// Latency are percentiles, within one percent of the truth. All are 0: nothing was measured.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// Line is a sum, with the value of each dimension that was asked for.
type Line struct {
	Of []string
	Cost
}

// Costs are the answer to a Question.
type Costs struct {
	Since time.Time // earlier than asked if the rows of the hour that it cuts are no longer kept
	Until time.Time // later for the same reason
	Lines []Line    // in the order of the first dimension if that is a time, and the dearest first
	Total Cost      // of all lines
}

// Costs answers a question. Whole hours are answered from rollups, and the hours that the span
// cuts from rows, so that the sums are exact.
func (j *Journal) Costs(ctx context.Context, q Question) (*Costs, error) {
	if err := j.widen(ctx, &q); err != nil {
		return nil, err
	}
	lines := &adding{q: &q, lines: map[string]*summing{}, total: newRollup()}
	if err := j.sum(ctx, &q, lines); err != nil {
		return nil, err
	}
	if q.Latency {
		if err := j.latencies(ctx, &q, lines); err != nil {
			return nil, err
		}
	}
	return &Costs{q.Since, q.Until, lines.sorted(), lines.total.cost(q.Latency)}, nil
}

// widen makes whole what a span cuts of the hours whose rows are no longer kept.
func (j *Journal) widen(ctx context.Context, q *Question) error {
	since, until := q.Since.UnixNano()/hour, int64(-1)
	if !q.Until.IsZero() {
		until = q.Until.UnixNano() / hour
	}
	var s statement
	s.add(`SELECT DISTINCT hour FROM rollup WHERE hour IN (?, ?)
		AND hour / 24 NOT IN (SELECT day FROM journal_day)`, since, until)
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return err
	}
	return each(rows, func(rows *sql.Rows) error {
		var h int64
		err := rows.Scan(&h)
		if h == since {
			q.Since = time.Unix(0, h*hour)
		}
		if h == until && q.Until.UnixNano()%hour != 0 {
			q.Until = time.Unix(0, (h+1)*hour)
		}
		return err
	})
}

// sum adds what rollups and rows say, of one moment.
func (j *Journal) sum(ctx context.Context, q *Question, to *adding) error {
	var s statement
	for i, from := range q.sources() {
		if i > 0 {
			s.add(" UNION ALL ")
		}
		if err := q.selectFrom(&s, from, sumsIn(from)); err != nil {
			return err
		}
		q.groupBy(&s, from)
	}
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return err
	}
	return each(rows, to.sums)
}

// ofRows are the sums that are no column of the rows.
var ofRows = withoutCached(map[string]string{
	"requests":        "CASE WHEN kind = 'call' THEN 1 ELSE 0 END",
	"failed_client":   "CASE WHEN kind = 'call' AND failed_by = 'client' THEN 1 ELSE 0 END",
	"failed_gateway":  "CASE WHEN kind = 'call' AND failed_by = 'gateway' THEN 1 ELSE 0 END",
	"failed_provider": "CASE WHEN kind = 'call' AND failed_by = 'provider' AND outcome <> '" + blocked + "' THEN 1 ELSE 0 END",
	"failed_unknown":  "CASE WHEN kind = 'call' AND failed_by = 'unknown' THEN 1 ELSE 0 END",
	"estimated":       "CASE WHEN usage_source = 'estimated' THEN 1 ELSE 0 END",
	"estimated_cost":  "CASE WHEN usage_source = 'estimated' THEN cost ELSE 0 END",
	"cache_lookups":   "CASE WHEN cached NOT IN ('', '" + bypassed + "') THEN 1 ELSE 0 END",
	"cache_hits":      "CASE WHEN cached IN ('" + strings.Join(givenResults, "', '") + "') THEN 1 ELSE 0 END",
})

// withoutCached adds what was consumed to sums: nothing of answers from the cache, as
// entry.consumed has it.
func withoutCached(sums map[string]string) map[string]string {
	for _, name := range []string{"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "output", "reasoning", "audio_output", "searches"} {
		sums[name] = "CASE WHEN usage_source = '" + cachedUsage + "' THEN 0 ELSE " + name + " END"
	}
	return sums
}

func sumsIn(from source) string {
	out := make([]string, len(sums))
	for i, name := range sums {
		column := name
		if text := ofRows[name]; from.grain == exchanges && text != "" {
			column = text
		}
		out[i] = "CAST(COALESCE(SUM(" + column + "), 0) AS BIGINT)"
	}
	return strings.Join(out, ", ")
}

// latencies adds what was measured.
func (j *Journal) latencies(ctx context.Context, q *Question, to *adding) error {
	for _, from := range q.sources() {
		var s statement
		if err := q.selectFrom(&s, from, "first_token, duration"); err != nil {
			return err
		}
		add := to.sketches
		if from.grain == exchanges {
			s.add(" AND kind = 'call'")
			add = to.measured
		}
		rows, err := j.ask(ctx, &s)
		if err == nil {
			err = each(rows, add)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask asks the database.
func (j *Journal) ask(ctx context.Context, s *statement) (*sql.Rows, error) {
	db, err := j.database.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	rows, err := db.Read.QueryContext(ctx, db.SQL(s.text.String()), s.args...)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return rows, nil
}

// each calls f at each row, and closes them.
func each(rows *sql.Rows, f func(*sql.Rows) error) error {
	defer rows.Close() // its error is that of Err
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
