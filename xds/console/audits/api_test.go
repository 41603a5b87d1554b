package audits_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/consoletest"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// rows are as many as a filter wants, and the filter.
type rows struct{ asked audit.Filter }

func (r *rows) List(_ context.Context, f audit.Filter) (all []audit.Row, err error) {
	r.asked = f
	for i := range min(f.Limit, 5) {
		all = append(all, audit.Row{ID: fmt.Sprint(i), At: noon})
	}
	return all, nil
}

// TestWhatIsAskedFor holds that a URL means what it says, and that a page says if there is more.
func TestWhatIsAskedFor(t *testing.T) {
	log := &rows{}
	api := consoletest.Mounted(t, audits.Prefix, audits.Routes(log, func() time.Time { return noon }))
	for _, row := range []struct {
		asked audits.Asked
		want  audit.Filter
		rows  int
		next  string
	}{
		{audits.Asked{}, audit.Filter{Since: time.Unix(0, 0).UTC(), Limit: 51, Is: map[string]string{}}, 5, ""},
		{audits.Asked{Since: "1h", Limit: 3, Is: map[string]string{"author": "ann", "outcome": ""}, Cursor: "x"},
			audit.Filter{Since: noon.Add(-time.Hour), Limit: 4, Is: map[string]string{"author": "ann", "outcome": ""}, Before: "x"}, 3, "2"},
		{audits.Asked{In: "2026-05", Limit: 5}, audit.Filter{Since: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Limit: 6, Is: map[string]string{}}, 5, ""},
	} {
		p := consoletest.Want[audits.Page](t, api.Ask("GET", "/api/v1/audit?"+row.asked.Query(), nil), 200)
		if diff := cmp.Diff(row.want, log.asked); diff != "" || len(p.Rows) != row.rows || p.Next != row.next {
			t.Errorf("%+v: %d rows, next %q (-want +got):\n%s", row.asked, len(p.Rows), p.Next, diff)
		}
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "who=ann", "author=a&author=b", "since=later", "in=2026&since=1h"} {
		consoletest.Fails(t, api.Ask("GET", "/api/v1/audit?"+query, nil), console.BadRequest)
	}
}
