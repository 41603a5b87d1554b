package provider

import (
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/redact"
)

// Bounds of what is kept of a provider's words, in bytes.
const (
	maxMessage = 300
	maxCode    = 64
)

// wordsWait is how long an attempt that failed waits for what its body says of that. It comes with
// the headers, as a rule: no chain goes on later for it.
const wordsWait = 100 * time.Millisecond

// awaitsWords reports whether the body of an error is still to come.
func awaitsWords(at *exchange.Attempt) bool {
	return at.ByContent && !at.Complete && at.Status >= 400 && at.Elapsed < wordsWait
}

// noteSaid notes what the provider says of an attempt, once that is judged: its id of the request,
// and, of a status that is an error, what the body says of it.
func (p *plan) noteSaid(at *exchange.Attempt) {
	at.RequestID = exchange.RequestID(at.Headers)
	t := p.pool.find(at.Backend, at.Model)
	if at.Status < 300 || at.Error != nil || t == nil {
		return
	}
	f := &canon.Fault{}
	if p.unpackHeld(at); len(at.Held) > 0 {
		f = t.dialect.DecodeFault(at.Status, at.Held)
	}
	p.saidIn(at, t, f)
}

// saidIn notes a fault that was found in the answer of an attempt.
func (p *plan) saidIn(at *exchange.Attempt, t *target, f *canon.Fault) {
	if at.RequestID == "" {
		at.RequestID = exchange.Clip(f.RequestID, exchange.MaxText)
	}
	at.Error = p.rowError(t, at.Status, f)
}

// noteSaid notes what the provider said of the whole exchange, in its words so far.
func (a *answer) noteSaid() {
	resp := &a.ex.Response
	if resp.Fault == nil || a.target == nil {
		return
	}
	if resp.RequestID == "" {
		resp.RequestID = exchange.Clip(resp.Fault.RequestID, exchange.MaxText)
	}
	resp.Error = a.rowError(a.target, resp.Status, resp.Fault)
}

// rowError makes a fault fit for rows; nil: it is the gateway's own finding, not the provider's word.
func (p *plan) rowError(t *target, status int, f *canon.Fault) *exchange.FaultSaid {
	if f.Kind == canon.FaultCut || f.Kind == canon.FaultMalformed {
		return nil
	}
	body, secrets := p.ex.Request.Body, p.secretsOf(t)
	return &exchange.FaultSaid{Status: status,
		Type:    redact.Text(f.Type, body, secrets, maxCode),
		Code:    redact.Text(f.Code, body, secrets, maxCode),
		Message: redact.Text(f.Message, body, secrets, maxMessage)}
}

// secretsOf are the credentials that a target may quote: the gateway's, and the client's.
func (p *plan) secretsOf(t *target) (all []string) {
	for _, s := range p.stage.secrets.Secrets(t.backend.Name) {
		all = append(all, s.Reveal())
	}
	for _, name := range exchange.CredentialHeaders {
		all = append(all, string(token(p.ex.Request.Headers.Get(name))))
	}
	return all
}
