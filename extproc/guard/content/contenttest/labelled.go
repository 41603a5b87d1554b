package contenttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
)

// Span is a labelled span of a text, in code points.
type Span struct {
	Type       string `json:"type"`
	Start, End int
}

// Labelled is a text and what is in it; spans that are nil: not annotated.
type Labelled struct {
	Text   string `json:"text"`
	Source string `json:"source"`
	Spans  []Span `json:"spans"`
}

// Read returns the labelled texts of a file with one JSON object in a line.
func Read(t testing.TB, file string) (all []Labelled) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var l Labelled
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s:%d: %v", file, n, err)
		}
		all = append(all, l)
	}
	return all
}

// Shared returns the labelled texts of a file below data in the shared folder. It skips the test if
// HEADGATE_SHARED does not name that folder.
func Shared(t testing.TB, file string) []Labelled {
	t.Helper()
	dir := os.Getenv("HEADGATE_SHARED")
	if dir == "" {
		t.Skip("no labelled data: set HEADGATE_SHARED to the folder that has data")
	}
	return Read(t, filepath.Join(dir, "data", file))
}

// Spans returns findings as spans of a text.
func Spans(text string, findings []content.Finding) (spans []Span) {
	for _, f := range findings {
		start := len([]rune(text[:f.Start]))
		spans = append(spans, Span{f.Type, start, start + len([]rune(text[f.Start:f.End]))})
	}
	return spans
}

// Tally counts spans with exact borders, by type.
type Tally map[string]*Count

// Count is how many spans of a type were found rightly, were found wrongly and were missed.
type Count struct{ Right, Wrong, Missed int }

// Precision returns how much of what was found is right; 1 if nothing was found.
func (c Count) Precision() float64 { return share(c.Right, c.Wrong) }

// Recall returns how much of what is there was found; 1 if nothing is there.
func (c Count) Recall() float64 { return share(c.Right, c.Missed) }

func share(part, rest int) float64 {
	if part+rest == 0 {
		return 1
	}
	return float64(part) / float64(part+rest)
}

// Measure scans labelled texts and counts the spans of some types; all others are left out of both.
// It returns the mistakes as lines for a log of a test.
func Measure(scanner content.Scanner, texts []Labelled, types []string) (tally Tally, mistakes []string) {
	tally = Tally{}
	for _, name := range types {
		tally[name] = &Count{}
	}
	for _, l := range texts {
		found := Spans(l.Text, scanner.Scan(nil, []byte(l.Text)))
		for _, s := range found {
			if c := tally[s.Type]; c != nil && slices.Contains(l.Spans, s) {
				c.Right++
			} else if c != nil {
				c.Wrong++
				mistakes = append(mistakes, fmt.Sprintf("wrong  %s %q in %q", s.Type, cut(l.Text, s), l.Text))
			}
		}
		for _, s := range l.Spans {
			if c := tally[s.Type]; c != nil && !slices.Contains(found, s) {
				c.Missed++
				mistakes = append(mistakes, fmt.Sprintf("missed %s %q in %q", s.Type, cut(l.Text, s), l.Text))
			}
		}
	}
	return tally, mistakes
}

func cut(text string, s Span) string { return string([]rune(text)[s.Start:s.End]) }

// Total returns the counts of all types together.
func (tally Tally) Total() (all Count) {
	for _, c := range tally {
		all.Right += c.Right
		all.Wrong += c.Wrong
		all.Missed += c.Missed
	}
	return all
}

// String returns the tally as a table.
func (tally Tally) String() string {
	var b strings.Builder
	line := func(name string, c Count) {
		fmt.Fprintf(&b, "%-28s %5d right %4d wrong %4d missed  precision %.3f  recall %.3f\n", name, c.Right, c.Wrong, c.Missed, c.Precision(), c.Recall())
	}
	names := make([]string, 0, len(tally))
	for name := range tally {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line(name, *tally[name])
	}
	line("all", tally.Total())
	return b.String()
}
