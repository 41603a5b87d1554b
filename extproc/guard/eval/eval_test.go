package eval_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headgate/headgate/extproc/guard/eval"
)

// scores is a guard that flags from 0.5 on, and says of each text the score that it is.
func scores(_ context.Context, text string) (eval.Judgement, error) {
	if text == "" {
		return eval.Judgement{}, errors.New("no text")
	}
	var score float64
	err := json.Unmarshal([]byte(text), &score)
	return eval.Judgement{Flagged: score >= 0.5, Score: score}, err
}

// labelled makes samples of texts that are positive and such that are not.
func labelled(positive, negative string) (all []eval.Sample) {
	for _, text := range strings.Fields(positive) {
		all = append(all, eval.Sample{Text: text, Positive: true, Source: "a"})
	}
	for _, text := range strings.Fields(negative) {
		all = append(all, eval.Sample{Text: text, Source: "b"})
	}
	return all
}

func measured(t *testing.T, samples []eval.Sample, judge eval.Judge, types *eval.Types) *eval.Report {
	t.Helper()
	r, err := eval.Measure(t.Context(), samples, judge, types)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAUC holds that it is the chance that a positive has the higher score, ties one half, and that
// there is none without a score or without one of both kinds.
func TestAUC(t *testing.T) {
	for name, c := range map[string]struct {
		positive, negative string
		want               *float64
	}{
		"all above":              {"0.9 0.8", "0.1 0.2 0.3", new(1.0)},
		"all below":              {"0.1 0.2", "0.8 0.9", new(0.0)},
		"one of four is wrong":   {"0.1 0.4 0.35 0.8", "0.1 0.4", new(0.625)}, // 0, 1/2; 1/2, 1; 1, 0; 1, 1: 5 of 8
		"all equal":              {"0.5 0.5", "0.5 0.5 0.5", new(0.5)},
		"ties in part":           {"0.5 0.9", "0.5 0.1", new(0.875)},
		"a yes and a no":         {"1 1 0", "0 0 1", nil},
		"one kind of text alone": {"0.5", "", nil},
		"the example of sklearn": {"0.35 0.8", "0.1 0.4", new(0.75)},
	} {
		if diff := cmp.Diff(c.want, measured(t, labelled(c.positive, c.negative), scores, nil).AUC); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAUCIsThatOfAllPairs holds so of scores of many ties, in any order.
func TestAUCIsThatOfAllPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(16, 0))
	for range 50 {
		samples, wins, pairs := make([]eval.Sample, 2+r.IntN(60)), 0.0, 0.0
		score := make([]float64, len(samples))
		for i := range samples {
			score[i] = float64(1+r.IntN(8)) / 10
			text, _ := json.Marshal(score[i])
			samples[i] = eval.Sample{Text: string(text), Positive: i == 0 || i > 1 && r.IntN(3) == 0}
		}
		for i := range samples {
			for j := range samples {
				if samples[i].Positive && !samples[j].Positive {
					pairs++
					wins += map[bool]float64{true: 1}[score[i] > score[j]] + map[bool]float64{true: 0.5}[score[i] == score[j]]
				}
			}
		}
		if got := measured(t, samples, scores, nil).AUC; math.Abs(*got-wins/pairs) > 1e-12 {
			t.Fatalf("%v of %v: %v, want %v", score, samples, *got, wins/pairs)
		}
	}
}

// TestTextsAreCounted holds the whole report of a guard that judges texts.
func TestTextsAreCounted(t *testing.T) {
	samples := append(labelled("0.9 0.8 0.6 0.2", "0.7 0.4 0.3 0.1 0 0 0 0 0 0"), eval.Sample{Source: "a"})
	got := measured(t, samples, scores, nil)
	want := &eval.Report{
		N: 14, AUC: new(0.9), Undecided: 1, Failure: "no text",
		AtDefault: eval.Figures{N: 14, TP: 3, FP: 1, FN: 1, TN: 9, Recall: new(0.75), Precision: new(0.75), FPR: new(0.1)},
		AtFPR: map[string]eval.Point{"0.001": {Threshold: 0.8, Recall: new(0.5)}, "0.01": {Threshold: 0.8, Recall: new(0.5)},
			"0.05": {Threshold: 0.8, Recall: new(0.5)}, "0.1": {Threshold: 0.6, Recall: new(0.75)}},
		BySource: map[string]eval.Figures{
			"a": {N: 4, TP: 3, FN: 1, Recall: new(0.75), Precision: new(1.0)},
			"b": {N: 10, FP: 1, TN: 9, Precision: new(0.0), FPR: new(0.1)},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(eval.Figures{}, eval.Point{}), cmpopts.IgnoreFields(eval.Report{}, "Thresholds")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if at := got.Thresholds[6]; !cmp.Equal(at, eval.Threshold{Threshold: 0.7, Recall: new(0.5), Precision: new(2.0 / 3), FPR: new(0.1)}) {
		t.Errorf("at 0.7: %+v", at)
	}
}

// TestNoThresholdIsGoodEnough holds that one above every score is named if the highest is that of a
// negative.
func TestNoThresholdIsGoodEnough(t *testing.T) {
	at := measured(t, labelled("0.8", "0.9 0.1"), scores, nil).AtFPR["0.01"]
	if at.Threshold <= 0.9 || at.Threshold > 0.91 || *at.Recall != 0 {
		t.Errorf("%v, recall %v", at.Threshold, *at.Recall)
	}
}

// finds is a guard that has found what a text is in a map.
func finds(found map[string][]eval.Found) eval.Judge {
	return func(_ context.Context, text string) (eval.Judgement, error) {
		j := eval.Judgement{Flagged: len(found[text]) > 0, Found: found[text]}
		for _, f := range j.Found {
			j.Score = max(j.Score, f.Score)
		}
		return j, nil
	}
}

// TestSpansAreCounted holds the whole report of a guard whose spans are counted: exact borders, the
// types that count and no others, texts without annotation left out.
func TestSpansAreCounted(t *testing.T) {
	card := func(from, to int) eval.Span { return eval.Span{Type: "CARD", Start: from, End: to} }
	phone, person := eval.Span{Type: "PHONE", Start: 0, End: 3}, eval.Span{Type: "PERSON", Start: 5, End: 9}
	samples := []eval.Sample{
		{Text: "both right", Source: "a", Annotated: true, Spans: []eval.Span{card(0, 4), person, card(7, 9)}},
		{Text: "a border is wrong", Source: "a", Annotated: true, Spans: []eval.Span{card(0, 4)}},
		{Text: "found where nothing is", Source: "b", Annotated: true, Spans: []eval.Span{phone}},
		{Text: "nothing", Source: "b", Annotated: true},
		{Text: "unknown", Source: "c"},
	}
	got := measured(t, samples, finds(map[string][]eval.Found{
		"both right":             {{Span: card(0, 4), Score: 1}, {Span: card(7, 9), Score: 0.8}, {Span: phone, Score: 1}},
		"a border is wrong":      {{Span: card(0, 5), Score: 0.8}},
		"found where nothing is": {{Span: card(1, 2), Score: 0.6}, {Span: phone, Score: 0.9}},
		"unknown":                {{Span: card(1, 2), Score: 1}},
	}), &eval.Types{Counted: []string{"CARD"}, Shown: []string{"IBAN"}})
	want := &eval.Report{
		N: 4, AUC: new(1.0), LeftOut: 1,
		AtDefault: eval.Figures{N: 4, TP: 2, FP: 2, FN: 1, TN: 1, Recall: new(2.0 / 3), Precision: new(0.5), FPR: new(0.5)},
		AtFPR:     map[string]eval.Point{"0.001": {Threshold: 0.8, Recall: new(1.0)}, "0.01": {Threshold: 0.8, Recall: new(1.0)}, "0.05": {Threshold: 0.8, Recall: new(1.0)}, "0.1": {Threshold: 0.8, Recall: new(1.0)}},
		BySource: map[string]eval.Figures{
			"a": {N: 2, TP: 2, FP: 1, FN: 1, Recall: new(2.0 / 3), Precision: new(2.0 / 3)},
			"b": {N: 2, FP: 1, TN: 1, Precision: new(0.0), FPR: new(0.5)},
		},
		ByType: map[string]eval.Figures{
			"CARD":   {N: 4, TP: 2, FP: 2, FN: 1, TN: 1, Recall: new(2.0 / 3), Precision: new(0.5), FPR: new(0.5)},
			"PHONE":  {N: 4, TP: 1, FP: 1, TN: 2, Recall: new(1.0), Precision: new(0.5), FPR: new(1.0 / 3)},
			"PERSON": {N: 4, FN: 1, TN: 3, Recall: new(0.0), FPR: new(0.0)},
			"IBAN":   {N: 4, TN: 4, FPR: new(0.0)},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(eval.Figures{}, eval.Point{}), cmpopts.IgnoreFields(eval.Report{}, "Thresholds")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestTypesAreShownOfAnnotatedTexts holds so if texts are what is counted, too.
func TestTypesAreShownOfAnnotatedTexts(t *testing.T) {
	name := eval.Span{Type: "PERSON", Start: 0, End: 4}
	got := measured(t, []eval.Sample{{Text: "x", Positive: true, Annotated: true, Spans: []eval.Span{name}}, {Text: "y", Positive: true}},
		finds(map[string][]eval.Found{"x": {{Span: name, Score: 1}}}), nil)
	want := map[string]eval.Figures{"PERSON": {N: 1, TP: 1, Recall: new(1.0), Precision: new(1.0)}}
	if diff := cmp.Diff(want, got.ByType, cmpopts.IgnoreUnexported(eval.Figures{})); diff != "" || got.AtDefault.TP != 1 || got.AtDefault.FN != 1 {
		t.Errorf("%+v (-want +got):\n%s", got.AtDefault, diff)
	}
}

// TestASpanCountsOnce holds so of one that is labelled, or found, twice.
func TestASpanCountsOnce(t *testing.T) {
	card := eval.Span{Type: "CARD", Start: 0, End: 4}
	got := measured(t, []eval.Sample{{Text: "x", Annotated: true, Spans: []eval.Span{card}}}, finds(map[string][]eval.Found{"x": {{Span: card, Score: 1}, {Span: card, Score: 1}}}), &eval.Types{Counted: []string{"CARD"}})
	if f := got.AtDefault; f.TP != 1 || f.FP != 1 || f.FN != 0 {
		t.Errorf("%+v", f)
	}
}

// TestRead holds what labelled data may be, and that a fault names its line.
func TestRead(t *testing.T) {
	got, err := eval.Read(strings.NewReader(`{"text": "a é b", "label": 1, "source": "s", "spans": [{"type": "T", "start": 2, "end": 3}], "question": "?"}

{"text": "", "label": 0, "spans": null}
{"text": "c", "label": 0, "spans": []}
`))
	want := []eval.Sample{
		{Text: "a é b", Positive: true, Source: "s", Annotated: true, Spans: []eval.Span{{Type: "T", Start: 2, End: 3}}},
		{Source: "unknown"},
		{Text: "c", Source: "unknown", Annotated: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		"":                              "no labelled text",
		`{"text": "a"}`:                 "line 1: text and label must be there",
		"\n" + `{"label": 1}`:           "line 2: text and label must be there",
		`{"text": "a", "label": "oos"}`: `line 1: label must be 0 or 1, is "oos"`,
		`{"text": "a", "label": 2}`:     "line 1: label must be 0 or 1, is 2",
		`{"text": "a", "label": 1, "spans": [{"type": "T", "start": 0, "end": 2}]}`: "line 1: a span from 0 to 2 is none of a text of 1 code points",
		`{"text": "a", "label": 1, "spans": [{"start": 0, "end": 1}]}`:              "has no type",
		`{"text": `: "line 1: unexpected end",
	} {
		if _, err := eval.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
