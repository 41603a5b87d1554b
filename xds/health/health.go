// Package health asks the backends of a policy whether they are there, and drains those
// that are not, before a user meets the outage.
//
// The promise: a backend is asked by one prober, however many models and pairs use it; one
// failed check drains nothing, and nothing is drained unless another backend has answered
// since, because then it may be this process that is cut off. A backend that is back is in
// use again within Recovery, and one that comes and goes is not believed as soon. The trap:
// the network that is seen is this process's, not that of the pairs.
package health

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
)

// Options are what a Prober needs beside policies.
type Options struct {
	// Probe checks a backend once. Its error says why the backend is out.
	Probe func(context.Context, *policy.Backend, policy.Probe) error
	// Lay puts an overlay into effect in the place of the one before.
	Lay func(policy.Overlay) error
}

// Prober checks the backends of the policy that it follows. It is safe for concurrent use.
type Prober struct {
	options Options
	log     *zap.Logger
	metrics *metrics
	ctx     context.Context // of all checks
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	targets map[string]*target // by backend
	wanted  wanted             // which models use them
	laid    policy.Overlay     // as Lay was called last, without an error
}

// New makes a Prober, which checks nothing until it follows a policy.
func New(o Options, reg prometheus.Registerer, log *zap.Logger) *Prober {
	p := &Prober{options: o, log: log, metrics: newMetrics(reg), targets: map[string]*target{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Stop ends all checks and waits for them. What was drained stays so.
func (p *Prober) Stop() {
	p.stop()
	p.running.Wait()
}

// Follow checks the backends of the models of a policy that ask for it, in the place of
// those of the policy before. What is known of a backend that stays as it is, stays.
func (p *Prober) Follow(set *policy.Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return
	}
	p.wanted = wantedBy(set)
	for name, t := range p.targets {
		if w := p.wanted[name]; w == nil || !t.same(w) {
			t.stop()
			delete(p.targets, name)
			p.metrics.forget(name)
		}
	}
	for name, w := range p.wanted {
		if p.targets[name] == nil {
			p.targets[name] = p.begin(w)
		}
	}
	p.lay()
}

// begin checks a backend from now on. The caller holds the mutex.
func (p *Prober) begin(w *want) *target {
	ctx, stop := context.WithCancel(p.ctx)
	t := newTarget(w, stop)
	p.metrics.up(w.backend.Name, true)
	p.running.Go(func() { p.check(ctx, t) })
	return t
}

// check checks a backend until ctx is done.
func (p *Prober) check(ctx context.Context, t *target) {
	for t.wait(ctx, p.pause(t)) {
		began := time.Now()
		err := p.options.Probe(ctx, t.backend, t.probe)
		if ctx.Err() != nil {
			return
		}
		p.metrics.probed(t.backend.Name, err)
		p.take(t, err, began)
	}
}

func (p *Prober) pause(t *target) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return t.pause()
}

// take notes what a check found, and acts on it.
func (p *Prober) take(t *target, err error, began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.targets[t.backend.Name] != t {
		return // the policy has changed
	}
	was := t.down
	if err == nil {
		t.succeeded(began, time.Now())
	} else {
		p.failed(t, err, began)
	}
	if t.down != was {
		p.logChange(t)
	}
	p.lay()
}

// failed notes a failed check. After the first one in a row all others are checked at once:
// only if one of them answers, and this one still does not, it is the backend that is out.
func (p *Prober) failed(t *target, err error, began time.Time) {
	first, vouched := t.failed(err, began), false
	for _, other := range p.targets {
		if first && other != t {
			other.hurry()
		}
		vouched = vouched || other.vouches(t, began)
	}
	if !t.down && t.failures >= fall && vouched {
		t.fall(time.Now())
	}
}

func (p *Prober) logChange(t *target) {
	p.metrics.up(t.backend.Name, !t.down)
	name := zap.String("backend", t.backend.Name)
	if t.down {
		p.log.Warn("a backend does not answer its checks", name, zap.String("reason", t.reason))
		return
	}
	p.log.Info("a backend answers its checks again", name, zap.Duration("after", t.back.Sub(t.out).Round(time.Millisecond)))
}

// lay puts into effect what is to be drained now. The caller holds the mutex.
func (p *Prober) lay() {
	o := p.wanted.drained(p.targets)
	if o.Equal(p.laid) {
		return
	}
	if err := p.options.Lay(o); err != nil {
		p.log.Error("what does not answer its checks cannot be drained", zap.Error(err)) // tried again after the next check
		return
	}
	p.logLaid(o)
	p.laid = o
	p.metrics.drained(o)
}

// logLaid logs what an overlay drains that the one before did not.
func (p *Prober) logLaid(o policy.Overlay) {
	for _, d := range o.Drained {
		if !slices.Contains(p.laid.Drained, d) {
			p.log.Info("drained", zap.String("entry", policy.Describe(d)))
		}
	}
	if o.IsZero() {
		p.log.Info("nothing is drained any more", zap.Bool("answers", p.wanted.someAnswer(p.targets)))
	}
}
