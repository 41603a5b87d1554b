package pair

import (
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// Own returns what the pairs that are linked here know, for other control planes.
func (f *fleet) Own() *pairpb.Fleet {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	own := &pairpb.Fleet{Pairs: uint32(len(f.members)), Ordered: f.findings.said(now)}
	for _, o := range f.own(nil) {
		if !o.Until.IsZero() && !now.Before(o.Until) || !f.findings.counts(&o) {
			continue
		}
		written := o.written(now)
		written.Nodes = o.Nodes
		own.Elsewhere = append(own.Elsewhere, written)
	}
	return own
}

// Others takes in what the pairs of other control planes know, in place of what was before.
func (f *fleet) Others(others *pairpb.Fleet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.others, f.heard = others, f.now()
	f.follow(others.GetOrdered(), f.heard)
	f.wake()
}

func read(o *pairpb.Outage, nodes []string, now time.Time) Outage {
	one := Outage{
		Backend: o.GetBackend(), Model: o.GetModel(), Account: o.GetAccount(), Pool: o.GetPool(), Address: o.GetAddress(), Reason: o.GetReason(),
		Named: o.GetNamed(), Since: now.Add(-time.Duration(o.GetAgeNanos())), Nodes: nodes,
	}
	if left := o.GetLeftNanos(); left > 0 {
		one.Until = now.Add(time.Duration(left))
	}
	return one
}
