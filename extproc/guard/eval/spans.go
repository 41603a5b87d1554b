package eval

import "slices"

// spans are those of one text: what is there, and what was found.
type spans struct{ labelled, found []Span }

func spansOf(s *Sample, j *Judgement) spans {
	both := spans{labelled: s.Spans}
	for _, f := range j.Found {
		both.found = append(both.found, f.Span)
	}
	return both
}

// of leaves the spans of some types.
func (s *spans) of(types []string) (labelled, found []Span) {
	return chosen(s.labelled, types), chosen(s.found, types)
}

func chosen(all []Span, types []string) (out []Span) {
	for _, s := range all {
		if slices.Contains(types, s.Type) {
			out = append(out, s)
		}
	}
	return out
}

// common counts the spans that are in both lists, each as often as it is in both.
func common(a, b []Span) (n int) {
	left := slices.Clone(b)
	for _, s := range a {
		if i := slices.Index(left, s); i >= 0 {
			left = slices.Delete(left, i, i+1)
			n++
		}
	}
	return n
}

// best is the highest score of a finding of some types.
func best(j *Judgement, types []string) (score float64) {
	for _, f := range j.Found {
		if slices.Contains(types, f.Type) {
			score = max(score, f.Score)
		}
	}
	return score
}

// byType counts the spans of each type that occurs, and of those that are shown anyway.
func byType(texts []spans, shown []string) map[string]Figures {
	figures := map[string]*Figures{}
	for _, name := range shown {
		figures[name] = &Figures{}
	}
	for i := range texts {
		for _, s := range slices.Concat(texts[i].labelled, texts[i].found) {
			figuresOf(figures, s.Type)
		}
	}
	for name, f := range figures {
		for i := range texts {
			labelled, found := texts[i].of([]string{name})
			f.countSpans(len(labelled), len(found), common(labelled, found))
		}
	}
	return all(figures)
}
