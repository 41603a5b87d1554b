package costs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/headgate/headgate/xds/journal"
)

// Report is what was consumed, by the dimensions that were asked for.
type Report struct {
	Since time.Time    `json:"since"` // earlier than asked if the rows of the hour that it cuts are no longer kept
	Until time.Time    `json:"until"`
	By    []string     `json:"by"`
	Rows  []Row        `json:"rows"`
	More  int          `json:"more"`  // rows that were left out, because so many were asked for
	Total journal.Cost `json:"total"` // of all rows, also of those that were left out
}

// Row is a line of a report. In JSON it has a key for each dimension that was asked for.
type Row struct {
	By, Of []string
	journal.Cost
}

func report(by []string, c *journal.Costs, top int) Report {
	r := Report{Since: c.Since.UTC(), Until: c.Until.UTC(), By: append([]string{}, by...), Rows: []Row{}, Total: c.Total}
	if len(by) == 0 {
		return r
	}
	lines := c.Lines
	if top > 0 && top < len(lines) {
		r.More = len(lines) - top
		lines = dearest(lines, top)
	}
	for _, l := range lines {
		r.Rows = append(r.Rows, Row{By: by, Of: l.Of, Cost: l.Cost})
	}
	return r
}

// dearest returns the n dearest lines, in the order in which they were.
func dearest(lines []journal.Line, n int) (out []journal.Line) {
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lines[b].Nano, lines[a].Nano) })
	order = order[:n]
	slices.Sort(order)
	for _, i := range order {
		out = append(out, lines[i])
	}
	return out
}

// MarshalJSON writes the dimensions before the sums.
func (r Row) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range r.By {
		value, err := json.Marshal(r.Of[i])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s,", name, value)
	}
	sums, err := json.Marshal(r.Cost)
	if err != nil {
		return nil, err
	}
	b.Write(sums[1:])
	return b.Bytes(), nil
}

// UnmarshalJSON reads a report, whose rows have keys that it names itself.
func (r *Report) UnmarshalJSON(text []byte) error {
	type plain Report
	rows := struct {
		*plain
		Rows []json.RawMessage `json:"rows"`
	}{plain: (*plain)(r)}
	if err := json.Unmarshal(text, &rows); err != nil {
		return err
	}
	r.Rows = make([]Row, len(rows.Rows))
	for i, text := range rows.Rows {
		of := map[string]json.RawMessage{}
		row := &r.Rows[i]
		if err := cmp.Or(json.Unmarshal(text, &row.Cost), json.Unmarshal(text, &of)); err != nil {
			return err
		}
		row.By, row.Of = r.By, make([]string, len(r.By))
		for k, name := range r.By {
			if err := json.Unmarshal(of[name], &row.Of[k]); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
