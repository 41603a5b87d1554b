package pair

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/purge"
)

// Outage is what pairs do not ask, or ask last.
type Outage struct {
	Backend, Model string // the model's name at the backend
	Account        string // whose limit was reached; empty: it is about no limit
	Pool, Address  string // empty: of all
	Reason         string
	Since          time.Time
	Until          time.Time // zero: nobody has said
	Named          bool      // the backend said until when
	Nodes          []string  // of the pairs that say so, sorted
}

// same reports whether two outages are one, observed twice.
func (o *Outage) same(p *Outage) bool {
	return o.Backend == p.Backend && o.Model == p.Model && o.Account == p.Account && o.Pool == p.Pool && o.Address == p.Address && o.Reason == p.Reason
}

func byName(a, b Outage) int {
	return cmp.Or(cmp.Compare(a.Backend, b.Backend), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Account, b.Account),
		cmp.Compare(a.Pool, b.Pool), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Reason, b.Reason))
}

// member is a linked pair.
type member struct {
	node, region string
	shares       map[Use]int               // by which it went as it came
	changed      chan struct{}             // something is to be said to it
	version      uint32                    // that both ends of its link speak
	questions    chan *pairpb.LinkResponse // nil: it answers none

	out      []Outage // that it observed
	last     known    // that was said to it
	purges   []asked  // to be sent
	numbered uint64   // the purge that was numbered last
	awaited  map[uint64]chan<- answer
}

// known is what was said to a pair.
type known struct {
	pairs     int
	elsewhere []Outage
	shares    map[Use]int
	at        time.Time
}

// fleet is what is known of the pairs that are linked. It is safe for concurrent use.
type fleet struct {
	now      func() time.Time
	mu       sync.Mutex
	members  map[*member]bool
	others   *pairpb.Fleet // of other control planes; nil: there are none
	heard    time.Time     // when they said so
	findings findings
	entries  []purge.Purge // of entries in the cache, that are active
}

func newFleet(now func() time.Time) fleet {
	return fleet{now: now, members: map[*member]bool{}, findings: newFindings()}
}

func newMember(hello *pairpb.Hello) *member {
	m := &member{
		node: hello.GetNode(), region: hello.GetRegion(), version: min(hello.GetVersion(), Version),
		shares: make(map[Use]int), changed: make(chan struct{}, 1), awaited: make(map[uint64]chan<- answer),
	}
	if hello.GetKeys() != nil {
		m.questions = make(chan *pairpb.LinkResponse, maxQuestions)
	}
	for _, s := range hello.GetShares() {
		m.shares[Use{s.GetModel(), s.GetUse()}] = int(s.GetPermille())
	}
	return m
}

func (f *fleet) join(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[m] = true
	m.purges = f.sent(m)
	f.wake()
}

func (f *fleet) leave(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.members, m)
	m.givenUp()
	f.wake()
}

// Wake has every pair sent what has changed for it.
func (f *fleet) Wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake()
}

// Regions returns the regions of the pairs that are linked, in order.
func (f *fleet) Regions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for m := range f.members {
		all = append(all, m.region)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wake has every member looked at. The caller holds the mutex.
func (f *fleet) wake() {
	for m := range f.members {
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}
}

// observe takes in what a pair knows.
func (f *fleet) observe(m *member, o *pairpb.Observed) {
	now, out := f.now(), make([]Outage, 0, len(o.GetOut()))
	for _, one := range o.GetOut() {
		out = append(out, read(one, []string{m.node}, now))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m.out = out
	f.wake()
}

// Out lists what pairs do not ask, or ask last, in order.
func (f *fleet) Out() []Outage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.merged(nil)
}

// Pairs returns how many pairs are linked, to whichever control plane.
func (f *fleet) Pairs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pairs()
}

// pairs is what Pairs returns. The caller holds the mutex.
func (f *fleet) pairs() int { return len(f.members) + int(f.others.GetPairs()) }

// merged is what all pairs but one observe and what is not over. The caller holds the mutex.
func (f *fleet) merged(but *member) []Outage {
	all := f.own(but)
	for _, o := range f.others.GetElsewhere() {
		all = append(all, read(o, o.GetNodes(), f.heard))
	}
	now := f.now()
	all = slices.DeleteFunc(all, func(o Outage) bool { return !o.Until.IsZero() && !now.Before(o.Until) || !f.findings.counts(&o) })
	slices.SortFunc(all, byName)
	var merged []Outage
	for _, o := range all {
		if n := len(merged); n > 0 && merged[n-1].same(&o) {
			merged[n-1].merge(o)
			continue
		}
		merged = append(merged, o)
	}
	return merged
}

// own is what all members but one observe. The caller holds the mutex.
func (f *fleet) own(but *member) (all []Outage) {
	for m := range f.members {
		if m != but {
			all = append(all, m.out...)
		}
	}
	return all
}

// merge takes in that another pair observes the same. It lasts as long as any of them says.
func (o *Outage) merge(p Outage) {
	o.Nodes = append(slices.Clone(o.Nodes), p.Nodes...)
	slices.Sort(o.Nodes)
	if p.Since.Before(o.Since) {
		o.Since = p.Since
	}
	if p.Until.After(o.Until) {
		o.Until, o.Named = p.Until, p.Named
	}
}
