package agent

import (
	"slices"

	"github.com/headgate/headgate/policy/pairpb"
)

// maxPurged is how many purges may wait to be answered. One more is not.
const maxPurged = 64

// purge forgets what a purge names; false: it is of a kind that is not known here.
func (l *link) purge(p *pairpb.Purge) (things int, known bool) {
	if l.fleet == nil {
		return 0, false
	}
	switch what := p.GetWhat().(type) {
	case *pairpb.Purge_Findings:
		return l.learning.forget(what.Findings.GetBackend()), true
	case *pairpb.Purge_Entries:
		return l.fleet.Purge(what.Entries), true
	}
	return 0, false
}

// hearPurge does what a purge says, and has it answered if somebody waits for that.
func (l *link) hearPurge(p *pairpb.Purge) {
	things, known := l.purge(p)
	if !known || p.GetNumber() == 0 {
		return
	}
	select {
	case l.purged <- &pairpb.Purged{Number: p.GetNumber(), Things: uint32(things)}:
	default:
	}
}

// forget forgets what was found out of a backend, also what is to be said again.
func (l *learning) forget(backend string) (things int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last.Elsewhere = slices.DeleteFunc(slices.Clone(l.last.Elsewhere), func(o Outage) bool { return o.isOf(backend) })
	return l.fleet.Forget(backend)
}

// isOf reports whether an outage was found out by asking a backend, and not by its Envoy.
func (o Outage) isOf(backend string) bool { return o.Backend == backend && o.Account != "" }
