// Package tryout lets guards look at single texts outside of any exchange, to explain what they
// decide and to measure how well.
//
// The promise: a guard sees the text as it would in an exchange, plain and normalised, and places
// come back in the text as it was given. The trap: a guard that judges a whole exchange, such as
// the form of an answer to its request, cannot be tried so.
package tryout

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/eval"
	"github.com/headgate/headgate/extproc/guard/texts"
	"github.com/headgate/headgate/policy"
)

// Guard is a guard that looks at single texts. It is safe for concurrent use.
type Guard struct {
	*guard.Guard
	Output bool // texts are of answers
}

// Unfit says why a guard cannot be tried; nil: it can.
func (t *Guard) Unfit() error {
	switch g := t.Guard; {
	case g.Form != nil:
		return fmt.Errorf("guard %s judges whole answers by their requests, so no single text says anything of it", g.Name)
	case g.Begin != nil:
		return fmt.Errorf("guard %s looks in answers for what stands in their requests, so no single text says anything of it", g.Name)
	case g.Kind == "moderation":
		return fmt.Errorf("guard %s asks a model through the gateway that it belongs to, so it is not tried without one", g.Name)
	case g.Scanner == nil && g.Checker == nil && g.Measure == nil:
		return fmt.Errorf("guard %s does not look at texts", g.Name)
	}
	return nil
}

// Verdict is what a guard makes of a text.
type Verdict struct {
	Result   exchange.GuardResult // what would come of it, were it enforced
	Score    float64              // of the worst, from 0 to 1
	Types    []string             // of the whole
	Findings []content.Finding    // in bytes of the text that was given
	Message  string               // from whoever decided
	Took     time.Duration
}

// Judge lets the guard look. An error says that it could not decide.
func (t *Guard) Judge(ctx context.Context, text string) (Verdict, error) {
	var view texts.View
	view.Reset([]byte(text), false, false)
	began := time.Now()
	o, err := t.opinion(ctx, view.Plain)
	v := Verdict{Score: o.Score, Types: o.Types, Message: o.Message, Took: time.Since(began), Result: t.result(&o)}
	if err != nil {
		v.Result = exchange.GuardFailed
		return v, err
	}
	for _, f := range o.Findings {
		f.Start, f.End = view.Raw(f.Start), view.Raw(f.End)
		v.Findings = append(v.Findings, f)
		v.Score = max(v.Score, f.Score)
	}
	return v, nil
}

func (t *Guard) opinion(ctx context.Context, plain []byte) (content.Opinion, error) {
	if t.Scanner != nil {
		return content.Opinion{Findings: t.Scanner.Scan(nil, plain)}, nil
	}
	s := &content.Subject{Output: t.Output, Texts: []content.Text{{Plain: plain, Kind: content.Message, Role: "user", Path: "messages[0].content"}}}
	if t.Output {
		s.Texts[0].Role, s.Texts[0].Path = "assistant", "choices[0].message.content"
	}
	if t.Measure != nil {
		return t.Measure(&canon.Request{Messages: []canon.Message{{Role: canon.RoleUser}}}, s.Texts), nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	return t.Checker.Check(ctx, s)
}

// result is what comes of an opinion by the guard's action.
func (t *Guard) result(o *content.Opinion) exchange.GuardResult {
	switch found := len(o.Findings) > 0; {
	case !found && !o.Flagged:
		return exchange.GuardPassed
	case t.Action == policy.GuardFlag:
		return exchange.GuardFlagged
	case t.Action == policy.GuardMask && found:
		return exchange.GuardMasked
	default:
		return exchange.GuardDenied
	}
}

// Mask puts placeholders in the place of findings: of a request they are numbered, and equal texts
// of a type have the same one.
func (t *Guard) Mask(text string, findings []content.Finding) string {
	var b strings.Builder
	names, counts, at := map[[2]string]string{}, map[string]int{}, 0
	for _, f := range findings {
		id := [2]string{f.Type, text[f.Start:f.End]}
		if names[id] == "" {
			counts[f.Type]++
			names[id] = "[" + f.Type + "_" + strconv.Itoa(counts[f.Type]) + "]"
		}
		b.WriteString(text[at:f.Start])
		if at = f.End; t.Output {
			b.WriteString("[" + f.Type + "]")
			continue
		}
		b.WriteString(names[id])
	}
	return b.String() + text[at:]
}

// Eval judges a text of a measurement.
func (t *Guard) Eval(ctx context.Context, text string) (eval.Judgement, error) {
	v, err := t.Judge(ctx, text)
	j := eval.Judgement{Flagged: v.Result != exchange.GuardPassed, Score: v.Score}
	at, runes := 0, 0
	for _, f := range v.Findings {
		start := runes + utf8.RuneCountInString(text[at:f.Start])
		at, runes = f.End, start+utf8.RuneCountInString(text[f.Start:f.End])
		j.Found = append(j.Found, eval.Found{Span: eval.Span{Type: f.Type, Start: start, End: runes}, Score: f.Score})
	}
	return j, err
}
