// Package provider is the stage that speaks the providers' dialects: it writes
// what leaves for a backend and reads what comes back. A subfolder is one
// dialect.
//
// The promise: what nobody rewrites leaves byte for byte as it came, and no
// credential or internal header of the client's leaves at all. The trap: a
// header that a request does not set must be removed by name, so what leaves is
// an allow list and everything else that came is listed for removal.
package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy"
)

// Secrets picks the credential that a backend is called with.
type Secrets interface {
	Pick(backend string) (credential.Secret, int)
	Reject(backend string, index int)
	Secrets(backend string) []credential.Secret
}

// Stage prepares exchanges for the backends of one policy. It is safe for
// concurrent use.
type Stage struct {
	pools   map[string]*pool // by model
	secrets Secrets
	refused func(backend string, status int)
	now     func() time.Time
}

// Options are what the stage needs beside the policy.
type Options struct {
	Secrets Secrets
	Refused func(backend string, status int) // called where a provider does not take the gateway's credential
	Now     func() time.Time
}

// New prepares the backends of a policy.
func New(set *policy.Set, o Options) *Stage {
	s := &Stage{pools: make(map[string]*pool, len(set.Models)), secrets: o.Secrets, refused: o.Refused, now: o.Now}
	for name, m := range set.Models {
		s.pools[name] = newPool(m, set.Prices)
	}
	return s
}

// reject prefers another credential of the backend from now on and tells the
// operators: the gateway is at fault.
func (s *Stage) reject(backend string, secret, status int) {
	s.secrets.Reject(backend, secret)
	s.refused(backend, status)
}

// Name returns "provider".
func (s *Stage) Name() string { return "provider" }

// Join takes part in an exchange.
func (s *Stage) Join(ex *exchange.Exchange) exchange.Hooks {
	p := &part{stage: s, ex: ex}
	return exchange.Hooks{Request: p.request, Response: p.response, Chunk: p.chunk, End: p.end}
}

// part is the stage's memory of one exchange.
type part struct {
	stage    *Stage
	ex       *exchange.Exchange
	pool     *pool
	canon    *canon.Request // nil: no backend needs it
	fits     int            // mask of the pool's classes that can serve the request
	target   *target        // that answers; for a pool of several known from the last attempt
	secret   int            // index of the credential in use
	reader   reader
	rewriter *rewriter // of a stream in another dialect
	gunzip   *gunzip   // of a compressed stream

	mu      sync.Mutex // attempts come on goroutines of their own
	bodies  []written
	unready bool // an attempt could not be prepared
}

// written is a body that was written for a target, kept for its next attempt.
type written struct {
	target  *target
	body    []byte
	dropped []string
}

func (p *part) request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	p.pool = p.stage.pools[p.ex.Route.Model]
	if p.pool == nil {
		return exchange.Verdict{}, fmt.Errorf("model %q has no pool", p.ex.Route.Model)
	}
	if v := p.fit(); v.Action != exchange.Pass {
		return v, nil
	}
	strip(req, p.pool.simulated)
	if p.pool.single == nil {
		p.ex.Tries = p
		return exchange.Verdict{}, nil
	}
	p.target = p.pool.single
	var err error
	if p.secret, p.ex.Dropped, err = p.prepare(&req.Out, p.target); err != nil {
		return exchange.Verdict{}, err
	}
	for _, name := range unwanted(&req.Out, p.target) {
		if req.Headers.Get(name) != nil {
			req.Out.Remove = append(req.Out.Remove, name)
		}
	}
	return exchange.Verdict{}, nil
}

// prepare writes what leaves for a target. It returns the index of the credential
// that it used and the fields that were left out.
func (p *part) prepare(out *exchange.Mutation, t *target) (int, []string, error) {
	req := &p.ex.Request
	secret, index := p.stage.secrets.Pick(t.backend.Name)
	out.SetHeader(":path", t.paths[req.Operation])
	t.dialect.Credential(out, req, secret.Reveal())
	body, dropped, changed, err := p.body(t)
	if err != nil {
		return 0, nil, err
	}
	length := len(req.Body)
	if changed {
		out.ReplaceBody(body)
		length = len(body)
	}
	out.SetHeader("content-length", strconv.Itoa(length))
	return index, dropped, nil
}

// body returns what a target gets, and whether that differs from what came.
func (p *part) body(t *target) (body []byte, dropped []string, changed bool, err error) {
	if !t.translates(p.ex) {
		body, changed = t.dialect.Adapt(nil, &p.ex.Request, t.model, !t.backend.Provider.Quirks.NoStreamOptions)
		return body, nil, changed, nil
	}
	for i := range p.bodies {
		if w := &p.bodies[i]; w.target == t {
			return w.body, w.dropped, true, nil
		}
	}
	body, dropped, err = t.dialect.Encode(make([]byte, 0, len(p.ex.Request.Body)+256), p.canon, t.canon)
	if err != nil {
		return nil, nil, false, fmt.Errorf("translating for backend %q: %w", t.backend.Name, err)
	}
	p.bodies = append(p.bodies, written{t, body, dropped})
	return body, dropped, true, nil
}

func (p *part) response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if p.pool == nil {
		return exchange.Verdict{}, nil
	}
	if !resp.Local {
		resp.Out.Remove = append(resp.Out.Remove, hidden(resp.Headers)...)
	}
	if p.pool.single == nil {
		if v := p.settle(resp); v.Action != exchange.Pass {
			return v, nil
		}
	}
	if resp.Local || p.target == nil {
		return exchange.Verdict{}, nil
	}
	if len(p.ex.Dropped) > 0 {
		resp.Out.SetText(DroppedHeader, strings.Join(p.ex.Dropped, ","))
	}
	if v := p.unpack(resp); v.Action != exchange.Pass {
		return v, nil
	}
	return p.read(resp), nil
}

// read takes from an answer what the exchange must know, and puts it into the
// client's dialect.
func (p *part) read(resp *exchange.Response) exchange.Verdict {
	switch {
	case refusedKey(resp.Status):
		return p.keyRefused(resp)
	case resp.Status >= 400:
		return p.failed(resp)
	case resp.Stream && p.foreign():
		p.rewriter = newRewriter(p.target.dialect, ByName(p.ex.Dialect), p.client(), p.ex)
		return exchange.Verdict{}
	case resp.Stream:
		p.reader.start(p.target.dialect, p.ex)
		return exchange.Verdict{}
	case p.foreign() && p.ex.Request.Operation == exchange.Chat:
		return p.translate(resp)
	}
	if err := p.target.dialect.ReadResponse(p.ex.Request.Operation, resp, &p.ex.Usage); err != nil {
		return p.unreadable(resp, err)
	}
	if resp.Failed { // an error behind a good status
		return p.fault(resp, p.target.dialect.DecodeFault(0, resp.Body))
	}
	return exchange.Verdict{}
}

// unpack makes a compressed answer plain: no client was asked whether it wants
// one, because accept-encoding does not leave. Of an error the status speaks where
// the body cannot.
func (p *part) unpack(resp *exchange.Response) exchange.Verdict {
	if !isGzip(resp.Headers.Get("content-encoding")) {
		return exchange.Verdict{}
	}
	resp.Out.Remove = append(resp.Out.Remove, "content-encoding")
	if resp.Stream {
		p.gunzip = newGunzip()
		return exchange.Verdict{}
	}
	plain, err := unzip(resp.Body)
	switch {
	case err != nil && resp.Status < 400:
		return p.unreadable(resp, err)
	case err != nil:
		plain = nil
	}
	resp.Body = plain
	resp.Out.ReplaceBody(plain)
	return exchange.Verdict{}
}

func (p *part) chunk(_ context.Context, c *exchange.Chunk) (exchange.Verdict, error) {
	if p.gunzip != nil {
		plain, err := p.gunzip.chunk(c.Data)
		if err != nil {
			return exchange.Verdict{}, fmt.Errorf("unpacking the stream of backend %q: %w", p.target.backend.Name, err)
		}
		c.Data, c.Out, c.Replace = plain, plain, true
	}
	if p.rewriter != nil {
		p.rewriter.chunk(c)
		return exchange.Verdict{}, nil
	}
	p.reader.chunk(c)
	return exchange.Verdict{}, nil
}

func (p *part) end(exchange.Outcome) {
	if p.gunzip != nil {
		p.gunzip.stop()
	}
}
