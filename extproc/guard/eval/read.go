package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/labelled"
)

// line is one labelled text as its file has it.
type line struct {
	Text   *string          `json:"text"`
	Label  *json.RawMessage `json:"label"`
	Source string           `json:"source"`
	Spans  *[]struct {
		Type       string `json:"type"`
		Start, End int
	} `json:"spans"`
}

// Read reads labelled texts, a JSON object in each line: text, label (0 or 1), source, and spans
// ({type, start, end} in code points; null or absent: not annotated). Keys beside these are not
// looked at. An error names the line at fault.
func Read(from io.Reader) ([]Sample, error) { return labelled.Read(from, "text", sampleOf) }

func sampleOf(data []byte) (s Sample, err error) {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return s, err
	}
	if l.Text == nil || l.Label == nil {
		return s, errors.New("text and label must be there")
	}
	if s.Positive, err = labelled.Positive(*l.Label); err != nil {
		return s, err
	}
	s.Text, s.Source = *l.Text, l.Source
	if s.Source == "" {
		s.Source = "unknown"
	}
	if l.Spans == nil {
		return s, nil
	}
	s.Annotated = true
	length := utf8.RuneCountInString(s.Text)
	for _, p := range *l.Spans {
		if p.Type == "" || p.Start < 0 || p.Start >= p.End || p.End > length {
			return s, fmt.Errorf("a span from %d to %d is none of a text of %d code points, or has no type", p.Start, p.End, length)
		}
		s.Spans = append(s.Spans, Span{p.Type, p.Start, p.End})
	}
	return s, nil
}
