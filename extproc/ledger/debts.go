package ledger

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxDebts bounds of how many limits something is owed.
const maxDebts = 100_000

// Debts are sums of what was used while the store that should know could not be asked. Those of
// rates drain meanwhile. The zero value is ready. It is safe for concurrent use.
type Debts struct {
	mu  sync.Mutex
	all map[debtKey]*debt
}

type debtKey struct{ scope, name string }

type debt struct {
	limit Limit // as policies say
	level level
	max   int64 // what is drained per period: the part of the limit that this debtor has
}

// Add adds what a claim used, in its limits and in the parts of them that the debtor has. It
// returns how many limits were too many.
func (d *Debts) Add(limits, parts []Limit, used []int64, now time.Time) (dropped int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = make(map[debtKey]*debt)
	}
	for i := range limits {
		if used[i] <= 0 {
			continue
		}
		key := debtKey{limits[i].Scope, limits[i].Name}
		one := d.all[key]
		if one == nil {
			if len(d.all) >= maxDebts {
				dropped++
				continue
			}
			one = &debt{level: level{at: now.UnixMicro()}}
			d.all[key] = one
		}
		one.limit, one.max = limits[i], parts[i].Max
		one.drain(now)
		one.level.change(&one.limit, one.limit.parts(used[i]), now.UnixMicro())
	}
	return dropped
}

func (d *debt) drain(now time.Time) {
	l := d.limit
	l.Max = d.max
	d.level.drain(&l, now.UnixMicro())
}

// Len is of how many limits something is owed.
func (d *Debts) Len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}

// Take returns what is owed as settlements of claims that nobody has made, one for each scope and
// at most so many, and owes it no more.
func (d *Debts) Take(scopes int, id func() string, ttl time.Duration, now time.Time) []Settlement {
	d.mu.Lock()
	defer d.mu.Unlock()
	byScope := map[string]*Settlement{}
	var all []*Settlement
	for _, key := range slices.SortedFunc(maps.Keys(d.all), func(a, b debtKey) int { return strings.Compare(a.scope+a.name, b.scope+b.name) }) {
		s := byScope[key.scope]
		if s == nil && len(all) == scopes {
			continue
		}
		one := d.all[key]
		delete(d.all, key)
		amount := one.units(now)
		if amount == 0 {
			continue
		}
		if s == nil {
			s = &Settlement{Claim: &Claim{ID: id(), TTL: ttl}}
			byScope[key.scope], all = s, append(all, s)
		}
		one.limit.Amount = 0
		s.Claim.Limits, s.Used = append(s.Claim.Limits, one.limit), append(s.Used, amount)
	}
	out := make([]Settlement, len(all))
	for i, s := range all {
		out[i] = *s
	}
	return out
}

// units is what is owed now: nothing of a window that has ended.
func (d *debt) units(now time.Time) int64 {
	if d.limit.Period == 0 && !now.Before(d.limit.Until) {
		return 0
	}
	d.drain(now)
	scale := d.limit.scale()
	return d.level.used/scale + min(d.level.used%scale, 1)
}
