package detector

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/guard/content"
)

func TestCallsAreWithinTheirBounds(t *testing.T) {
	t.Parallel()
	const bound = MinBytes
	long := strings.Repeat("x", bound)
	for _, c := range []struct {
		name      string
		maxPieces int
		texts     []string
		want      []int // bytes of each call
	}{
		{"what fits goes together", 0, []string{long[:500], long[:524]}, []int{1024}},
		{"what does not goes by itself", 0, []string{long[:500], long[:525], long[:400]}, []int{500, 925}},
		{"a text as long as the bound", 0, []string{"a", long, "b"}, []int{1, 1024, 1}},
		{"a longer one is split with an overlap", 0, []string{long + long}, []int{1024, 1024, 1024 - 2*(1024-overlap) + 1024}},
		{"only so many in one call", 2, []string{"1", "2", "3", "4", "5"}, []int{2, 2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared, _ := newShared(t)
			d := shared.Detector(Options{MaxBytes: bound, MaxPieces: c.maxPieces}, nil)
			var got []int
			for _, batch := range d.batches(d.split(subject(c.texts...)).unknown()) {
				n := 0
				for _, e := range batch {
					n += len(e.plain)
				}
				got = append(got, n)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPiecesAreTheWholeText cuts texts of characters of every length.
func TestPiecesAreTheWholeText(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		for n := r.IntN(6 * MinBytes); b.Len() < n; {
			b.WriteString([]string{"a", "é", "語", "😀", "e\u0301"}[r.IntN(5)])
		}
		text, end := b.String(), 0
		for at, piece := range pieces([]byte(text), MinBytes) {
			switch {
			case !utf8.Valid(piece) || len(piece) > MinBytes || len(piece) == 0:
				t.Fatalf("a piece of %d bytes at %d, UTF-8: %t", len(piece), at, utf8.Valid(piece))
			case at > 0 && (end-at < overlap || end-at > overlap+utf8.UTFMax):
				t.Fatalf("pieces overlap by %d bytes, want %d", end-at, overlap)
			case text[at:at+len(piece)] != string(piece):
				t.Fatalf("the piece at %d is not of that place", at)
			}
			end = at + len(piece)
		}
		if end != len(text) {
			t.Fatalf("%d of %d bytes are in pieces", end, len(text))
		}
	}
}

func TestPiecesOfWhatIsNoUTF8End(t *testing.T) {
	t.Parallel()
	n := 0
	for _, piece := range pieces([]byte(strings.Repeat("\x80", 5000)), MinBytes) {
		n = max(n, len(piece))
	}
	if n != MinBytes {
		t.Errorf("the longest piece has %d bytes", n)
	}
}

// TestAFindingAtACutIsWhole puts the word name at every place around a cut. The service finds the
// beginning and the end of it, too, as one that knows words of names does.
func TestAFindingAtACutIsWhole(t *testing.T) {
	t.Parallel()
	shared, _ := newShared(t)
	o := options
	o.MaxBytes = MinBytes
	d := shared.Detector(o, findParts)
	for at := MinBytes - overlap - 10; at < MinBytes+10; at++ {
		text := strings.Repeat("ü", at/2) + strings.Repeat(".", at%2) + "name" + strings.Repeat(".", 1000)
		want := []content.Finding{{Start: at, End: at + 4, Type: "NAME", Score: 1}}
		if diff := cmp.Diff(want, check(t, d, text).Findings); diff != "" {
			t.Fatalf("name at %d: (-want +got)\n%s", at, diff)
		}
	}
}

// TestPartsOfAFindingAreJoined has a finding of which each of two pieces sees a part.
func TestPartsOfAFindingAreJoined(t *testing.T) {
	t.Parallel()
	const second = MinBytes - overlap // where the second piece begins
	part := func(start, end int, kind string, score float64) Answer {
		return Answer{Opinion: content.Opinion{Findings: []content.Finding{{Start: start, End: end, Type: kind, Score: score}}}}
	}
	for _, c := range []struct {
		name   string
		pieces []Answer
		want   content.Finding
	}{
		{"of one type", []Answer{part(1000, 1024, "NAME", 0.9), part(1008-second, 1028-second, "NAME", 1)}, content.Finding{Start: 1000, End: 1028, Type: "NAME", Score: 1}},
		{"of two types the better stands", []Answer{part(1000, 1024, "PLACE", 0.9), part(1008-second, 1028-second, "NAME", 1)}, content.Finding{Start: 1008, End: 1028, Type: "NAME", Score: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shared, _ := newShared(t)
			o := options
			o.MaxBytes = MinBytes
			d := shared.Detector(o, func(_ context.Context, q *Question) ([]Answer, error) {
				if len(q.Pieces[0].Plain) == MinBytes {
					return c.pieces[:1], nil
				}
				return c.pieces[1:], nil
			})
			if diff := cmp.Diff([]content.Finding{c.want}, check(t, d, strings.Repeat("x", 1200)).Findings); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// findParts finds the word name even if only a part of it is at an end of a piece.
func findParts(_ context.Context, q *Question) ([]Answer, error) {
	answers := make([]Answer, len(q.Pieces))
	for i, p := range q.Pieces {
		answers[i].Opinion = opinionOf(p.Plain)
		for n := 1; n < len("name"); n++ {
			if strings.HasSuffix(p.Plain, "name"[:n]) {
				answers[i].Findings = append(answers[i].Findings, content.Finding{Start: len(p.Plain) - n, End: len(p.Plain), Type: "NAME", Score: 0.5})
			}
			if strings.HasPrefix(p.Plain, "name"[n:]) {
				answers[i].Findings = append(answers[i].Findings, content.Finding{End: 4 - n, Type: "NAME", Score: 1})
			}
		}
	}
	return answers, nil
}
