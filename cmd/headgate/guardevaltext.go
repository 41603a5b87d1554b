package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/guard/eval"
)

// fixedTypes are the types by whose spans pii is measured: personal data of a form that people do
// not write in many ways.
var fixedTypes = []string{"CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "IP_ADDRESS"}

// fixedForms lists them.
func fixedForms() string {
	last := len(fixedTypes) - 1
	return strings.Join(fixedTypes[:last], ", ") + " and " + fixedTypes[last]
}

// countedTypes are the types of spans by which a kind of guard is measured; nil: by texts.
func countedTypes(kind string) *eval.Types {
	if kind != "pii" {
		return nil
	}
	return &eval.Types{Counted: fixedTypes, Shown: append(slices.Clone(fixedTypes), "PHONE_NUMBER")}
}

// printMeasured prints a report.
func printMeasured(w io.Writer, name, file string, r *eval.Report) error {
	if _, err := fmt.Fprintf(w, "guard %s: %d texts of %s%s\n\n", clean(name), r.N, clean(file), notJudged(r)); err != nil {
		return err
	}
	rows := [][]string{append([]string{"default"}, figuresOf(r.AtDefault)...)}
	if err := printTable(w, "AT "+figuresHeader, rows); err != nil {
		return err
	}
	if r.AUC != nil {
		fmt.Fprintf(w, "\nAUC %.4f\n", *r.AUC)
	}
	return cmp.Or(printUnder(w, "THRESHOLD RECALL PRECISION FPR", thresholdsOf(r)), printUnder(w, "FPR-AT-MOST THRESHOLD RECALL", pointsOf(r)),
		printUnder(w, "SOURCE "+figuresHeader, linesOf(r.BySource)), printUnder(w, "TYPE "+figuresHeader, linesOf(r.ByType)))
}

// notJudged says what of the texts does not count.
func notJudged(r *eval.Report) string {
	text := ""
	if r.LeftOut > 0 {
		text += fmt.Sprintf(", without %d that are not annotated", r.LeftOut)
	}
	if r.Undecided > 0 {
		text += fmt.Sprintf(", without %d that it could not judge (%s)", r.Undecided, clean(r.Failure))
	}
	return text
}

const figuresHeader = "TEXTS RIGHT WRONG MISSED RECALL PRECISION FPR"

func figuresOf(f eval.Figures) []string {
	return []string{strconv.Itoa(f.N), strconv.Itoa(f.TP), strconv.Itoa(f.FP), strconv.Itoa(f.FN), shareOf(f.Recall), shareOf(f.Precision), shareOf(f.FPR)}
}

func shareOf(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.4f", *share)
}

func linesOf(all map[string]eval.Figures) (rows [][]string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, append([]string{clean(name)}, figuresOf(all[name])...))
	}
	return rows
}

func thresholdsOf(r *eval.Report) (rows [][]string) {
	for _, t := range r.Thresholds {
		rows = append(rows, []string{strconv.FormatFloat(t.Threshold, 'f', -1, 64), shareOf(t.Recall), shareOf(t.Precision), shareOf(t.FPR)})
	}
	return rows
}

func pointsOf(r *eval.Report) (rows [][]string) {
	for _, most := range slices.Sorted(maps.Keys(r.AtFPR)) {
		p := r.AtFPR[most]
		rows = append(rows, []string{most, fmt.Sprintf("%.4f", p.Threshold), shareOf(p.Recall)})
	}
	return rows
}
