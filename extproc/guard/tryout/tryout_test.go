package tryout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/eval"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/guard/tryout"
	"github.com/headgate/headgate/policy"
)

// tried is a guard of personal data.
func tried(t *testing.T, action policy.GuardAction) *tryout.Guard {
	t.Helper()
	g, err := guard.New(&policy.Guard{PII: &policy.PIIGuard{GuardTerms: policy.GuardTerms{Name: "pii", Action: action}}}, &guard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &tryout.Guard{Guard: g}
}

// TestPlacesAreThoseOfTheTextThatWasGiven holds so although the guard sees another one: bytes for
// those who show it, code points for those who measure.
func TestPlacesAreThoseOfTheTextThatWasGiven(t *testing.T) {
	const text = "é：４１１１-1111\u200b-1111-1111 and ann@example.com!"
	g := tried(t, policy.GuardMask)
	v, err := g.Judge(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range v.Findings {
		found = append(found, f.Type+" "+text[f.Start:f.End])
	}
	if diff := cmp.Diff([]string{"CREDIT_CARD ４１１１-1111\u200b-1111-1111", "EMAIL_ADDRESS ann@example.com"}, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if got := g.Mask(text, v.Findings); got != "é：[CREDIT_CARD_1] and [EMAIL_ADDRESS_1]!" {
		t.Errorf("masked: %s", got)
	}
	j, err := g.Eval(t.Context(), text)
	want := eval.Judgement{Flagged: true, Score: 1, Found: []eval.Found{
		{Span: eval.Span{Type: "CREDIT_CARD", Start: 2, End: 22}, Score: 1}, {Span: eval.Span{Type: "EMAIL_ADDRESS", Start: 27, End: 42}, Score: 0.8},
	}}
	if diff := cmp.Diff(want, j); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestResults holds what comes of a guard by its action, and how texts of answers are masked.
func TestResults(t *testing.T) {
	const text = "ann@example.com, bob@example.com, ann@example.com"
	for action, want := range map[policy.GuardAction]exchange.GuardResult{policy.GuardDeny: exchange.GuardDenied, policy.GuardMask: exchange.GuardMasked, policy.GuardFlag: exchange.GuardFlagged} {
		g := tried(t, action)
		if v, err := g.Judge(t.Context(), text); v.Result != want || err != nil {
			t.Errorf("%s: %s, %v", action, v.Result, err)
		}
		if v, err := g.Judge(t.Context(), "nothing"); v.Result != exchange.GuardPassed || err != nil {
			t.Errorf("%s of nothing: %s, %v", action, v.Result, err)
		}
	}
	g := tried(t, policy.GuardMask)
	v, err := g.Judge(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Mask(text, v.Findings); got != "[EMAIL_ADDRESS_1], [EMAIL_ADDRESS_2], [EMAIL_ADDRESS_1]" {
		t.Errorf("a request is masked: %s", got)
	}
	g.Output = true
	if got := g.Mask(text, v.Findings); got != "[EMAIL_ADDRESS], [EMAIL_ADDRESS], [EMAIL_ADDRESS]" {
		t.Errorf("an answer is masked: %s", got)
	}
}

// checker is a guard that judges a whole.
type checker func(context.Context, *content.Subject) (content.Opinion, error)

func (c checker) Check(ctx context.Context, s *content.Subject) (content.Opinion, error) {
	return c(ctx, s)
}

// TestAWholeIsJudged holds what such a guard is given, that it has its time and no more, and that an
// error is no verdict.
func TestAWholeIsJudged(t *testing.T) {
	terms := &policy.GuardTerms{Name: "hook", Action: policy.GuardDeny, Timeout: time.Minute}
	var got content.Subject
	g := tryout.Guard{Output: true, Guard: &guard.Guard{GuardTerms: terms, Checker: checker(func(ctx context.Context, s *content.Subject) (content.Opinion, error) {
		if until, ok := ctx.Deadline(); !ok || time.Until(until) > time.Minute {
			t.Error("it has no bound of time")
		}
		got = *s
		return content.Opinion{Flagged: true, Types: []string{"violence"}, Score: 0.7, Message: "no"}, nil
	})}}
	v, err := g.Judge(t.Context(), "ａ")
	v.Took = 0
	if diff := cmp.Diff(tryout.Verdict{Result: exchange.GuardDenied, Types: []string{"violence"}, Score: 0.7, Message: "no"}, v); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	want := content.Subject{Output: true, Texts: []content.Text{{Plain: []byte("a"), Kind: content.Message, Role: "assistant", Path: "choices[0].message.content"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it was given (-want +got):\n%s", diff)
	}
	down := errors.New("down")
	g.Checker = checker(func(context.Context, *content.Subject) (content.Opinion, error) { return content.Opinion{}, down })
	if v, err := g.Judge(t.Context(), "a"); v.Result != exchange.GuardFailed || !errors.Is(err, down) {
		t.Errorf("%v, %v", v, err)
	}
}

// TestWhatCannotBeTried holds that a guard of whole exchanges says so.
func TestWhatCannotBeTried(t *testing.T) {
	terms := &policy.GuardTerms{Name: "g"}
	for name, g := range map[string]*guard.Guard{
		"of what a request has":  {GuardTerms: terms, Begin: func([]content.Text) content.Scanner { return nil }},
		"of the form of answers": {GuardTerms: terms, Form: &format.Guard{}},
		"of a model's opinion":   {GuardTerms: terms, Kind: "moderation", Checker: checker(nil)},
		"of nothing":             {GuardTerms: terms},
	} {
		if (&tryout.Guard{Guard: g}).Unfit() == nil {
			t.Errorf("%s: it is tried", name)
		}
	}
	if err := tried(t, policy.GuardMask).Unfit(); err != nil {
		t.Error(err)
	}
}
