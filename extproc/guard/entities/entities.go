// Package entities is the guard that asks an analyzer with the REST API of Presidio for names of
// persons, places and the like.
//
// The promise: what the analyzer finds are findings in the text that it was asked about, none of
// which overlap; no error holds a text. The trap: an analyzer that does not know a type, or has no
// model of the language, may find nothing in place of an error.
package entities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/secret"
	"github.com/headgate/headgate/policy"
)

// Guard asks an analyzer. It is safe for concurrent use.
type Guard struct {
	client   *detector.Client
	asked    request // without texts
	batch    bool
	detector *detector.Detector
}

// request is what an analyzer is asked. Text is one text, or a list.
type request struct {
	Text     any      `json:"text"`
	Language string   `json:"language"`
	Entities []string `json:"entities"`
	MinScore float64  `json:"score_threshold"`
}

// New returns a guard. The error names a secret that cannot be found.
func New(p *policy.EntitiesGuard, shared *detector.Shared, lookupEnv func(string) (string, bool)) (*Guard, error) {
	bearer, err := detector.Secret("bearer", p.Bearer, secret.Key, lookupEnv)
	if err != nil {
		return nil, err
	}
	asked := request{Language: p.Language, Entities: p.Entities, MinScore: float64(p.MinScore)}
	if asked.Entities == nil {
		asked.Entities = policy.DefaultEntities()
	}
	g := &Guard{client: shared.Client(p.URL.JoinPath("analyze"), bearer), asked: asked, batch: p.Batch}
	o := detector.Options{
		Guard: p.Name, ID: fmt.Sprintf("entities %s %q %q %q %v", p.URL, p.Bearer, asked.Language, asked.Entities, asked.MinScore),
		Timeout: p.Timeout, MaxBytes: int(p.MaxBytes), Remember: p.Remember,
	}
	if !p.Batch {
		o.MaxPieces = 1
	}
	g.detector = shared.Detector(o, g.ask)
	return g, nil
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
	data, err := g.client.Post(ctx, body, nil)
	if err != nil {
		return nil, err
	}
	answers, err := read(data, q.Pieces, g.batch)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	return answers, nil
}

func (g *Guard) body(pieces []detector.Piece) ([]byte, error) {
	r := g.asked
	if g.batch {
		texts := make([]string, len(pieces))
		for i, p := range pieces {
			texts[i] = p.Plain
		}
		r.Text = texts
	} else {
		r.Text = pieces[0].Plain
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // none of it is shown as HTML
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return b.Bytes(), nil
}

// read reads an answer: a list of results, or in a batch a list of such lists, one for each text.
func read(data []byte, pieces []detector.Piece, batch bool) ([]detector.Answer, error) {
	data = bytes.TrimSpace(data)
	if at := scan.Broken(data); at >= 0 {
		return nil, fmt.Errorf("no JSON at byte %d", at)
	}
	if !batch {
		a, err := results(scan.Value(data), pieces[0])
		return []detector.Answer{a}, err
	}
	var answers []detector.Answer
	err := detector.ReadList(scan.Value(data), len(pieces), func(v scan.Value) error {
		a, err := results(v, pieces[len(answers)])
		answers = append(answers, a)
		return err
	})
	if err == nil && len(answers) != len(pieces) {
		err = errors.New("a list of another length than that of the texts: an analyzer that takes one text at a time needs batch: false")
	}
	return answers, err
}

// results reads what was found in one text.
func results(v scan.Value, piece detector.Piece) (detector.Answer, error) {
	var spans []detector.Span
	err := detector.ReadList(v, detector.MaxSpans, func(v scan.Value) error {
		var s detector.Span
		err := detector.ReadFields(v,
			detector.Field{Name: "entity_type", Read: detector.EntityType(&s.Type)},
			detector.Field{Name: "start", Read: detector.Whole(&s.Start)},
			detector.Field{Name: "end", Read: detector.Whole(&s.End)},
			detector.Field{Name: "score", Read: detector.Score(&s.Score)})
		spans = append(spans, s)
		return err
	})
	if err != nil {
		return detector.Answer{}, err
	}
	findings, err := detector.Locate(piece.Plain, spans)
	return detector.Answer{Opinion: content.Opinion{Findings: findings}}, err
}
