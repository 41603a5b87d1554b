package clients

import (
	"fmt"
	"strings"
)

// report is a table of what passed: a client in each row, a model in each column.
type report struct{ rows []string }

// add writes the row of a script: cases that passed of those that were played, with JSON
// and with streams.
func (r *report) add(script string, models []linkModel, all played) {
	if r.rows == nil {
		head := fmt.Sprintf("%-22s", "")
		for _, m := range models {
			head += fmt.Sprintf(" %11s", m.Name)
		}
		r.rows = append(r.rows, head)
	}
	row := fmt.Sprintf("%-22s", strings.TrimPrefix(script, "with_"))
	for _, m := range models {
		var passed, of [2]int
		for name, results := range all {
			i := 0
			if strings.HasSuffix(name, "stream") {
				i = 1
			}
			got, asked := results[m.Name]
			if asked {
				of[i]++
			}
			if got == "ok" {
				passed[i]++
			}
		}
		row += fmt.Sprintf(" %11s", fmt.Sprintf("%d/%d %d/%d", passed[0], of[0], passed[1], of[1]))
	}
	r.rows = append(r.rows, row)
}

// String implements fmt.Stringer.
func (r *report) String() string { return strings.Join(r.rows, "\n") }
