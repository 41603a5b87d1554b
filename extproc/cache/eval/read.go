package eval

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/headgate/headgate/extproc/labelled"
)

// line is one labelled pair as its file has it.
type line struct {
	A      *string          `json:"a"`
	B      *string          `json:"b"`
	Label  *json.RawMessage `json:"label"`
	Source string           `json:"source"`
}

// Read reads labelled pairs, a JSON object in each line: a, b, label (1: the answer of one serves
// the other, or 0), source. Keys beside these are not looked at. An error names the line at fault.
func Read(from io.Reader) ([]Pair, error) { return labelled.Read(from, "pair", pairOf) }

func pairOf(data []byte) (p Pair, err error) {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return p, err
	}
	if l.A == nil || l.B == nil || l.Label == nil {
		return p, errors.New("a, b and label must be there")
	}
	if p.Same, err = labelled.Positive(*l.Label); err != nil {
		return p, err
	}
	p.A, p.B, p.Source = *l.A, *l.B, l.Source
	if p.Source == "" {
		p.Source = "unknown"
	}
	return p, nil
}
