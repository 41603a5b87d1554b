package provider

import (
	"math/bits"
	"net/http"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/circuit"
)

// statusOverloaded is Anthropic's status of a server that cannot take more now.
const statusOverloaded = 529

// retriesHeader is how often Envoy tries a request again, in place of what its route says.
const retriesHeader = "x-envoy-max-retries"

// probe is what an exchange does for a half-open circuit.
type probe struct {
	circuit *circuit.Circuit
	number  uint64
}

// inService returns, of the classes that support the request, those of which a backend is
// not to be left alone. If there is none, the one that is to be asked soonest is the last
// resort: somebody has to say no.
func (p *plan) inService() int {
	if p.pool.single != nil || p.pool.cooldown == 0 || p.pool.allClosed() {
		return p.supporting
	}
	now, in := p.stage.now(), 0
	for _, t := range p.pool.targets {
		if !p.in(p.supporting, t) {
			continue
		}
		number, ok := t.circuit.Enter(now)
		if ok {
			in |= 1 << t.class
		}
		if number > 0 {
			p.probes = append(p.probes, probe{t.circuit, number})
		}
	}
	if in == 0 {
		return 1 << p.soonest(now).class
	}
	return in
}

// leaves reports whether a target is to be left alone.
func (p *pool) leaves(t *target, now time.Time) bool { return p.cooldown > 0 && t.circuit.Open(now) }

func (p *pool) allClosed() bool {
	for _, t := range p.targets {
		if !t.circuit.Closed() {
			return false
		}
	}
	return true
}

// soonest returns the target that supports the request and is to be asked again first.
func (p *plan) soonest(now time.Time) (soonest *target) {
	for _, t := range p.pool.targets {
		if p.in(p.supporting, t) && (soonest == nil || t.circuit.Left(now) < soonest.circuit.Left(now)) {
			soonest = t
		}
	}
	return soonest
}

// fit keeps the request within its classes, with as many attempts as a chain of these alone
// has.
func (p *plan) fit() {
	p.ex.Fit = p.pool.fit.Name(p.within)
	if p.pinned != nil {
		p.ex.Fit = p.pool.fit.Pin(p.pinned.Name, p.within)
	}
	uses, links := 0, uint64(0)
	for _, t := range p.pool.targets {
		if p.in(p.within, t) {
			uses++
			links |= 1 << min(t.link, 63)
		}
	}
	attempts := max(bits.OnesCount64(links)*(p.pool.retries+1), uses*p.pool.turn)
	p.ex.Request.Out.SetHeader(retriesHeader, strconv.Itoa(attempts-1))
}

// limitReached leaves a backend that says that a limit is reached, for this exchange and
// for those after it.
func (p *plan) limitReached(at *exchange.Attempt, why circuit.Reason, found exchange.Fault) exchange.Judgement {
	wait := exchange.RetryAfter(at.Headers, at.Now)
	if wait == 0 {
		wait = usedUp(at.Headers, at.Now)
	}
	p.observe(at, why, wait)
	j := p.moveOn(at, found)
	j.Fit = p.narrow(at)
	if t := p.pool.find(at.Backend, at.Model); t != nil && t.theirs {
		j.Degrade = false // the limit is one client's
	}
	return j
}

// answered takes note of an answer that is no limit, and may yet say that nothing is left.
func (p *plan) answered(at *exchange.Attempt, j exchange.Judgement) {
	switch {
	case j.Undecided, j.Fault == exchange.FaultSilent: // nothing is known yet, or nothing came
		return
	case j.Fault == exchange.FaultOverloaded, at.Status == http.StatusTooManyRequests, at.Status == statusOverloaded:
		return
	}
	why, wait := circuit.None, usedUp(at.Headers, at.Now)
	if wait > 0 {
		why = circuit.UsedUp
	}
	p.observe(at, why, wait)
}

func (p *plan) observe(at *exchange.Attempt, why circuit.Reason, wait time.Duration) {
	if t := p.pool.find(at.Backend, at.Model); t != nil && p.pool.cooldown > 0 && !t.theirs {
		t.circuit.Observe(circuit.Observation{Began: at.Began, At: at.Now, Reason: why, Wait: wait, Else: p.pool.cooldown})
	}
}

// narrow names what is left to the attempts after this one, if nothing was named before, not
// even an order of the chain: Envoy reads that once for each request (envoy/facts). Unlike a
// mark, which puts a backend last for everybody, it lasts no longer than the request.
func (p *plan) narrow(at *exchange.Attempt) string {
	if p.ex.Fit != "" || p.pool.cooldown == 0 || p.pool.ordered || !p.pool.mayMark(at.Number) {
		return ""
	}
	left, limited := 0, p.pool.find(at.Backend, at.Model)
	for _, t := range p.pool.targets {
		if p.in(p.supporting, t) && t != limited && !p.pool.leaves(t, at.Now) {
			left |= 1 << t.class
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if left == 0 || left&(1<<limited.class) != 0 || p.narrowed {
		return ""
	}
	p.within, p.narrowed = left, true
	return p.pool.fit.Name(left)
}

// asked reports whether Envoy may choose a target for the request.
func (p *plan) asked(t *target) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in(p.within, t)
}

// in reports whether a target is of some classes, and the request is not kept to another backend.
func (p *plan) in(classes int, t *target) bool {
	return classes&(1<<t.class) != 0 && (p.pinned == nil || t.backend == p.pinned)
}

// leaveProbes ends the probes of which nothing has come: another backend has answered, or
// none.
func (p *plan) leaveProbes() {
	for _, one := range p.probes {
		one.circuit.Leave(one.number)
	}
	p.probes = nil
}
