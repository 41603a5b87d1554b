// Package webhook is the guard that asks a service of the operator's own.
//
// The promise: what is sent and what is read is what schema.json says, and nothing else counts as
// an answer; no error holds a text. The trap: one answer is about all texts of a call, so one that
// flags does not say which of them it means, and is not remembered.
package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// Guard asks a webhook. It is safe for concurrent use.
type Guard struct {
	name     string
	client   *detector.Client
	signing  *secret.Source // nil: calls are not signed
	detector *detector.Detector
}

// New returns a guard. The error names a secret that cannot be found.
func New(p *policy.WebhookGuard, shared *detector.Shared, lookupEnv func(string) (string, bool)) (*Guard, error) {
	bearer, err := detector.Secret("bearer", p.Bearer, secret.Key, lookupEnv)
	if err != nil {
		return nil, err
	}
	signing, err := detector.Secret("signing", p.Signing, secret.Own, lookupEnv)
	if err != nil {
		return nil, err
	}
	g := &Guard{name: p.Name, client: shared.Client(p.URL, bearer), signing: signing}
	g.detector = shared.Detector(detector.Options{
		Guard: p.Name, ID: fmt.Sprintf("webhook %s %q %q %q", p.URL, p.Name, p.Bearer, p.Signing),
		Timeout: p.Timeout, MaxBytes: int(p.MaxBytes), Remember: p.Remember, Context: contextOf,
	}, g.ask)
	return g, nil
}

// contextOf is what a webhook may judge a text by, beside the text.
func contextOf(s *content.Subject, t *content.Text) []string {
	return []string{direction(s.Output), s.Model, s.Caller, s.Team, string(t.Kind), t.Role}
}

// Check asks about a subject what is not remembered. The error is a *detector.Failure.
func (g *Guard) Check(ctx context.Context, s *content.Subject) (content.Opinion, error) {
	return g.detector.Check(ctx, s)
}

// ask makes one call.
func (g *Guard) ask(ctx context.Context, q *detector.Question) ([]detector.Answer, error) {
	body, err := bodyOf(g.name, q)
	if err != nil {
		return nil, err
	}
	answer, err := g.client.Post(ctx, body, g.header(body, time.Now()))
	if err != nil {
		return nil, err
	}
	a, err := read(answer)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return a.of(q.Pieces)
}

// header signs a body, if there is a secret to do so.
func (g *Guard) header(body []byte, now time.Time) http.Header {
	if g.signing == nil {
		return nil
	}
	g.signing.Refresh(now)
	return sign(g.signing.Secret(), body, now)
}
