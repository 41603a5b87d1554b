package provider

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// plan is what leaves for the backends of one exchange.
type plan struct {
	exchange.Idle
	stage      *stage
	ex         *exchange.Exchange
	pool       *pool             // nil: the exchange is for no model
	supporting int               // mask of the pool's classes that can serve the request
	pinned     *policy.Backend   // that keeps what the request names; nil: any may serve it
	theirIDs   map[string]string // ids of what is kept as the client writes them, by those of the provider; nil: it writes none
	keptID     string            // of what the path names, as its backend knows it
	keeps      bool              // the answer has ids of what its backend keeps
	probes     []probe

	secret int // index of the credential that a pool's only backend was called with

	mu       sync.Mutex // attempts come on goroutines of their own
	bodies   []written
	failed   bool // an attempt could not be prepared
	within   int  // mask of the classes that Envoy may choose from: no more than support the request
	narrowed bool // an attempt has left backends out of those after it
}

// written is a body that was written for a target, kept for its next attempt.
type written struct {
	target  *target
	streams bool
	body    []byte
	dropped []string
}

// Request implements exchange.Visit.
func (p *plan) Request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	model := p.stage.poolsOf(p.ex)
	if model == nil {
		return exchange.Verdict{}, fmt.Errorf("model %q has no pool", p.ex.Model)
	}
	pool := model.of(p.ex)
	p.pool = pool
	if v, err := p.findKept(req); v.Action != exchange.Pass || err != nil {
		p.pool = nil
		return v, err
	}
	if v := p.findSupporting(); v.Action != exchange.Pass {
		p.pool = nil
		return v, nil
	}
	p.mayFold()
	strip(req, pool.simulated)
	return exchange.Verdict{}, nil
}

// Attempt implements exchange.Visit. A pool of one backend leaves the choice of
// :authority to Envoy, which knows the endpoint beforehand.
func (p *plan) Attempt(_ context.Context, at *exchange.Attempt) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.pool.find(at.Backend, at.Model)
	if t == nil {
		p.failed = true
		return fmt.Errorf("model %q has no backend %q with model %q", p.ex.Model, at.Backend, at.Model)
	}
	at.Provider, at.Model = t.backend.Provider.Name, t.model
	at.Streams = t.streams(p.ex)
	at.Out.SetHeader(":path", p.path(at, t))
	p.send(at, t)
	if p.pool.single == nil {
		at.Out.SetHeader(":authority", t.host)
		restore(&at.Out, at.Request, t)
	}
	if err := p.write(at, t); err != nil {
		p.failed = true
		return err
	}
	t.dialect.Sign(at)
	p.remove(at, t)
	if p.pool.single != nil {
		p.secret, p.ex.Dropped = at.Secret, at.Dropped
	}
	return nil
}

// path is where a target answers an attempt.
func (p *plan) path(at *exchange.Attempt, t *target) string {
	if at.Request.Operation.OfKept() {
		return p.keptPath(t.path(at), at.Request)
	}
	return t.path(at)
}

// remove lists what the client or an earlier attempt may have left and the target
// must not get. A pool of one has no earlier attempt.
func (p *plan) remove(at *exchange.Attempt, t *target) {
	for _, name := range t.unwanted {
		if at.Out.Set.Get(name) != nil || p.pool.single != nil && at.Request.Headers.Get(name) == nil {
			continue
		}
		at.Out.Remove = append(at.Out.Remove, name)
	}
}

// write puts the body that a target gets into the attempt. A request that has none goes without.
func (p *plan) write(at *exchange.Attempt, t *target) error {
	if at.Request.Operation.OfKept() {
		return nil
	}
	body, dropped, changed, err := p.body(t, at.Streams)
	if err != nil {
		return err
	}
	at.Dropped = dropped
	if changed {
		at.Out.ReplaceBody(body)
	}
	at.Out.SetHeader("content-length", strconv.Itoa(len(body)))
	return nil
}

// body returns what a target gets, and whether that differs from what came.
func (p *plan) body(t *target, streams bool) (body []byte, dropped []string, changed bool, err error) {
	req := &p.ex.Request
	as := t.asked(req, streams)
	if !t.translates(p.ex) {
		body, dropped, changed = t.dialect.Adapt(nil, req, as)
		if !changed {
			body = req.Body
		}
		body, lost, mended := t.mend(req.Operation, body)
		return body, append(dropped, lost...), changed || mended || req.Rewritten(), nil
	}
	for i := range p.bodies {
		if w := &p.bodies[i]; w.target == t && w.streams == streams {
			return w.body, w.dropped, true, nil
		}
	}
	if body, dropped, err = p.translate(t, as); err != nil {
		return nil, nil, false, fmt.Errorf("translating for backend %q: %w", t.backend.Name, err)
	}
	p.bodies = append(p.bodies, written{t, streams, body, dropped})
	return body, dropped, true, nil
}

// translate writes the request anew. What is mended is named by its place in the client's
// body.
func (p *plan) translate(t *target, as *canon.Target) ([]byte, []string, error) {
	req := &p.ex.Request
	meaning, err := req.Canon()
	if err != nil {
		return nil, nil, err
	}
	body, dropped, err := t.dialect.Encode(make([]byte, 0, len(req.Body)+256), meaning, *as)
	if err != nil {
		return nil, nil, err
	}
	if p.counts() {
		return t.countable(body), dropped, nil
	}
	body, mended, _ := t.mend(req.Operation, body)
	switch {
	case t.dialect.Name() == p.ex.Dialect:
		_, mended, _ = t.mend(req.Operation, req.Body)
	case len(mended) > 0: // of what is translated, a server refuses no more than how to reason
		mended = meaning.ReasonNames()
	}
	return body, append(dropped, mended...), nil
}

// prepareFailed reports whether an attempt ended because it could not be prepared.
func (p *plan) prepareFailed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}
