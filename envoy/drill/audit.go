package drill

import (
	"fmt"
	"net/http"
)

// audit fails a whole answer of which the record does not have one row with what the
// simulated provider's log says of the link that wrote it.
func audit(r *Result, rows []Row) {
	if r.Link < 0 {
		return
	}
	if wrong := differs(rows, r.Link, r.Attempts); wrong != "" {
		r.Verdict = Fail
		r.Saw += ", but " + wrong
	}
}

// differs says in which way the rows are not the one that there should be; empty: in none.
func differs(rows []Row, link int, log []Attempt) string {
	if len(rows) != 1 {
		return fmt.Sprintf("the record has %d rows", len(rows))
	}
	row := rows[0]
	for _, a := range log {
		if a.Link == link && a.Status == http.StatusOK && row == (Row{a.Backend, a.Model, http.StatusOK, int64(a.Input), int64(a.Output)}) {
			return ""
		}
	}
	return fmt.Sprintf("the record says %s/%s, %d, %d+%d tokens", row.Backend, row.Model, row.Status, row.Input, row.Output)
}
