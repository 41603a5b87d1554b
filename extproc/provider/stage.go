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
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/credential"
	"github.com/headgate/headgate/policy"
)

// Secrets picks the credential that a backend is called with.
type Secrets interface {
	Pick(backend string) (credential.Secret, int)
	Reject(backend string, index int)
}

// Stage prepares exchanges for the backends of one policy. It is safe for
// concurrent use.
type Stage struct {
	pools   map[string]*pool // by model
	secrets Secrets
	now     func() time.Time
}

// New prepares the backends of a policy.
func New(set *policy.Set, secrets Secrets, now func() time.Time) *Stage {
	s := &Stage{pools: make(map[string]*pool, len(set.Models)), secrets: secrets, now: now}
	for name, m := range set.Models {
		s.pools[name] = newPool(m)
	}
	return s
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
	stage  *Stage
	ex     *exchange.Exchange
	pool   *pool
	target *target // that answers; for a pool of several known from the last attempt
	secret int     // index of the credential in use
	reader reader
	gunzip *gunzip // of a compressed stream
}

func (p *part) request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	p.pool = p.stage.pools[p.ex.Route.Model]
	if p.pool == nil {
		return exchange.Verdict{}, fmt.Errorf("model %q has no pool", p.ex.Route.Model)
	}
	strip(req, p.pool.simulated)
	if p.pool.single == nil {
		return exchange.Verdict{}, nil
	}
	p.target = p.pool.single
	var err error
	p.secret, err = p.stage.prepare(&req.Out, p.ex, p.target)
	return exchange.Verdict{}, err
}

// prepare writes what leaves for a backend and returns the index of the
// credential that it used.
func (s *Stage) prepare(out *exchange.Mutation, ex *exchange.Exchange, t *target) (int, error) {
	req := &ex.Request
	secret, index := s.secrets.Pick(t.backend.Name)
	out.SetHeader(":path", t.paths[req.Operation])
	t.dialect.Credential(out, req, secret.Reveal())
	length := len(req.Body)
	if body, changed := t.dialect.Adapt(nil, req, t.model, !t.backend.Provider.Quirks.NoStreamOptions); changed {
		out.ReplaceBody(body)
		length = len(body)
	}
	out.SetHeader("content-length", strconv.Itoa(length))
	return index, nil
}

func (p *part) response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if p.pool == nil {
		return exchange.Verdict{}, nil
	}
	if p.pool.single == nil {
		if v := p.settle(resp); v.Action != exchange.Pass {
			return v, nil
		}
	}
	if resp.Local || p.target == nil {
		return exchange.Verdict{}, nil
	}
	resp.Out.Remove = append(resp.Out.Remove, hidden(resp.Headers)...)
	if v := p.unpack(resp); v.Action != exchange.Pass {
		return v, nil
	}
	switch {
	case refusedKey(resp.Status):
		return p.keyRefused(resp), nil
	case resp.Status >= 400:
		return p.failed(resp), nil
	case resp.Stream:
		p.reader.start(p.target.dialect, p.ex)
		return exchange.Verdict{}, nil
	}
	if err := p.target.dialect.ReadResponse(p.ex.Request.Operation, resp, &p.ex.Usage); err != nil {
		return p.unreadable(resp, err), nil
	}
	return exchange.Verdict{}, nil
}

// unpack makes a compressed answer plain: no client was asked whether it wants
// one, because accept-encoding does not leave.
func (p *part) unpack(resp *exchange.Response) exchange.Verdict {
	if string(resp.Headers.Get("content-encoding")) != "gzip" {
		return exchange.Verdict{}
	}
	resp.Out.Remove = append(resp.Out.Remove, "content-encoding")
	if resp.Stream {
		p.gunzip = newGunzip()
		return exchange.Verdict{}
	}
	plain, err := unzip(resp.Body)
	if err != nil {
		return p.unreadable(resp, err)
	}
	resp.Body = plain
	resp.Out.ReplaceBody(plain)
	return exchange.Verdict{}
}

// unreadable refuses an answer that is not what its headers and its dialect
// promise, because passing it on would look like success.
func (p *part) unreadable(resp *exchange.Response, err error) exchange.Verdict {
	resp.Failed = true
	return exchange.Denied(502, exchange.ReasonUnprocessable,
		fmt.Sprintf("Backend %q answered %d with a body that cannot be read: %v.", p.target.backend.Name, resp.Status, err))
}

func refusedKey(status int) bool { return status == 401 || status == 402 || status == 403 }

// settle finds out who answered for a pool of several backends, and refuses where
// all that could be tried have failed.
func (p *part) settle(resp *exchange.Response) exchange.Verdict {
	attempts := p.ex.Attempts.List()
	if len(attempts) == 0 {
		return exchange.Verdict{}
	}
	last := &attempts[len(attempts)-1]
	if resp.Local && resp.Status != 502 && resp.Status != 503 && !(resp.Status == 504 && p.ex.Request.Deadline == 0) {
		return exchange.Verdict{}
	}
	if last.Failed() || resp.Local {
		return exhausted(p.ex.Route.Model, attempts)
	}
	p.target = p.pool.find(last.Backend, last.Model)
	p.secret = last.Secret
	r := &p.ex.Route
	r.Backend, r.Provider, r.Serves = last.Backend, last.Provider, last.Model
	return exchange.Verdict{}
}

// exhausted tells the caller that every link was tried, what each said, and when
// the first of them wants to be asked again.
func exhausted(model string, attempts []exchange.Attempt) exchange.Verdict {
	var b strings.Builder
	fmt.Fprintf(&b, "Every backend of model %q failed:", model)
	v := exchange.Denied(503, exchange.ReasonExhausted, "")
	for i := range attempts {
		a := &attempts[i]
		what := "no answer"
		if a.Status > 0 {
			what = strconv.Itoa(a.Status)
		}
		sep := ","
		if i == 0 {
			sep = ""
		}
		fmt.Fprintf(&b, "%s %s/%s %s", sep, a.Backend, a.Model, what)
		if a.RetryAfter > 0 && (v.Retry == 0 || a.RetryAfter < v.Retry) {
			v.Retry = a.RetryAfter
		}
	}
	b.WriteByte('.')
	v.Message = b.String()
	return v
}

// keyRefused hides a provider's refusal of the gateway's credential: its text may
// quote the credential, and the caller's own key is not at fault.
func (p *part) keyRefused(resp *exchange.Response) exchange.Verdict {
	name := p.target.backend.Name
	p.stage.secrets.Reject(name, p.secret)
	return exchange.Denied(resp.Status, exchange.ReasonCredential,
		fmt.Sprintf("The provider refused the gateway's credential for backend %q (status %d). Your own key is not at fault; the operators of this gateway have been told.", name, resp.Status))
}

// failed passes on a provider's error as it is, unless that is not JSON.
func (p *part) failed(resp *exchange.Response) exchange.Verdict {
	if body := bytes.TrimSpace(resp.Body); len(body) > 0 && body[0] == '{' {
		return exchange.Verdict{}
	}
	return exchange.Denied(resp.Status, reasonOf(resp.Status), fmt.Sprintf("Backend %q answered with status %d.", p.target.backend.Name, resp.Status))
}

func reasonOf(status int) exchange.Reason {
	switch {
	case status == 429:
		return exchange.ReasonProviderLimit
	case status >= 500:
		return exchange.ReasonProviderError
	}
	return exchange.ReasonProviderRefused
}

func (p *part) chunk(_ context.Context, c *exchange.Chunk) (exchange.Verdict, error) {
	if p.gunzip != nil {
		plain, err := p.gunzip.chunk(c.Data)
		if err != nil {
			return exchange.Verdict{}, fmt.Errorf("unpacking the stream of backend %q: %w", p.target.backend.Name, err)
		}
		c.Data, c.Out, c.Replace = plain, plain, true
	}
	p.reader.chunk(c)
	return exchange.Verdict{}, nil
}

func (p *part) end(exchange.Outcome) {
	if p.gunzip != nil {
		p.gunzip.stop()
	}
}
