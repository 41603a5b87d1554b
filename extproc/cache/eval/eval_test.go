package eval_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/cache/eval"
	"github.com/headgate/headgate/extproc/cache/verify"
	"github.com/headgate/headgate/extproc/embed"
)

// letters is an embedder whose vectors count the letters of a text.
type letters struct{}

func (letters) ID() string { return "letters-1" }

func (letters) Embed(_ context.Context, dst []float32, text string) ([]float32, error) {
	var counts [26]float64
	squares := 0.0
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' {
			counts[r-'a']++
		}
	}
	for _, c := range counts {
		squares += c * c
	}
	switch {
	case strings.Contains(text, "broken"):
		return dst, errors.New("the embedder is broken")
	case squares == 0:
		return dst, embed.ErrNoVector
	}
	for _, c := range counts {
		dst = append(dst, float32(c/math.Sqrt(squares)))
	}
	return dst, nil
}

func judged(t *testing.T, pairs ...eval.Pair) []eval.Judged {
	t.Helper()
	all, err := eval.Judge(t.Context(), pairs, letters{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// questions have the cosine 1 but for the last three.
var questions = []eval.Pair{
	{A: "How do I reset my PIN?", B: "how do I reset my pin", Same: true, Source: "a"},
	{A: "Can I return it in 30 days?", B: "Can I return it in 90 days?", Source: "a"},
	{A: "convert ethanol to acid", B: "convert acid to ethanol", Source: "a"},
	{A: "Why are elbows sore?", B: "how are elbows sore? y", Source: "b"},
	{A: "What was it in 2016?", B: "What was it in 2017?", Same: true, Source: "b"},
	{A: "aaa", B: "zzz", Same: true, Source: "b"},
	{A: "aaa", B: "zzz", Source: "b"},
	{A: "123", B: "123", Same: true, Source: "b"},
}

func TestReport(t *testing.T) {
	got := eval.Sum(judged(t, questions...), letters{}.ID(), 0.955)
	want := &eval.Report{Embedder: "letters-1", Chosen: 0.955, Group: eval.Group{Pairs: 8, Same: 4}, NoVector: 1,
		AUC: new((1.0/2*3 + 1 + 1.0/2*3 + 1 + 1.0/2) / 12), // of the three that are the same and have vectors, and four that are not
		BySource: map[string]eval.Point{
			"a": {Group: eval.Group{Pairs: 3, Same: 1}, ByRules: eval.ByRules{None: hits(3, 1, 1), Basic: hits(1, 1, 1), Strict: hits(1, 1, 1)}},
			"b": {Group: eval.Group{Pairs: 5, Same: 3}, ByRules: eval.ByRules{None: hits(2, 1, 3), Basic: hits(0, 0, 3), Strict: hits(0, 0, 3)}},
		},
		WithoutSource: map[string]eval.Point{
			"a": {Group: eval.Group{Pairs: 5, Same: 3}, ByRules: eval.ByRules{None: hits(2, 1, 3), Basic: hits(0, 0, 3), Strict: hits(0, 0, 3)}},
			"b": {Group: eval.Group{Pairs: 3, Same: 1}, ByRules: eval.ByRules{None: hits(3, 1, 1), Basic: hits(1, 1, 1), Strict: hits(1, 1, 1)}},
		},
	}
	thresholds, refused := got.Thresholds, got.Refused
	got.Thresholds, got.Refused = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(thresholds) != 21 || thresholds[0].Threshold != 0.8 || thresholds[16].Threshold != 0.955 || thresholds[20].Threshold != 0.99 {
		t.Errorf("thresholds %v, want 0.80 to 0.99 and 0.955", thresholds)
	}
	if len(refused) != 2+len(verify.Rules) || refused[0].Rule != "basic" || refused[1].Rule != "strict" {
		t.Errorf("refused %v", refused)
	}
}

// hits are so many, of which some are right, of pairs that are the same.
func hits(n, right, same int) eval.Hits {
	h := eval.Hits{Hits: n, Right: right, HitRate: new(float64(right) / float64(same))}
	if n > 0 {
		h.Precision = new(float64(right) / float64(n))
	}
	return h
}

// TestTheOrderOfPairsIsOfNoAccount holds that a report is that of the pairs.
func TestTheOrderOfPairsIsOfNoAccount(t *testing.T) {
	want := eval.Sum(judged(t, questions...), "e", 0.9)
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		mixed := append([]eval.Pair{}, questions...)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if diff := cmp.Diff(want, eval.Sum(judged(t, mixed...), "e", 0.9)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

func TestSample(t *testing.T) {
	var pairs []eval.Pair
	for range 50 {
		pairs = append(pairs, questions...)
	}
	all := judged(t, pairs...)
	served := eval.Sample(all, 0.95, eval.NoRules, 20, 1)
	if len(served) != 20 {
		t.Fatalf("%d hits, want 20", len(served))
	}
	for i, j := range served {
		if j.Cosine < 0.95 || i > 0 && j.Cosine > served[i-1].Cosine {
			t.Errorf("hit %d has the cosine %v", i, j.Cosine)
		}
	}
	if diff := cmp.Diff(served, eval.Sample(all, 0.95, eval.NoRules, 20, 1)); diff != "" {
		t.Errorf("another sample of one seed:\n%s", diff)
	}
	if cmp.Equal(served, eval.Sample(all, 0.95, eval.NoRules, 20, 2)) {
		t.Error("two seeds have one sample")
	}
	for _, j := range eval.Sample(all, 0.95, eval.Strict, 1000, 1) {
		if len(j.Rules) > 0 {
			t.Errorf("%q, %q is served in spite of %v", j.A, j.B, j.Rules)
		}
	}
}

func TestAnEmbedderThatFails(t *testing.T) {
	_, err := eval.Judge(t.Context(), []eval.Pair{questions[0], {A: "a", B: "broken"}}, letters{})
	if err == nil || err.Error() != "pair 2: the embedder is broken" {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.Judge(ctx, questions, letters{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestRead(t *testing.T) {
	got, err := eval.Read(strings.NewReader(`{"a": "x", "b": "y", "label": 1, "source": "s", "more": true}` + "\n\n" + `{"a": "", "b": "y", "label": 0}` + "\n"))
	want := []eval.Pair{{A: "x", B: "y", Same: true, Source: "s"}, {B: "y", Source: "unknown"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for text, says := range map[string]string{
		"":                                  "there is no labelled pair in it",
		"\n{\n":                             "line 2: unexpected end of JSON input",
		`{"a": "x", "b": "y"}`:              "line 1: a, b and label must be there",
		`{"a": "x", "label": 1}`:            "line 1: a, b and label must be there",
		`{"a": "x", "b": "y", "label": 2}`:  "line 1: label must be 0 or 1, is 2",
		`{"a": "x", "b": "y", "label": ""}`: `line 1: label must be 0 or 1, is ""`,
	} {
		if _, err := eval.Read(strings.NewReader(text)); err == nil || err.Error() != says {
			t.Errorf("%q: error %v, want %q", text, err, says)
		}
	}
}
