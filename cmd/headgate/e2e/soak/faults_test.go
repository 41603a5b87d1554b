package soak

import (
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// TestFaultsOfCallsAreFound holds that what the provider, the row and the client do not agree on is
// found, and that what they do is no fault.
func TestFaultsOfCallsAreFound(t *testing.T) {
	t.Parallel()
	served := sim.Served{ID: "a", Status: 200, Ended: sim.EndedComplete, Usage: sim.Usage{Input: 10, Output: 20}}
	nano := gatewaytest.Nano(served.Usage)
	good := record.Line{Response: "a", Outcome: "ok", UsageSource: "provider", Tokens: &record.Tokens{Input: 10, Output: 20}, CostNano: &nano}
	refused := record.Line{Outcome: "client_error", By: "client", Reason: "model_not_found"}
	with := func(row record.Line, change func(*record.Line)) record.Line {
		change(&row)
		return row
	}
	answered, unknown, leaves := want{status: 200}, want{status: 404, reason: "model_not_found"}, want{status: 200, leaves: time.Second}
	for _, c := range []struct {
		name   string
		want   want
		rows   []record.Line
		served []sim.Served
		fault  string // a part of it; empty: none
	}{
		{"an answer", answered, []record.Line{good}, []sim.Served{served}, ""},
		{"a refusal", unknown, []record.Line{refused}, nil, ""},
		{"a client that left before it was heard", leaves, nil, nil, ""},
		{"a client that left", leaves, []record.Line{{Outcome: "cancelled", By: "client"}}, []sim.Served{served}, ""},
		{"no row of an answer", answered, nil, []sim.Served{served}, "0 rows"},
		{"no row of a client that left", leaves, nil, []sim.Served{served}, "0 rows"},
		{"two rows", answered, []record.Line{good, good}, []sim.Served{served}, "2 rows"},
		{"a token too many", answered, []record.Line{with(good, func(r *record.Line) { r.Tokens = &record.Tokens{Input: 10, Output: 21} })}, []sim.Served{served}, "the provider reported"},
		{"another cost", answered, []record.Line{with(good, func(r *record.Line) { r.CostNano = new(nano + 1) })}, []sim.Served{served}, "cost"},
		{"an estimate", answered, []record.Line{with(good, func(r *record.Line) { r.UsageSource = "estimated" })}, []sim.Served{served}, "estimated"},
		{"an answer of nobody", answered, []record.Line{good}, nil, "knows no answer"},
		{"a failure of the gateway", answered, []record.Line{with(good, func(r *record.Line) { r.Outcome, r.By = "gateway_error", "gateway" })}, []sim.Served{served}, "the gateway failed"},
		{"a provider that was asked although it was refused", unknown, []record.Line{refused}, []sim.Served{served}, "was to be refused"},
	} {
		faults := strings.Join(faultsOf(&call{want: c.want}, c.rows, c.served), "; ")
		if (c.fault == "") != (faults == "") || !strings.Contains(faults, c.fault) {
			t.Errorf("%s: %q, want %q", c.name, faults, c.fault)
		}
	}
}
