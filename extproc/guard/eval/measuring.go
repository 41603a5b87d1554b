package eval

import "strconv"

// maxFPRs are the shares of negative texts by which thresholds are looked for, and thresholds those
// that are shown.
var (
	maxFPRs    = []float64{0.001, 0.01, 0.05, 0.1}
	thresholds = []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1}
)

// measuring is a report while samples are added to it.
type measuring struct {
	report   Report
	types    *Types // nil: texts are counted
	scores   []scored
	spans    []spans
	bySource map[string]*Figures
}

func (m *measuring) failed(err error) {
	if m.report.Undecided++; m.report.Undecided == 1 {
		m.report.Failure = err.Error()
	}
}

func (m *measuring) add(s *Sample, j *Judgement) {
	m.report.N++
	source := figuresOf(m.bySource, s.Source)
	if m.types == nil {
		m.report.AtDefault.count(s.Positive, j.Flagged)
		source.count(s.Positive, j.Flagged)
		m.scores = append(m.scores, scored{j.Score, s.Positive})
		if s.Annotated {
			m.spans = append(m.spans, spansOf(s, j))
		}
		return
	}
	both := spansOf(s, j)
	m.spans = append(m.spans, both)
	labelled, found := both.of(m.types.Counted)
	right := common(labelled, found)
	m.report.AtDefault.countSpans(len(labelled), len(found), right)
	source.countSpans(len(labelled), len(found), right)
	m.scores = append(m.scores, scored{best(j, m.types.Counted), len(labelled) > 0})
}

func figuresOf(m map[string]*Figures, name string) *Figures {
	if m[name] == nil {
		m[name] = &Figures{}
	}
	return m[name]
}

// finished completes the report.
func (m *measuring) finished() *Report {
	r := &m.report
	r.AtDefault.finish()
	r.AtFPR, r.Thresholds, r.BySource = map[string]Point{}, []Threshold{}, all(m.bySource)
	if len(m.spans) > 0 {
		var shown []string
		if m.types != nil {
			shown = m.types.Shown
		}
		r.ByType = byType(m.spans, shown)
	}
	c := newCurve(m.scores)
	if !c.graded() {
		return r
	}
	if auc, ok := c.auc(); ok {
		r.AUC = &auc
	}
	for _, most := range maxFPRs {
		r.AtFPR[strconv.FormatFloat(most, 'f', -1, 64)] = c.atFPR(most)
	}
	for _, t := range thresholds {
		r.Thresholds = append(r.Thresholds, c.at(t))
	}
	return r
}

func all(m map[string]*Figures) map[string]Figures {
	out := make(map[string]Figures, len(m))
	for name, f := range m {
		f.finish()
		out[name] = *f
	}
	return out
}
