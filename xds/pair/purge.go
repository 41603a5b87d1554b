package pair

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

const (
	// purgeWithin is how long pairs have to answer a purge.
	purgeWithin = 3 * time.Second
	// orderedFor is how long a purge is said to other control planes, which ask each second.
	orderedFor = time.Minute
)

// purges are what this control plane has had forgotten. They are guarded by the fleet's mutex.
type purges struct {
	ordered  []order              // here, in the last minute
	known    map[string]time.Time // ids of those that others have ordered, and when it was heard
	findings map[string]time.Time // by backend: what was found out before counts no more
}

// order is a purge of findings.
type order struct {
	id, backend string
	at          time.Time
}

// asked is a purge on its way to a pair.
type asked struct {
	*pairpb.Purge
	done chan<- int // how many things there were; gone: it has left
}

// gone stands for a pair that has left before it said that it has forgotten.
const gone = -1

// Forgotten says what became of a reset.
type Forgotten struct {
	Pairs     int // that are linked here and have forgotten
	Silent    int // that are linked here and have not said so: too old, or not in time
	Elsewhere int // that other control planes have, which hear of it within two seconds
	Things    int // that were forgotten here
}

// Forget has every pair forget what was found out of a backend by asking it, and waits for those
// that are linked here.
func (f *fleet) Forget(ctx context.Context, backend string) (all Forgotten) {
	ctx, cancel := context.WithTimeout(ctx, purgeWithin)
	defer cancel()
	f.mu.Lock()
	now := f.now()
	f.purges.ordered = append(f.purges.ordered, order{rand.Text(), backend, now})
	done, able := f.purge(backend, now)
	all.Silent, all.Elsewhere = len(f.members), int(f.others.GetPairs())
	f.mu.Unlock()
	for range able {
		select {
		case things := <-done:
			if things != gone {
				all.Pairs, all.Silent, all.Things = all.Pairs+1, all.Silent-1, all.Things+things
			}
		case <-ctx.Done():
			return all
		}
	}
	return all
}

// purge has the pairs that are linked here forget what was found out of a backend until a moment,
// and returns where those answer that can, and how many these are. The caller holds the mutex.
func (f *fleet) purge(backend string, until time.Time) (<-chan int, int) {
	f.purges.findings[backend] = until
	done, able := make(chan int, len(f.members)), 0
	for m := range f.members {
		if m.version < 2 {
			continue
		}
		able++
		m.numbered++
		m.purges = append(m.purges, asked{&pairpb.Purge{Number: m.numbered, What: &pairpb.Purge_Findings{Findings: &pairpb.Findings{Backend: backend}}}, done})
	}
	f.wake()
	return done, able
}

// takePurges returns what a pair is to forget that was not sent to it.
func (f *fleet) takePurges(m *member) (all []*pairpb.LinkResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range m.purges {
		m.awaited[p.GetNumber()] = p.done
		all = append(all, &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Purge{Purge: p.Purge}})
	}
	m.purges = nil
	return all
}

// purged takes in that a pair has forgotten.
func (f *fleet) purged(m *member, p *pairpb.Purged) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if done := m.awaited[p.GetNumber()]; done != nil {
		delete(m.awaited, p.GetNumber())
		done <- int(p.GetThings()) // there is room for every pair's
	}
}

// givenUp answers for a pair that has left. The caller holds the mutex.
func (m *member) givenUp() {
	for _, p := range m.purges {
		p.done <- gone
	}
	for _, done := range m.awaited {
		done <- gone
	}
	m.purges, m.awaited = nil, nil // a word of it may still be read
}

// counts reports whether an outage was observed after what was found out of its backend was
// forgotten. What an Envoy has taken out is no finding.
func (p *purges) counts(o *Outage) bool {
	return o.Account == "" || o.Since.After(p.findings[o.Backend])
}

// said are the purges of the last minute, for other control planes.
func (p *purges) said(now time.Time) (all []*pairpb.Ordered) {
	p.ordered = slices.DeleteFunc(p.ordered, func(o order) bool { return now.Sub(o.at) > orderedFor })
	for _, o := range p.ordered {
		purge := &pairpb.Purge{What: &pairpb.Purge_Findings{Findings: &pairpb.Findings{Backend: o.backend}}}
		all = append(all, &pairpb.Ordered{Id: o.id, AgeNanos: now.Sub(o.at).Nanoseconds(), Purge: purge})
	}
	return all
}

// follow has the pairs that are linked here do what other control planes were asked for. The
// caller holds the mutex.
func (f *fleet) follow(ordered []*pairpb.Ordered, now time.Time) {
	maps.DeleteFunc(f.purges.known, func(_ string, heard time.Time) bool { return now.Sub(heard) > 2*orderedFor })
	for _, o := range ordered {
		if _, known := f.purges.known[o.GetId()]; known {
			continue
		}
		f.purges.known[o.GetId()] = now
		if findings := o.GetPurge().GetFindings(); findings != nil { // else of a later version
			f.purge(findings.GetBackend(), now.Add(-time.Duration(o.GetAgeNanos())))
		}
	}
}
