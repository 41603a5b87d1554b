package eval

// Report is how well a guard judges. Shares are nil if they are of nothing.
type Report struct {
	N         int      `json:"n"`   // texts that were judged
	AUC       *float64 `json:"auc"` // by the scores of texts; nil: there are no scores between 0 and 1, or one kind of text alone
	AtDefault Figures  `json:"at_default"`
	// AtFPR has, by the share of negative texts that may be flagged, the threshold of the score.
	AtFPR      map[string]Point   `json:"at_fpr"`
	Thresholds []Threshold        `json:"thresholds"` // of the scores of texts
	BySource   map[string]Figures `json:"by_source"`
	ByType     map[string]Figures `json:"by_type,omitempty"` // of spans
	LeftOut    int                `json:"left_out"`          // texts that are not annotated
	Undecided  int                `json:"undecided"`         // texts that the guard could not judge
	Failure    string             `json:"failure,omitempty"` // why, of the first one
}

// Figures count what was found rightly (TP) and wrongly (FP), what was missed (FN), and texts in
// which nothing is and nothing was found (TN). TP, FP and FN are of texts, or of spans.
type Figures struct {
	N         int      `json:"n"` // texts
	TP        int      `json:"tp"`
	FP        int      `json:"fp"`
	FN        int      `json:"fn"`
	TN        int      `json:"tn"`
	Recall    *float64 `json:"recall"`
	Precision *float64 `json:"precision"`
	FPR       *float64 `json:"fpr"` // of the texts in which nothing is

	alarmed int // texts in which nothing is and something was found
}

// Point is a threshold of a score, and what is found there.
type Point struct {
	Threshold float64  `json:"threshold"` // a text is flagged from this score on
	Recall    *float64 `json:"recall"`

	tp int
}

// Threshold is what comes of a threshold of a score.
type Threshold struct {
	Threshold float64  `json:"threshold"`
	Recall    *float64 `json:"recall"`
	Precision *float64 `json:"precision"`
	FPR       *float64 `json:"fpr"`
}

// count adds a text.
func (f *Figures) count(positive, flagged bool) {
	f.N++
	switch {
	case positive && flagged:
		f.TP++
	case positive:
		f.FN++
	case flagged:
		f.FP++
		f.alarmed++
	default:
		f.TN++
	}
}

// countSpans adds the spans of a text, of which right are among both.
func (f *Figures) countSpans(labelled, found, right int) {
	f.N++
	f.TP, f.FP, f.FN = f.TP+right, f.FP+found-right, f.FN+labelled-right
	switch {
	case labelled == 0 && found == 0:
		f.TN++
	case labelled == 0:
		f.alarmed++
	}
}

func (f *Figures) finish() {
	f.Recall, f.Precision, f.FPR = ratio(f.TP, f.TP+f.FN), ratio(f.TP, f.TP+f.FP), ratio(f.alarmed, f.alarmed+f.TN)
}
