package folded

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// ends are how a stream of a chain's only link, or of its last, ends badly, and what a
// client that wants the whole answer gets.
var ends = []struct {
	name, fault string
	status      int
	outcome, by string
	billed      bool
}{
	{name: "an error at first", fault: "error=0+status=500", status: 500, outcome: "provider_error", by: "provider"},
	{name: "a limit at first", fault: "error=0+status=429", status: 429, outcome: "provider_error", by: "provider"},
	{name: "an error after content", fault: "error=9+status=500", status: 500, outcome: "provider_error", by: "provider", billed: true},
	{name: "a clean end too early", fault: "truncate=9", status: 502, outcome: "cut", by: "provider", billed: true},
	{name: "a clean end before all", fault: "truncate=0", status: 502, outcome: "cut", by: "provider"},
	{name: "nonsense", fault: "malformed=9", status: 502, outcome: "provider_error", by: "provider", billed: true},
	{name: "a cut", fault: "tps=50+cut=9", status: 502, outcome: "cut", by: "provider", billed: true},
	{name: "a reset", fault: "tps=50+reset=9", status: 502, outcome: "cut", by: "provider", billed: true},
	{name: "a refusal", fault: "status=400", status: 400, outcome: "client_error", by: "client"},
}

// TestWhatBreaksOffIsAnError holds that a stream of which no whole answer can be made is an
// error with a status, in the client's dialect, which is paid for by what came.
func TestWhatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for i, e := range ends {
		for _, backend := range []string{"a", "c"} {
			for _, w := range whole {
				fmt.Fprintf(&models, "  %s: {chain: [%s/m+%s+tokens=60], ask: stream, retries: 0}\n", modelOf(i, backend, w), backend, e.fault)
			}
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for i, e := range ends {
		for _, w := range whole {
			for _, backend := range []string{"a", "c"} {
				t.Run(e.name+" "+w.Dialect+" of "+backend, func(t *testing.T) {
					t.Parallel()
					rig := rig.With(t)
					a := rig.Ask(w.Request(modelOf(i, backend, w), "What ends "+e.name))
					if a.Status != e.status || a.Err != nil {
						t.Errorf("status %d, want %d: %v %s", a.Status, e.status, a.Err, a.Body)
					}
					body := gatewaytest.Decoded(t, []byte(a.Body))
					if body["error"] == nil || w.Claude() != (body["type"] == "error") {
						t.Errorf("no error of the client's dialect: %s", a.Body)
					}
					row := rowOf(rig, modelOf(i, backend, w))
					if row.Outcome != e.outcome || row.By != e.by || row.Status != a.Status {
						t.Errorf("row %+v", row)
					}
					if e.billed {
						paidFor(t, row)
					}
				})
			}
		}
	}
}

func modelOf(i int, backend string, w gatewaytest.Way) string {
	return fmt.Sprintf("end-%d-%s-%s", i, backend, w.Dialect)
}

// rowOf waits for the record of the only exchange of a model: Envoy's own replies do not
// name theirs.
func rowOf(rig *gatewaytest.Chains, model string) (found record.Line) {
	rig.Eventually("the record of "+model, func() bool {
		for _, row := range rig.Rows() {
			if row.Model == model {
				found = row
				return true
			}
		}
		return false
	})
	return found
}
