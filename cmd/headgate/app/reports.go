package app

import (
	"slices"
	"sync/atomic"
	"time"

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
	news     atomic.Pointer[agent.News] // nil: no control plane has said anything
	purges   *purger
}

var _ agent.Fleet = (*reports)(nil)

func newReports(circuits *circuit.Store, signals *record.Signals, reg prometheus.Registerer) *reports {
	r := &reports{circuits: circuits, signals: signals}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "headgate_fleet_pairs",
		Help: "Pairs that are linked to the control plane, this one included, as it said last; 0: it has not yet."},
		func() float64 { return float64(r.learnt().Pairs) }))
	return r
}

// learnt is what is known of the other pairs.
func (r *reports) learnt() agent.News {
	if n := r.news.Load(); n != nil {
		return *n
	}
	return agent.News{}
}

// detail is what /readyz says of what other pairs do not ask.
func (r *reports) detail(now time.Time) (text string) {
	for _, o := range r.learnt().Elsewhere {
		if o.Until.IsZero() || now.Before(o.Until) {
			text += "other pairs do not ask " + o.Backend + "/" + o.Model + ": " + o.Reason + "\n"
		}
	}
	return text
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
	if n.Partial {
		n = withBefore(n, r.learnt())
	}
	r.news.Store(&n)
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

// Forget implements agent.Fleet.
func (r *reports) Forget(backend string) int {
	n := r.learnt()
	n.Elsewhere = slices.DeleteFunc(slices.Clone(n.Elsewhere), func(o agent.Outage) bool { return o.Backend == backend && o.Account != "" })
	r.news.Store(&n)
	return r.purges.forget(backend)
}

// Purge implements agent.Fleet.
func (r *reports) Purge(e *pairpb.Entries) int { return r.purges.purge(e, time.Now()) }

// withBefore are partial news with what was known before: others may be about to say it again.
func withBefore(n, before agent.News) agent.News {
	n.Pairs = max(n.Pairs, before.Pairs)
	n.Elsewhere = slices.Clone(n.Elsewhere)
	for _, o := range before.Elsewhere {
		if !slices.ContainsFunc(n.Elsewhere, o.Same) {
			n.Elsewhere = append(n.Elsewhere, o)
		}
	}
	return n
}
