package app

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/xds/agent"
)

// TestPartialNewsTakeNothingBack holds that what others may be about to say again stays known,
// until the control plane has heard them all.
func TestPartialNewsTakeNothingBack(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := newReports(circuit.NewStore(func(circuit.Change) {}, time.Now), record.NewSignals(), reg)
	a, b := agent.Outage{Backend: "a", Reason: "ejected"}, agent.Outage{Backend: "b", Reason: "ejected"}
	for _, step := range []struct {
		news           agent.News
		pairs, outages int
	}{
		{agent.News{Partial: true, Pairs: 1}, 1, 0},
		{agent.News{Pairs: 3, Elsewhere: []agent.Outage{a, b}}, 3, 2},
		{agent.News{Partial: true, Pairs: 1}, 3, 2},
		{agent.News{Partial: true, Pairs: 4, Elsewhere: []agent.Outage{b}}, 4, 2},
		{agent.News{Pairs: 2, Elsewhere: []agent.Outage{b}}, 2, 1},
	} {
		r.Learn(step.news)
		if got := r.learnt(); got.Pairs != step.pairs || len(got.Elsewhere) != step.outages {
			t.Errorf("after %+v it knows %+v", step.news, got)
		}
	}
}
