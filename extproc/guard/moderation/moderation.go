// Package moderation is the guard that asks a moderation model with OpenAI's API.
//
// The promise: what the provider flags is flagged, or what reaches the policy's own thresholds; a
// category that has a threshold and no score is an error, never a pass. The trap: scores of two
// models mean different things, so a threshold is that of one model.
package moderation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/policy"
)

const (
	// maxBytes bounds the texts of one call. Scores of long texts are less sure.
	maxBytes = 16 << 10
	// maxTexts bounds how many there are.
	maxTexts = 32
)

// Asker asks a model of the policy. The exchange that asks is the parent of the call, and the body
// that of POST /v1/moderations, which names the model. The error is of a call without an answer.
type Asker interface {
	Ask(ctx context.Context, parent string, body []byte) (status int, answer []byte, err error)
}

// Guard asks a moderation model. It is safe for concurrent use.
type Guard struct {
	model      string
	thresholds map[string]float64 // nil: what the provider flags
	names      []string           // of the thresholds, sorted
	asker      Asker
	detector   *detector.Detector
}

// New returns a guard.
func New(p *policy.ModerationGuard, shared *detector.Shared, asker Asker) *Guard {
	g := &Guard{model: p.Model, asker: asker, names: slices.Sorted(maps.Keys(p.Categories))}
	if len(p.Categories) > 0 {
		g.thresholds = make(map[string]float64, len(p.Categories))
	}
	for name, least := range p.Categories {
		g.thresholds[name] = float64(*least)
	}
	g.detector = shared.Detector(detector.Options{
		Guard: p.Name, ID: fmt.Sprintf("moderation %q %v", p.Model, g.thresholds),
		Timeout: p.Timeout, MaxBytes: maxBytes, MaxPieces: maxTexts, Remember: p.Remember,
	}, g.ask)
	return g
}

// Check asks about a subject what is not remembered. The error is a *detector.Failure.
func (g *Guard) Check(ctx context.Context, s *content.Subject) (content.Opinion, error) {
	return g.detector.Check(ctx, s)
}

// ask makes one call.
func (g *Guard) ask(ctx context.Context, q *detector.Question) ([]detector.Answer, error) {
	body, err := g.body(q.Pieces)
	if err != nil {
		return nil, err
	}
	status, data, err := g.asker.Ask(ctx, q.Exchange, body)
	if err != nil {
		return nil, fmt.Errorf("asking model %s: %w", g.model, err)
	}
	if status != 200 {
		return nil, fmt.Errorf("model %s answered with status %d", g.model, status)
	}
	answers, err := g.read(data)
	if err != nil {
		return nil, fmt.Errorf("answer of model %s: %w", g.model, err)
	}
	return answers, nil
}

func (g *Guard) body(pieces []detector.Piece) ([]byte, error) {
	r := struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
	}{g.model, make([]string, len(pieces))}
	for i, p := range pieces {
		r.Input[i] = p.Plain
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // none of it is shown as HTML
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return b.Bytes(), nil
}
