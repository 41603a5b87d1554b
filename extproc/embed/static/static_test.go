package static

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/extproc/embed"
)

// ready returns the embedder of the built-in table, which the tests share.
func ready(t testing.TB) *Embedder {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var shared = sync.OnceValues(New)

func vector(t testing.TB, text string) []float32 {
	t.Helper()
	v, err := ready(t).Embed(t.Context(), nil, text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

func cosine(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// pair is two texts, and the cosine of their vectors by the sums of train/train.py.
type pair struct {
	A, B   string
	Cosine float64
}

// TestCosines holds that vectors are those of the program that made the table.
func TestCosines(t *testing.T) {
	lines := each(t, "cosines.jsonl", func(p pair) {
		if got := cosine(vector(t, p.A), vector(t, p.B)); math.Abs(got-p.Cosine) > 1e-5 {
			t.Errorf("%q and %q: cosine %.6f, want %.6f", p.A, p.B, got, p.Cosine)
		}
	})
	if lines < 10 {
		t.Errorf("%d pairs", lines)
	}
}

// TestAVector holds what a vector is: 128 numbers of length 1 after those of dst, the same for the
// same words.
func TestAVector(t *testing.T) {
	const text = "How do I reset my password?"
	v := vector(t, text)
	if length := math.Sqrt(cosine(v, v)); len(v) != Dims || math.Abs(length-1) > 1e-6 {
		t.Errorf("%d numbers of length %v", len(v), length)
	}
	if again := vector(t, "  HOW do I\treset my pass\u00adword ? "); !slices.Equal(v, again) {
		t.Error("blanks, capitals or invisible letters make another vector")
	}
	after, err := ready(t).Embed(t.Context(), []float32{7}, text)
	if err != nil || after[0] != 7 || !slices.Equal(after[1:], v) {
		t.Errorf("after what dst has: %v, error %v", after, err)
	}
	if other := vector(t, "How do I reset my router?"); cosine(v, other) > 0.95 {
		t.Errorf("another question has cosine %v", cosine(v, other))
	}
}

// TestWithoutAVector holds that texts of which nothing is known say so, and leave dst.
func TestWithoutAVector(t *testing.T) {
	for _, text := range []string{"", " \n\t", "\u200b", "😀😀", "\xff\xfe", strings.Repeat("a", maxWord+1)} {
		got, err := ready(t).Embed(t.Context(), []float32{7}, text)
		if !errors.Is(err, embed.ErrNoVector) || !slices.Equal(got, []float32{7}) {
			t.Errorf("%.20q: vector %v, error %v", text, got, err)
		}
	}
}

// TestAtOnce holds that goroutines do not disturb one another.
func TestAtOnce(t *testing.T) {
	texts := []string{"Where is my order?", "Cancel my subscription, please.", "Größe und Länge eines Bildes", "我怎么修改密码"}
	want := make([][]float32, len(texts))
	for i, text := range texts {
		want[i] = vector(t, text)
	}
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			var v []float32
			for range 100 {
				v, _ = ready(t).Embed(context.Background(), v[:0], texts[i%len(texts)])
				if !slices.Equal(v, want[i%len(texts)]) {
					t.Errorf("%q has another vector among others", texts[i%len(texts)])
					return
				}
			}
		})
	}
	all.Wait()
}

// FuzzEmbed holds that any text has a vector of length 1 or none, and that blanks around it change
// nothing.
func FuzzEmbed(f *testing.F) {
	each(f, "lines.jsonl", func(l line) { f.Add(l.Text) })
	e := ready(f)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := e.Embed(t.Context(), nil, text)
		around, errAround := e.Embed(t.Context(), nil, "\n"+text+" \u3000")
		switch {
		case !errors.Is(errAround, err) || !slices.Equal(v, around):
			t.Errorf("vector %v, error %v; with blanks around: %v, %v", v, err, around, errAround)
		case err == nil && math.Abs(cosine(v, v)-1) > 1e-5:
			t.Errorf("a vector of length %v", math.Sqrt(cosine(v, v)))
		case err != nil && (!errors.Is(err, embed.ErrNoVector) || len(v) > 0):
			t.Errorf("vector %v, error %v", v, err)
		}
	})
}

// BenchmarkEmbed embeds questions of 6, 12 and 60 words, and Chinese of 24.
func BenchmarkEmbed(b *testing.B) {
	e := ready(b)
	const twelve = "How can I change the delivery address of an order after paying? "
	for _, c := range []struct{ name, text string }{
		{"words=6", "How do I reset my password?"},
		{"words=12", twelve},
		{"words=60", strings.Repeat(twelve, 5)},
		{"chinese=24", "我怎么修改密码退货政策是什么三十天还是九十天以内"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			v := make([]float32, 0, Dims)
			for b.Loop() {
				if _, err := e.Embed(b.Context(), v, c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}
