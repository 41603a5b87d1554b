package detector

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/guard/content"
)

func TestSpansAreFoundInBytes(t *testing.T) {
	t.Parallel()
	const text = "Zoë 😀 語 Ann"
	for _, c := range []struct {
		name  string
		spans []Span
		want  []content.Finding
	}{
		{"none", nil, nil},
		{"the whole", []Span{{0, 11, "T", 1}}, []content.Finding{{Start: 0, End: len(text), Type: "T", Score: 1}}},
		{"after and on characters of several bytes", []Span{{8, 11, "P", 0.5}, {4, 5, "E", 1}, {0, 3, "P", 0.75}},
			[]content.Finding{{Start: 0, End: 4, Type: "P", Score: 0.75}, {Start: 5, End: 9, Type: "E", Score: 1}, {Start: 14, End: 17, Type: "P", Score: 0.5}}},
		{"of two that overlap the better one", []Span{{0, 5, "A", 0.5}, {4, 5, "B", 0.6}}, []content.Finding{{Start: 5, End: 9, Type: "B", Score: 0.6}}},
		{"of two that are as good the longer one", []Span{{4, 5, "B", 0.5}, {0, 5, "A", 0.5}}, []content.Finding{{Start: 0, End: 9, Type: "A", Score: 0.5}}},
		{"of two that are alike the first by name", []Span{{0, 3, "B", 1}, {0, 3, "A", 1}}, []content.Finding{{Start: 0, End: 4, Type: "A", Score: 1}}},
		{"side by side is no overlap", []Span{{0, 2, "A", 1}, {2, 3, "B", 1}}, []content.Finding{{Start: 0, End: 2, Type: "A", Score: 1}, {Start: 2, End: 4, Type: "B", Score: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Locate(text, c.spans)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v, (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestWrongSpansAreErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		span Span
		want string
	}{
		{Span{-1, 2, "T", 1}, "span 1 is from -1 to 2 in a text of 4 code points"},
		{Span{2, 2, "T", 1}, "span 1 is from 2 to 2 in a text of 4 code points"},
		{Span{3, 2, "T", 1}, "span 1 is from 3 to 2 in a text of 4 code points"},
		{Span{0, 5, "T", 1}, "span 1 is from 0 to 5 in a text of 4 code points"}, // it has 7 bytes
		{Span{1 << 62, 1<<62 + 1, "T", 1}, "span 1 is from 4611686018427387904 to 4611686018427387905 in a text of 4 code points"},
	} {
		if _, err := Locate("abc😀", []Span{{0, 1, "T", 1}, c.span}); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := Locate("a", slices.Repeat([]Span{{0, 1, "T", 1}}, MaxSpans+1)); err == nil {
		t.Error("too many spans are no error")
	}
}

// TestOverlapsAreResolvedAsIfOneByOne compares with the plainest way.
func TestOverlapsAreResolvedAsIfOneByOne(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		findings := make([]content.Finding, r.IntN(12))
		for i := range findings {
			start := r.IntN(20)
			findings[i] = content.Finding{Text: r.IntN(2), Start: start, End: start + 1 + r.IntN(6), Type: string(rune('A' + r.IntN(3))), Score: float64(r.IntN(3)) / 2}
		}
		want := oneByOne(slices.Clone(findings))
		if diff := cmp.Diff(want, resolve(slices.Clone(findings))); diff != "" {
			t.Fatalf("%+v: (-want +got)\n%s", findings, diff)
		}
	}
}

// oneByOne takes again and again the best of those that overlap nothing that was taken.
func oneByOne(left []content.Finding) []content.Finding {
	taken := []content.Finding{}
	for len(left) > 0 {
		best := 0
		for i, f := range left {
			b := left[best]
			longer := f.End-f.Start > b.End-b.Start
			same := f.Score == b.Score && f.End-f.Start == b.End-b.Start
			if f.Score > b.Score || f.Score == b.Score && longer || same && inOrder(f, b) < 0 {
				best = i
			}
		}
		f := left[best]
		taken = append(taken, f)
		left = slices.DeleteFunc(left, func(g content.Finding) bool { return g.Text == f.Text && g.Start < f.End && f.Start < g.End })
	}
	slices.SortFunc(taken, inOrder)
	return taken
}

func BenchmarkLocate10000SpansOf1MiB(b *testing.B) {
	text := strings.Repeat("語", 1<<20/3)
	spans := make([]Span, MaxSpans)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range spans {
		at := r.IntN(300_000)
		spans[i] = Span{at, at + 10, "T", r.Float64()}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Locate(text, spans); err != nil {
			b.Fatal(err)
		}
	}
}
