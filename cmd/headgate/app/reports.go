package app

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/envoy"
	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/agent"
)

// reports are what the pair of this process says to its control plane beside rows, and learns
// of the other pairs.
type reports struct {
	circuits *circuit.Store
	signals  *record.Signals
	outages  *envoy.Outages // nil: nobody asks Envoy
	shares   shares
	pairs    atomic.Int64 // that are linked; 0: no control plane has said
}

var _ agent.Fleet = (*reports)(nil)

func newReports(circuits *circuit.Store, signals *record.Signals, reg prometheus.Registerer) *reports {
	r := &reports{circuits: circuits, signals: signals}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_fleet_pairs",
		Help: "Pairs that are linked to the control plane, this one included, as it said last; 0: it has not yet."},
		func() float64 { return float64(r.pairs.Load()) }))
	return r
}

// Shares implements agent.Fleet.
func (r *reports) Shares() []agent.Share { return r.shares.list() }

// Drain implements agent.Fleet.
func (r *reports) Drain() *pairpb.Signals { return r.signals.Drain() }

// Out implements agent.Fleet.
func (r *reports) Out() (all []agent.Outage) {
	for _, c := range r.circuits.List() {
		all = append(all, agent.Outage{
			Backend: c.Backend, Model: c.Model, Account: c.Account, Reason: string(c.Reason), Since: c.Opened, Until: c.Until, Named: c.Named,
		})
	}
	if r.outages == nil {
		return all
	}
	out, since := r.outages.Out()
	for _, o := range out {
		all = append(all, agent.Outage{Backend: o.Backend, Model: o.Model, Pool: o.Pool, Address: o.Address, Reason: string(o.Reason), Since: since[o]})
	}
	return all
}

// Learn implements agent.Fleet.
func (r *reports) Learn(n agent.News) {
	r.pairs.Store(int64(n.Pairs))
	r.shares.set(n.Shares)
	var elsewhere []circuit.Elsewhere
	for _, o := range n.Elsewhere {
		if o.Account == "" {
			continue // of each Envoy's own
		}
		elsewhere = append(elsewhere, circuit.Elsewhere{
			Backend: o.Backend, Model: o.Model, Account: o.Account, Reason: circuit.Reason(o.Reason), Since: o.Since, Until: o.Until, Named: o.Named,
		})
	}
	r.circuits.Learn(elsewhere)
}
