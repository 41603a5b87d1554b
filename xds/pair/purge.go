package pair

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
)

// purgeWithin is how long pairs have to answer a purge.
const purgeWithin = 3 * time.Second

// Forgotten says what became of a purge.
type Forgotten struct {
	Pairs     int      // that are linked here and have forgotten
	Silent    []string // names of those that are linked here and have not said so: too old, or not in time
	Elsewhere int      // that other control planes have
	Things    int      // that were forgotten here
}

// asked is a purge on its way to a pair.
type asked struct {
	purge func(now time.Time) *pairpb.Purge
	done  chan<- answer // nil: nobody waits for it
}

// answer is a pair's to a purge.
type answer struct {
	by     *member
	things int // how many there were; gone: it has left
}

// gone stands for a pair that has left before it said that it has forgotten.
const gone = -1

// waiting are the answers to a purge.
type waiting struct {
	silent    map[*member]bool
	asked     int // of which each answers
	elsewhere int
	done      chan answer
}

// order has the pairs that are linked here and know a version forget, and returns what waits for
// them. The caller holds the mutex.
func (f *fleet) order(since uint32, purge func(time.Time) *pairpb.Purge) *waiting {
	w := &waiting{silent: maps.Clone(f.members), elsewhere: int(f.others.GetPairs()), done: make(chan answer, len(f.members))}
	w.asked = f.ask(since, asked{purge, w.done})
	return w
}

// ask has the pairs that are linked here and know a version forget, and returns how many these
// are. The caller holds the mutex.
func (f *fleet) ask(since uint32, a asked) (able int) {
	for m := range f.members {
		if m.version >= since {
			able++
			m.purges = append(m.purges, a)
		}
	}
	f.wake()
	return able
}

// wait waits until all that were asked have answered, but no longer than they have for it.
func (w *waiting) wait(ctx context.Context) Forgotten {
	ctx, cancel := context.WithTimeout(ctx, purgeWithin)
	defer cancel()
	all := Forgotten{Elsewhere: w.elsewhere}
	for left := w.asked; left > 0; left-- {
		select {
		case a := <-w.done:
			if a.things != gone {
				all.Pairs, all.Things = all.Pairs+1, all.Things+a.things
				delete(w.silent, a.by)
			}
		case <-ctx.Done():
			left = 0
		}
	}
	for m := range w.silent {
		all.Silent = append(all.Silent, m.node)
	}
	slices.Sort(all.Silent)
	return all
}

// takePurges returns what a pair is to forget that was not sent to it.
func (f *fleet) takePurges(m *member) (all []*pairpb.LinkResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range m.purges {
		p := a.purge(f.now())
		if a.done != nil {
			m.numbered++
			p.Number, m.awaited[m.numbered] = m.numbered, a.done
		}
		all = append(all, &pairpb.LinkResponse{Message: &pairpb.LinkResponse_Purge{Purge: p}})
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
		done <- answer{m, int(p.GetThings())} // there is room for every pair's
	}
}

// givenUp answers for a pair that has left. The caller holds the mutex.
func (m *member) givenUp() {
	for _, a := range m.purges {
		if a.done != nil {
			a.done <- answer{m, gone}
		}
	}
	for _, done := range m.awaited {
		done <- answer{m, gone}
	}
	m.purges, m.awaited = nil, nil // a word of it may still be read
}
