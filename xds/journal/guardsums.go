package journal

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// GuardQuestion is which verdicts of guards are summed.
type GuardQuestion struct {
	Since time.Time
	Until time.Time // zero: there is no end
	Modes []string  // "enforce" and "shadow"; none: both
}

// GuardSums are the answer to a GuardQuestion: of whole hours.
type GuardSums struct {
	Since  time.Time // the beginning of the hour that was asked for
	Until  time.Time // the end of its hour; zero: there is no end
	Guards []GuardSum
}

// GuardSum is what a guard made of exchanges. Guards are in the order of their names.
type GuardSum struct {
	Guard     string `json:"guard"`
	Kind      string `json:"kind"`
	Direction string `json:"direction"` // "input" or "output"
	Mode      string `json:"mode"`
	Action    string `json:"action"`
	GuardResults
	Types     []GuardTypeSum  `json:"types"`      // the most frequent first, of which there are maxTypes at most
	MoreTypes int             `json:"more_types"` // so many were left out
	Models    []GuardModelSum `json:"models"`     // the one with the most exchanges first
}

// GuardResults counts exchanges by what came of a guard. In shadow it is what would have come.
type GuardResults struct {
	Exchanges int64            `json:"exchanges"` // that it saw
	Results   map[string]int64 `json:"results"`   // by result, such as "pass" and "denied"
}

// GuardTypeSum is how often a guard found something of a type.
type GuardTypeSum struct {
	Type      string `json:"type"`
	Exchanges int64  `json:"exchanges"`
	Found     int64  `json:"found"`
}

// GuardModelSum is what a guard made of the exchanges of a model of the policy.
type GuardModelSum struct {
	Model string `json:"model"` // empty: none was found
	GuardResults
}

// maxTypes bounds the types of a guard in an answer: a webhook may name any.
const maxTypes = 100

// Guards sums verdicts. It looks at rollups alone, whatever the number of rows.
func (j *Journal) Guards(ctx context.Context, q GuardQuestion) (*GuardSums, error) {
	from := q.Since.UnixNano() / hour
	out := &GuardSums{Since: time.Unix(0, from*hour)}
	var s statement
	s.add(`SELECT guard, kind, output, mode, action, result, model, type, CAST(SUM(exchanges) AS BIGINT), CAST(SUM(found) AS BIGINT)
		FROM rollup_guard WHERE hour >= ?`, from)
	if !q.Until.IsZero() {
		to := (q.Until.UnixNano() + hour - 1) / hour
		out.Until = time.Unix(0, to*hour)
		s.add(" AND hour < ?", to)
	}
	if len(q.Modes) > 0 {
		s.add(" AND ")
		oneOf(&s, "mode", q.Modes)
	}
	s.add(" GROUP BY guard, kind, output, mode, action, result, model, type")
	rows, err := j.ask(ctx, &s)
	if err != nil {
		return nil, err
	}
	sums := guardSums{}
	if err := each(rows, sums.scan); err != nil {
		return nil, err
	}
	out.Guards = sums.sorted()
	return out, nil
}

// guardSums are the answer while what the database says is added to it.
type guardSums map[guardGroup]*guardSumming

// guardSumming is what is known of one guard.
type guardSumming struct {
	GuardResults
	types  map[string]*GuardTypeSum
	models map[string]*GuardResults
}

func (g guardSums) scan(rows *sql.Rows) error {
	var of guardGroup
	var output int
	var result, model, found string
	var exchanges, times int64
	if err := rows.Scan(&of.guard, &of.kind, &output, &of.mode, &of.action, &result, &model, &found, &exchanges, &times); err != nil {
		return err
	}
	of.output = output != 0
	s := g[of]
	if s == nil {
		s = &guardSumming{types: map[string]*GuardTypeSum{}, models: map[string]*GuardResults{}}
		g[of] = s
	}
	if found == "" {
		s.add(result, exchanges)
		inMap(s.models, model).add(result, exchanges)
		return nil
	}
	t := inMap(s.types, found)
	t.Type, t.Exchanges, t.Found = found, t.Exchanges+exchanges, t.Found+times
	return nil
}

func (r *GuardResults) add(result string, n int64) {
	if r.Results == nil {
		r.Results = map[string]int64{}
	}
	r.Exchanges += n
	r.Results[result] += n
}

// inMap returns what a map has of a key, which it is given if it has nothing.
func inMap[T any](m map[string]*T, key string) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

func (g guardSums) sorted() []GuardSum {
	out := make([]GuardSum, 0, len(g))
	for of, s := range g {
		sum := GuardSum{Guard: of.guard, Kind: of.kind, Direction: direction(of.output), Mode: of.mode, Action: of.action, GuardResults: s.GuardResults,
			Types: []GuardTypeSum{}, Models: []GuardModelSum{}}
		for _, t := range s.types {
			sum.Types = append(sum.Types, *t)
		}
		slices.SortFunc(sum.Types, func(a, b GuardTypeSum) int {
			return cmp.Or(cmp.Compare(b.Found, a.Found), cmp.Compare(a.Type, b.Type))
		})
		sum.MoreTypes = max(len(sum.Types)-maxTypes, 0)
		sum.Types = sum.Types[:len(sum.Types)-sum.MoreTypes]
		for model, r := range s.models {
			sum.Models = append(sum.Models, GuardModelSum{model, *r})
		}
		slices.SortFunc(sum.Models, func(a, b GuardModelSum) int {
			return cmp.Or(cmp.Compare(b.Exchanges, a.Exchanges), cmp.Compare(a.Model, b.Model))
		})
		out = append(out, sum)
	}
	slices.SortFunc(out, func(a, b GuardSum) int {
		return cmp.Or(cmp.Compare(a.Guard, b.Guard), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
