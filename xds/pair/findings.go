package pair

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// orderedFor is how long a purge of findings is said to other control planes, which ask each
// second.
const orderedFor = time.Minute

// findings are what this control plane has had forgotten of backends. They are guarded by the
// fleet's mutex.
type findings struct {
	ordered   []order              // here, in the last minute
	known     map[string]time.Time // ids of those that others have ordered, and when it was heard
	forgotten map[string]time.Time // by backend: what was found out before counts no more
}

// order is a purge of findings.
type order struct {
	id, backend string
	at          time.Time
}

func newFindings() findings {
	return findings{known: map[string]time.Time{}, forgotten: map[string]time.Time{}}
}

// Forget has every pair forget what was found out of a backend by asking it, and waits for those
// that are linked here. Other control planes hear of it within two seconds.
func (f *fleet) Forget(ctx context.Context, backend string) Forgotten {
	f.mu.Lock()
	now := f.now()
	f.findings.ordered = append(f.findings.ordered, order{rand.Text(), backend, now})
	f.findings.forgotten[backend] = now
	w := f.order(findingsSince, purgeOf(backend))
	f.mu.Unlock()
	return w.wait(ctx)
}

// findingsSince is the version that knows purges of findings.
const findingsSince = 2

// purgeOf is the purge of a backend's findings.
func purgeOf(backend string) func(time.Time) *pairpb.Purge {
	return func(time.Time) *pairpb.Purge {
		return &pairpb.Purge{What: &pairpb.Purge_Findings{Findings: &pairpb.Findings{Backend: backend}}}
	}
}

// counts reports whether an outage was observed after what was found out of its backend was
// forgotten. What an Envoy has taken out is no finding.
func (p *findings) counts(o *Outage) bool {
	return o.Account == "" || o.Since.After(p.forgotten[o.Backend])
}

// said are the purges of the last minute, for other control planes.
func (p *findings) said(now time.Time) (all []*pairpb.Ordered) {
	p.ordered = slices.DeleteFunc(p.ordered, func(o order) bool { return now.Sub(o.at) > orderedFor })
	for _, o := range p.ordered {
		all = append(all, &pairpb.Ordered{Id: o.id, AgeNanos: now.Sub(o.at).Nanoseconds(), Purge: purgeOf(o.backend)(now)})
	}
	return all
}

// follow has the pairs that are linked here do what other control planes were asked for. The
// caller holds the mutex.
func (f *fleet) follow(ordered []*pairpb.Ordered, now time.Time) {
	maps.DeleteFunc(f.findings.known, func(_ string, heard time.Time) bool { return now.Sub(heard) > 2*orderedFor })
	for _, o := range ordered {
		if _, known := f.findings.known[o.GetId()]; known {
			continue
		}
		f.findings.known[o.GetId()] = now
		if of := o.GetPurge().GetFindings(); of != nil { // else of a later version
			f.findings.forgotten[of.GetBackend()] = now.Add(-time.Duration(o.GetAgeNanos()))
			f.ask(findingsSince, asked{purge: purgeOf(of.GetBackend())})
		}
	}
}
