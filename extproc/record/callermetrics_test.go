package record_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/policypb"
)

// TestCallersAreCounted holds that exchanges count by the name of the key that was shown, that no name
// which a hop gives is a label, and that no number of keys makes more series than are bounded.
func TestCallersAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := record.NewMetrics(reg)
	for _, r := range []*policypb.Row{
		{Caller: "ci", Outcome: "ok"}, {Caller: "ci", Outcome: "ok"}, {Caller: "ci", Outcome: "cut"}, {Outcome: "ok"},
		{Caller: "ada@example.org", Hop: true, Outcome: "ok"}, {Caller: "ci", Hop: true, Outcome: "ok"},
	} {
		m.Take(r)
	}
	for i := range 1000 {
		m.Take(&policypb.Row{Caller: "key-" + strconv.Itoa(i), Outcome: "ok"})
	}
	m.Take(&policypb.Row{Caller: "ci", Outcome: "ok"})
	callers, got := 0, series(t, reg)
	for name := range got {
		if strings.HasPrefix(name, "headgate_caller_requests_total") {
			callers++
		}
		if strings.Contains(name, "ada") {
			t.Errorf("a name of a hop's is a label: %s", name)
		}
	}
	for name, want := range map[string]float64{
		`caller="ci" outcome="ok"`: 3, `caller="ci" outcome="cut"`: 1, `caller="" outcome="ok"`: 1, `caller="(hop)" outcome="ok"`: 2,
		`caller="key-0" outcome="ok"`: 1, `caller="(other)" outcome="ok"`: 502,
	} {
		if got["headgate_caller_requests_total "+name] != want {
			t.Errorf("%s: %v, want %v", name, got["headgate_caller_requests_total "+name], want)
		}
	}
	if callers != 500+3 {
		t.Errorf("%d series of callers", callers)
	}
}
