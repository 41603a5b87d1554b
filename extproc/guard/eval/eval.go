// Package eval measures a guard by texts of which it is known what is in them.
//
// The promise: the figures are those of the labels and the judgements, whatever the order of the
// texts, and a report has no text. The trap: places in labels are counted in code points, and
// those of guards in bytes; here all are code points.
package eval

import "context"

// Sample is a labelled text.
type Sample struct {
	Text      string
	Positive  bool   // the guard should have something against it
	Source    string // where it is from
	Annotated bool   // Spans are all there are
	Spans     []Span
}

// Span is a place in a text, in code points.
type Span struct {
	Type       string
	Start, End int
}

// Found is a place in which a guard has found something.
type Found struct {
	Span
	Score float64
}

// Judgement is what a guard makes of a text.
type Judgement struct {
	Flagged bool    // it has something against the text
	Score   float64 // of the worst, from 0 to 1
	Found   []Found
}

// Judge judges a text. An error says that it could not decide.
type Judge func(ctx context.Context, text string) (Judgement, error)

// Types are the types of spans that are counted.
type Types struct {
	Counted []string // at default and by source
	Shown   []string // by type, beside those that occur
}

// Measure judges samples one by one, and returns what comes of it. If types are named, spans with
// exact borders are counted in place of texts, and samples that are not annotated are left out. It
// ends early with the context alone; that a judgement fails is counted.
func Measure(ctx context.Context, samples []Sample, judge Judge, types *Types) (*Report, error) {
	m := measuring{types: types, bySource: map[string]*Figures{}}
	for i := range samples {
		s := &samples[i]
		if types != nil && !s.Annotated {
			m.report.LeftOut++
			continue
		}
		j, err := judge(ctx, s.Text)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			m.failed(err)
			continue
		}
		m.add(s, &j)
	}
	return m.finished(), nil
}
