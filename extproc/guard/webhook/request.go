package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/headgate/headgate/extproc/guard/detector"
)

// version is that of the protocol. Members may be added to it; none changes its meaning.
const version = 1

// request is what is sent.
type request struct {
	Version   int    `json:"version"`
	Guard     string `json:"guard"`
	Direction string `json:"direction"`
	Exchange  string `json:"exchange"`
	Model     string `json:"model"`
	Caller    string `json:"caller"`
	Team      string `json:"team"`
	Texts     []text `json:"texts"`
}

type text struct {
	Kind string `json:"kind"`
	Role string `json:"role"`
	Path string `json:"path"`
	Text string `json:"text"`
}

func bodyOf(guard string, q *detector.Question) ([]byte, error) {
	r := request{Version: version, Guard: guard, Direction: direction(q.Output), Exchange: q.Exchange, Model: q.Model, Caller: q.Caller, Team: q.Team,
		Texts: make([]text, len(q.Pieces))}
	for i, p := range q.Pieces {
		r.Texts[i] = text{Kind: string(p.Kind), Role: p.Role, Path: p.Path, Text: p.Plain}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // texts are full of tags; none of it is shown as HTML
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return b.Bytes(), nil
}

func direction(output bool) string {
	if output {
		return "output"
	}
	return "input"
}
