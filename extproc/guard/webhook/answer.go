package webhook

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/detector"
	"github.com/headgate/headgate/extproc/scan"
)

// maxTypes is how many types an answer may name.
const maxTypes = 64

// answer is what a webhook says of all the texts of a call.
type answer struct {
	flagged bool
	types   []string
	score   float64
	message string
	spans   []span
}

// span is a place in one of the texts.
type span struct {
	text int
	detector.Span
}

// read reads an answer. Members that are not known are ignored.
func read(data []byte) (*answer, error) {
	a := &answer{}
	err := detector.ReadObject(scan.Document(data),
		detector.Field{Name: "flagged", Read: detector.Switch(&a.flagged)},
		detector.Field{Name: "types", Optional: true, Read: a.readTypes},
		detector.Field{Name: "score", Optional: true, Read: detector.Score(&a.score)},
		detector.Field{Name: "message", Optional: true, Read: detector.Message(&a.message)},
		detector.Field{Name: "spans", Optional: true, Read: a.readSpans})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *answer) readTypes(v scan.Value) error {
	return detector.ReadList(v, maxTypes, func(v scan.Value) error {
		a.types = append(a.types, "")
		return detector.Type(&a.types[len(a.types)-1])(v)
	})
}

func (a *answer) readSpans(v scan.Value) error {
	return detector.ReadList(v, detector.MaxSpans, func(v scan.Value) error {
		s := span{Span: detector.Span{Score: 1}}
		err := detector.ReadFields(v,
			detector.Field{Name: "text", Read: detector.Whole(&s.text)},
			detector.Field{Name: "start", Read: detector.Whole(&s.Start)},
			detector.Field{Name: "end", Read: detector.Whole(&s.End)},
			detector.Field{Name: "type", Read: detector.EntityType(&s.Type)})
		a.spans = append(a.spans, s)
		return err
	})
}

// of returns what the answer says of each piece. An answer that flags or has types says nothing of
// single pieces; of any other, each piece has its own spans.
func (a *answer) of(pieces []detector.Piece) ([]detector.Answer, error) {
	spans := make([][]detector.Span, len(pieces))
	for i, s := range a.spans {
		if s.text < 0 || s.text >= len(pieces) {
			return nil, fmt.Errorf("answer: spans: element %d: text is %d, of %d texts", i, s.text, len(pieces))
		}
		spans[s.text] = append(spans[s.text], s.Span)
	}
	whole := a.flagged || len(a.types) > 0 || a.message != ""
	answers := make([]detector.Answer, len(pieces))
	for i, p := range pieces {
		findings, err := detector.Locate(p.Plain, spans[i])
		if err != nil {
			return nil, fmt.Errorf("answer: spans of text %d: %w", i, err)
		}
		answers[i] = detector.Answer{Whole: whole, Opinion: content.Opinion{
			Flagged: a.flagged, Types: slices.Clone(a.types), Score: a.score, Message: a.message, Findings: findings}}
	}
	return answers, nil
}
