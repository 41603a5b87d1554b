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
	targets map[string]*target // by model, of pools with one backend
	secrets Secrets
}

// target is a backend as one model uses it, prepared once for the policy.
type target struct {
	backend   *policy.Backend
	model     string
	dialect   Dialect
	simulated bool
	paths     map[exchange.Operation]string
}

// New prepares the backends of a policy.
func New(set *policy.Set, secrets Secrets) *Stage {
	s := &Stage{targets: make(map[string]*target), secrets: secrets}
	for name, m := range set.Models {
		if use, ok := m.Single(); ok {
			s.targets[name] = newTarget(use)
		}
	}
	return s
}

func newTarget(use policy.Use) *target {
	t := &target{backend: use.Backend, model: use.Model, dialect: ByName(use.Backend.Dialect)}
	t.simulated = use.Backend.Provider.Name == "simulated"
	t.paths = make(map[exchange.Operation]string)
	prefix := "/v1"
	if use.Backend.URL != nil {
		prefix = use.Backend.URL.EscapedPath()
	}
	for _, op := range []exchange.Operation{exchange.Chat, exchange.Embeddings, exchange.CountTokens} {
		t.paths[op] = prefix + t.dialect.Path(op)
	}
	return t
}

// Name returns "provider".
func (s *Stage) Name() string { return "provider" }

// Join takes part in an exchange.
func (s *Stage) Join(ex *exchange.Exchange) exchange.Hooks {
	p := &part{stage: s, ex: ex}
	return exchange.Hooks{Request: p.request, Response: p.response, Chunk: p.chunk}
}

// part is the stage's memory of one exchange.
type part struct {
	stage  *Stage
	ex     *exchange.Exchange
	target *target
	secret int // index of the credential in use
	reader reader
}

func (p *part) request(_ context.Context, req *exchange.Request) (exchange.Verdict, error) {
	t := p.stage.targets[p.ex.Route.Model]
	if t == nil {
		return exchange.Verdict{}, fmt.Errorf("model %q has no backend prepared", p.ex.Route.Model)
	}
	p.target = t
	secret, index := p.stage.secrets.Pick(t.backend.Name)
	p.secret = index
	strip(req, t.simulated)
	req.Out.SetHeader(":path", t.paths[req.Operation])
	t.dialect.Credential(&req.Out, req, secret.Reveal())
	if body, changed := t.dialect.Adapt(nil, req, t.model, !t.backend.Provider.Quirks.NoStreamOptions); changed {
		req.Out.ReplaceBody(body)
	}
	length := len(req.Body)
	if req.Out.Replace {
		length = len(req.Out.Body)
	}
	req.Out.SetHeader("content-length", strconv.Itoa(length))
	return exchange.Verdict{}, nil
}

func (p *part) response(_ context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if resp.Local || p.target == nil {
		return exchange.Verdict{}, nil
	}
	resp.Out.Remove = append(resp.Out.Remove, hidden(resp.Headers)...)
	switch {
	case resp.Status == 401 || resp.Status == 402 || resp.Status == 403:
		return p.refusedKey(resp), nil
	case resp.Status >= 400:
		return p.failed(resp), nil
	case resp.Stream:
		p.reader.start(p.target.dialect, p.ex)
		return exchange.Verdict{}, nil
	}
	if err := p.target.dialect.ReadResponse(p.ex.Request.Operation, resp, &p.ex.Usage); err != nil {
		resp.Failed = true
		v := exchange.Denied(502, exchange.ReasonUnprocessable, fmt.Sprintf("Backend %q answered %d with a body that cannot be read: %v.", p.ex.Route.Backend, resp.Status, err))
		return v, nil
	}
	return exchange.Verdict{}, nil
}

// refusedKey hides a provider's refusal of the gateway's credential: its text may
// quote the credential, and the caller's own key is not at fault.
func (p *part) refusedKey(resp *exchange.Response) exchange.Verdict {
	p.stage.secrets.Reject(p.target.backend.Name, p.secret)
	return exchange.Denied(resp.Status, exchange.ReasonCredential,
		fmt.Sprintf("The provider refused the gateway's credential for backend %q (status %d). Your own key is not at fault; the operators of this gateway have been told.", p.ex.Route.Backend, resp.Status))
}

// failed passes on a provider's error as it is, unless that is not JSON.
func (p *part) failed(resp *exchange.Response) exchange.Verdict {
	if body := bytes.TrimSpace(resp.Body); len(body) > 0 && body[0] == '{' {
		return exchange.Verdict{}
	}
	return exchange.Denied(resp.Status, reasonOf(resp.Status), fmt.Sprintf("Backend %q answered with status %d.", p.ex.Route.Backend, resp.Status))
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
	p.reader.chunk(c)
	return exchange.Verdict{}, nil
}
