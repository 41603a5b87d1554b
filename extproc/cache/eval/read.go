package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line of labelled pairs, in bytes.
const maxLine = 64 << 20

// line is one labelled pair as its file has it.
type line struct {
	A      *string          `json:"a"`
	B      *string          `json:"b"`
	Label  *json.RawMessage `json:"label"`
	Source string           `json:"source"`
}

// Read reads labelled pairs, a JSON object in each line: a, b, label (1: the answer of one serves
// the other, or 0), source. Keys beside these are not looked at. An error names the line at fault.
func Read(from io.Reader) (all []Pair, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		p, err := pairOf(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, p)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no labelled pair in it")
	}
	return all, nil
}

func pairOf(data []byte) (p Pair, err error) {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return p, err
	}
	if l.A == nil || l.B == nil || l.Label == nil {
		return p, errors.New("a, b and label must be there")
	}
	switch label := string(*l.Label); label {
	case "0":
	case "1":
		p.Same = true
	default:
		return p, fmt.Errorf("label must be 0 or 1, is %.40s", label)
	}
	p.A, p.B, p.Source = *l.A, *l.B, l.Source
	if p.Source == "" {
		p.Source = "unknown"
	}
	return p, nil
}
