package agent

import (
	"slices"

	"github.com/headgate/headgate/policy/pairpb"
)

// maxPurged is how many purges may wait to be answered. One more is not.
const maxPurged = 16

// purge forgets what a purge names; false: it is of a kind that is not known here.
func (l *link) purge(p *pairpb.Purge) (things int, known bool) {
	findings := p.GetFindings()
	if findings == nil || l.fleet == nil {
		return 0, false
	}
	return l.learning.forget(findings.GetBackend()), true
}

// hearPurge does what a purge says, and has it answered.
func (l *link) hearPurge(p *pairpb.Purge) {
	things, known := l.purge(p)
	if !known {
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
