package chains

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// TestTotalBoundsExchanges holds that the policy's bound ends an exchange wherever it is:
// with a 504 of the client's dialect before an answer begins, and where the client sees it
// afterwards. A caller's own limit counts if it is shorter.
func TestTotalBoundsExchanges(t *testing.T) {
	t.Parallel()
	silent := []string{"[a/m+hang=headers]", "[c/m+hang=headers]", "[a/m+hang=headers, c/m+hang=headers]"}
	begun := []string{"[a/m+hang=5]", "[c/m+hang=5]", "[a/m+hang=5, c/m]", "[c/m+hang=5, a/m]", "[a/m+tps=2, b/m]"}
	var models strings.Builder
	for i, chain := range append(silent, begun...) {
		for _, w := range gatewaytest.Ways {
			fmt.Fprintf(&models, "  t%d-%s: {chain: %s, total: 600ms}\n", i, w, chain)
		}
	}
	models.WriteString("  short: {chain: [a/m+hang=headers], total: 1h}\n  quick: {chain: [a/m+status=500, c/m], retries: 0, total: 20s}\n")
	rig := gatewaytest.StartChains(t, models.String(), nil, gatewaytest.Options{})
	for i, chain := range append(silent, begun...) {
		for _, w := range gatewaytest.Ways {
			t.Run(chain+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				rig := rig.With(t)
				req := w.Request(fmt.Sprintf("t%d-%s", i, w), "How long?")
				if i < len(silent) || !w.Stream {
					lateAnswer(t, rig, w, req)
					return
				}
				s := rig.Stream(req)
				if _, err := s.Rest(); s.Response.StatusCode != http.StatusOK || !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("status %d, then %v", s.Response.StatusCode, err)
				}
				if row := rig.Row(s.Response.Header.Get(record.ExchangeHeader)); row.Outcome != "deadline" || row.By != "provider" || row.Status != http.StatusOK || row.Tokens == nil {
					t.Errorf("record %+v", row)
				}
			})
		}
	}
	for _, w := range gatewaytest.Ways {
		lateAnswer(t, rig, w, w.Request("short", "How long?", "x-headgate-timeout", "200ms"))
		gatewaytest.MustOK(t, rig.Ask(w.Request("quick", "How long?", "x-headgate-timeout", "1h")))
	}
}

// lateAnswer asks for an answer that does not begin in time.
func lateAnswer(t *testing.T, rig *gatewaytest.Chains, w gatewaytest.Way, req gatewaytest.Request) {
	t.Helper()
	a := rig.Ask(req)
	if a.Status != http.StatusGatewayTimeout {
		t.Errorf("%s: status %d: %s", w, a.Status, a.Body)
	}
	gatewaytest.CheckRefusal(t, a, w.Claude(), map[bool]string{false: "server_error", true: "timeout_error"}[w.Claude()], "")
	if row := rig.Row(namedIn(a)); row.Outcome != "deadline" || row.By != "provider" || row.Status != http.StatusGatewayTimeout {
		t.Errorf("%s: record %+v", w, row)
	}
}
