package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
)

// Lay implements policies.Source.
func (p *publisher) Lay(l source.Laying) (source.Change, error) {
	before := p.Current().Number
	c, err := p.Source.Lay(l)
	p.done(err == nil && c.Number != before, err)
	return c, err
}

// Overlay implements policies.Source.
func (p *publisher) Overlay() policy.Overlay { return p.fleet.Status().Overlay }

const (
	// expireLate bounds how late an expiry is noticed on a machine whose clock was set, or
	// that was asleep.
	expireLate = time.Minute
	// expireAgain is the pause after an expiry that failed.
	expireAgain = 10 * time.Second
)

// expireEarlier takes back what expires over an earlier policy that pairs are served,
// because one of them refused the latest, until ctx is done.
func (p *publisher) expireEarlier(ctx context.Context) {
	for {
		_, changed := p.fleet.Accepted()
		wait := expireLate
		next, err := p.fleet.ExpireEarlier()
		switch {
		case err != nil:
			p.log.Error("what has expired over an earlier policy cannot be taken back", zap.Error(err))
			wait, changed = expireAgain, nil
		case !next.IsZero():
			wait = min(wait, time.Until(next))
		}
		select {
		case <-changed:
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// logLeftOut warns of what lies over the policy and does not act.
func (p *publisher) logLeftOut() {
	for _, l := range p.LeftOut() {
		p.log.Warn("an entry of the overlay is left out: the policy has no place for it", zap.String("entry", policy.Describe(l.Entry)),
			zap.String("reason", l.Reason()))
	}
}

// overlayDetail is what /readyz says of what lies over a policy.
func overlayDetail(acts policy.Overlay, left []policy.LeftOut, undrained ...string) (text string) {
	for _, e := range acts.Entries() {
		text += "overlay " + policy.Describe(e) + "\n"
	}
	for _, l := range left {
		text += "overlay " + l.Describe() + "\n"
	}
	for _, model := range undrained {
		text += "overlay " + (&policy.Model{Name: model}).Path() + ": " + policy.AllDrained + "\n"
	}
	return text
}

// overlayMetric counts what lies over the policy, when it is read.
type overlayMetric struct {
	publisher *publisher
	entries   *prometheus.Desc
}

func newOverlayMetric(p *publisher) *overlayMetric {
	return &overlayMetric{p, prometheus.NewDesc("headgate_policy_overlay_entries",
		"Entries that lie over the policy, by kind and by state: in_effect, or left_out because the policy has no place for them.",
		[]string{"kind", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (m *overlayMetric) Describe(to chan<- *prometheus.Desc) { to <- m.entries }

// Collect implements prometheus.Collector.
func (m *overlayMetric) Collect(to chan<- prometheus.Metric) {
	acts, left := make(map[string]int), make(map[string]int)
	for _, e := range m.publisher.Overlay().Entries() {
		acts[policy.KindOf(e)]++
	}
	for _, l := range m.publisher.LeftOut() {
		left[policy.KindOf(l.Entry)]++
	}
	for _, kind := range policy.Kinds() {
		to <- prometheus.MustNewConstMetric(m.entries, prometheus.GaugeValue, float64(acts[kind]), kind, "in_effect")
		to <- prometheus.MustNewConstMetric(m.entries, prometheus.GaugeValue, float64(left[kind]), kind, "left_out")
	}
}
