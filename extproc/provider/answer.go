package provider

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// overloaded is the header by which Envoy says that a limit of its own was met.
const overloaded = "x-envoy-overloaded"

// settle finds out who answered for a pool of several backends, and refuses where
// all that could be tried have failed. Of an attempt to which no connection was
// made Envoy may not tell: it counts all the same. An attempt that Headgate could
// not prepare, and Envoy's own limits, are not the backends' fault.
func (p *part) settle(resp *exchange.Response) exchange.Verdict {
	attempts := p.ex.Attempts.List()
	unheard := max(resp.Attempts-len(attempts), 0)
	if len(attempts) == 0 {
		if resp.Local && resp.Status == 503 && !p.unprepared() && resp.Headers.Get(overloaded) == nil {
			return exhausted(p.ex.Route.Model, nil, unheard)
		}
		return exchange.Verdict{}
	}
	last := &attempts[len(attempts)-1]
	if last.Status == 0 && !resp.Local {
		last.Status = resp.Status // its own stream did not hear of the answer that is here
	}
	if resp.Local && resp.Status != 502 && resp.Status != 503 && !(resp.Status == 504 && p.ex.Request.Deadline == 0) {
		return exchange.Verdict{}
	}
	if last.Failed() || resp.Local {
		return exhausted(p.ex.Route.Model, attempts, unheard)
	}
	p.target = p.pool.find(last.Backend, last.Model)
	p.secret = last.Secret
	p.ex.Dropped = last.Dropped
	r := &p.ex.Route
	r.Backend, r.Provider, r.Serves = last.Backend, last.Provider, last.Model
	return exchange.Verdict{}
}

// exhausted tells the caller that every link was tried, what each said, and when
// the first of them wants to be asked again.
func exhausted(model string, attempts []exchange.Attempt, unheard int) exchange.Verdict {
	v := exchange.Denied(503, exchange.ReasonExhausted, "")
	said := make([]string, 0, len(attempts)+1)
	for i := range attempts {
		a := &attempts[i]
		what := strconv.Itoa(a.Status)
		switch {
		case a.Status == 0:
			what = "no answer"
		case !a.Failed():
			what += " broken off"
		}
		said = append(said, a.Backend+"/"+a.Model+" "+what)
		if a.RetryAfter > 0 && (v.Retry == 0 || a.RetryAfter < v.Retry) {
			v.Retry = a.RetryAfter
		}
	}
	switch {
	case len(attempts) == 0 && unheard <= 1:
		said = append(said, "none is in service after its latest failures")
	case unheard > 0:
		said = append(said, nobody(unheard, len(attempts) > 0))
	}
	v.Message = fmt.Sprintf("Every backend of model %q failed: %s.", model, strings.Join(said, ", "))
	return v
}

// nobody tells of attempts of which nothing but their number is known: Envoy found
// no endpoint for them, or got no connection.
func nobody(n int, further bool) string {
	what := "attempts"
	if n == 1 {
		what = "attempt"
	}
	if further {
		what = "further " + what
	}
	return fmt.Sprintf("%d %s found no backend in service or no connection", n, what)
}

// keyRefused hides a provider's refusal of the gateway's credential: its text may
// quote the credential, and the caller's own key is not at fault.
func (p *part) keyRefused(resp *exchange.Response) exchange.Verdict {
	name := p.target.backend.Name
	if p.pool.single != nil {
		p.stage.reject(name, p.secret, resp.Status)
	}
	return exchange.Denied(resp.Status, exchange.ReasonCredential,
		fmt.Sprintf("The provider refused the gateway's credential for backend %q (status %d). Your own key is not at fault; the operators of this gateway have been told.", name, resp.Status))
}

// failed passes on a provider's error: as it is where the client speaks its
// dialect, else translated. One that is no JSON, or that quotes the gateway's
// credential, is told by its status.
func (p *part) failed(resp *exchange.Response) exchange.Verdict {
	body := bytes.TrimSpace(resp.Body)
	if len(body) == 0 || body[0] != '{' || p.quotesSecret(body) {
		return exchange.Denied(resp.Status, reasonOf(resp.Status), fmt.Sprintf("Backend %q answered with status %d.", p.target.backend.Name, resp.Status))
	}
	if !p.foreign() {
		return exchange.Verdict{}
	}
	return p.fault(resp, p.target.dialect.DecodeFault(resp.Status, body))
}

func (p *part) quotesSecret(text []byte) bool {
	for _, s := range p.stage.secrets.Secrets(p.target.backend.Name) {
		if secret := s.Reveal(); secret != "" && bytes.Contains(text, []byte(secret)) {
			return true
		}
	}
	return false
}

// fault gives the client a provider's error in its own dialect.
func (p *part) fault(resp *exchange.Response, f *canon.Fault) exchange.Verdict {
	body, status := ByName(p.ex.Dialect).EncodeFault(nil, f)
	v := exchange.Denied(status, reasonOf(status), f.Message)
	v.Body = body
	v.Retry = RetryAfter(resp.Headers, p.stage.now())
	return v
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

// foreign tells whether the answering backend speaks another dialect than the
// client.
func (p *part) foreign() bool { return p.target.dialect.Name() != p.ex.Dialect }

// translate turns a whole answer into the client's dialect and takes its usage on
// the way: one reading serves both.
func (p *part) translate(resp *exchange.Response) exchange.Verdict {
	answer, err := p.target.dialect.DecodeAnswer(resp.Body)
	if err != nil || answer.Usage.Seen == 0 {
		// What was broken off is billed all the same. The error is told below.
		_ = p.target.dialect.ReadResponse(p.ex.Request.Operation, resp, &p.ex.Usage)
	}
	var f *canon.Fault
	switch {
	case errors.As(err, &f):
		resp.Failed = true
		return p.fault(resp, f)
	case err != nil:
		return p.unreadable(resp, err)
	}
	resp.ID, resp.Model = canon.Str(answer.ID), canon.Str(answer.Model)
	answer.Usage.Into(&p.ex.Usage, exchange.UsageProvider)
	resp.Out.ReplaceBody(ByName(p.ex.Dialect).EncodeAnswer(nil, answer, p.client()))
	return exchange.Verdict{}
}

// client is what the encoders of answers must know of the client.
func (p *part) client() canon.Client {
	return canon.Client{ID: p.ex.ID, Created: p.ex.Started.Unix(), Usage: p.ex.Request.WantUsage}
}

// unreadable refuses an answer that is not what its headers and its dialect
// promise, because passing it on would look like success.
func (p *part) unreadable(resp *exchange.Response, err error) exchange.Verdict {
	resp.Failed = true
	return exchange.Denied(502, exchange.ReasonUnprocessable,
		fmt.Sprintf("Backend %q answered %d with a body that cannot be read: %v.", p.target.backend.Name, resp.Status, err))
}
