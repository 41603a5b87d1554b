package detector

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
)

// MaxSpans is how many spans an answer may have.
const MaxSpans = 10_000

// Span is a place in a piece as services name it: in code points.
type Span struct {
	Start, End int
	Type       string
	Score      float64 // from 0 to 1
}

// Locate finds the spans of a piece in its bytes and returns them in order, without overlaps: of
// those that overlap the one with the best score stands, then the longest. Spans that are empty or
// not in the piece are an error.
func Locate(piece string, spans []Span) ([]content.Finding, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	if len(spans) > MaxSpans {
		return nil, fmt.Errorf("%d spans, more than %d", len(spans), MaxSpans)
	}
	n := utf8.RuneCountInString(piece)
	places := make([]int, 0, 2*len(spans))
	for i, s := range spans {
		if s.Start < 0 || s.End <= s.Start || s.End > n {
			return nil, fmt.Errorf("span %d is from %d to %d in a text of %d code points", i, s.Start, s.End, n)
		}
		places = append(places, s.Start, s.End)
	}
	at := bytesOf(piece, places)
	findings := make([]content.Finding, len(spans))
	for i, s := range spans {
		findings[i] = content.Finding{Start: at[s.Start], End: at[s.End], Type: s.Type, Score: s.Score}
	}
	return resolve(findings), nil
}

// bytesOf returns for places in code points, which may come in any order, those in bytes.
func bytesOf(piece string, places []int) map[int]int {
	slices.Sort(places)
	at := make(map[int]int, len(places))
	n, next := 0, 0
	for i := range piece {
		for ; next < len(places) && places[next] == n; next++ {
			at[n] = i
		}
		n++
	}
	for ; next < len(places); next++ {
		at[places[next]] = len(piece)
	}
	return at
}

// resolve leaves of findings that overlap the one with the best score, then the longest, then the
// first, and returns the rest in order.
func resolve(findings []content.Finding) []content.Finding {
	slices.SortFunc(findings, func(a, b content.Finding) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.End-b.Start, a.End-a.Start), inOrder(a, b))
	})
	var taken []place
	all := findings[:0]
	for _, f := range findings {
		i, _ := slices.BinarySearchFunc(taken, f, func(p place, f content.Finding) int {
			return cmp.Or(cmp.Compare(p.text, f.Text), cmp.Compare(p.end, f.Start+1))
		})
		if i < len(taken) && taken[i].text == f.Text && taken[i].start < f.End {
			continue
		}
		taken = slices.Insert(taken, i, place{f.Text, f.Start, f.End})
		all = append(all, f)
	}
	slices.SortFunc(all, inOrder)
	return all
}

// place is where a finding is. Those that are taken are in order and do not overlap.
type place struct{ text, start, end int }

func inOrder(a, b content.Finding) int {
	return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Type, b.Type))
}
