package fleet

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestEnvoyKilledUnderWay holds that what was under way when Envoy was killed is the
// gateway's fault, whatever had come of it.
func TestEnvoyKilledUnderWay(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	f := gatewaytest.StartFleet(t, gatewaytest.FleetOptions{
		Env:    []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
		Policy: gatewaytest.PolicyFor(p, "  chain: {chain: [sim/plain, claude/plain-claude]}\n"),
	})
	pair := f.Pairs[0]
	var asking sync.WaitGroup
	n := 0
	for _, model := range []string{"plain", "plain-claude", "chain"} {
		for _, w := range gatewaytest.Ways {
			for _, hang := range []string{"headers", "3"} {
				n++
				r := w.Request(model, fmt.Sprintf("[[sim hang=%s]] %d", hang, n))
				asking.Go(func() {
					if a, err := pair.Try(t.Context(), r); err == nil && a.Err == nil {
						t.Errorf("%s %s hang=%s: status %d: %s", model, w, hang, a.Status, a.Body)
					}
				})
			}
		}
	}
	if err := p.WaitReceived(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	pair.Envoy.Kill()
	asking.Wait()
	var rows []record.Line
	gatewaytest.Eventually(t, "a row of each request", func() bool {
		rows = slices.DeleteFunc(pair.Rows(), func(r record.Line) bool { return r.Operation == "models" })
		return len(rows) >= n
	})
	for _, r := range rows {
		if r.Outcome != "gateway_error" || r.By != "gateway" || r.Detail != "Envoy has left" || r.Model == "" {
			t.Errorf("row %+v", r)
		}
	}
}
