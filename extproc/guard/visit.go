package guard

import (
	"context"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/texts"
	"github.com/headgate/headgate/policy"
)

// FlagHeader names to the client the guards that found something and let it pass.
const FlagHeader = "x-headgate-flagged"

// visit is the stage's share of one exchange.
type visit struct {
	exchange.Idle
	stage *stage
	ex    *exchange.Exchange
	plan  *plan
	vault vault

	avoided bool                       // the vault knows what to avoid
	begun   map[*Guard]content.Scanner // of guards that look by the request's texts
	flagged string                     // for the client, until the headers leave

	acting, watching *stream // of a streamed answer; nil: nothing acts on it, or watches it
}

// Request implements exchange.Visit.
func (v *visit) Request(ctx context.Context, req *exchange.Request) (exchange.Verdict, error) {
	if req.Operation == exchange.Models || v.ex.Own != nil {
		return exchange.Verdict{}, nil
	}
	v.plan = v.stage.planOf(v.ex)
	p := v.plan
	if req.Operation.OfKept() {
		return p.mayLook(req), nil
	}
	if p.decodes && req.Operation == exchange.Chat {
		if _, err := req.Canon(); err != nil {
			return exchange.Unreadable(err), nil
		}
	}
	if len(p.input) == 0 && !p.begins {
		return exchange.Verdict{}, nil
	}
	if len(req.Body) > largeBody {
		_, _ = req.More(ctx, largeTime) // without time left, what is left has to do
	}
	items, err := texts.OfRequest(req)
	if err != nil {
		return exchange.Unreadable(err), nil
	}
	r := round{visit: v, items: items, more: req.More}
	if refusing := r.run(ctx, p.input); refusing != nil {
		return v.refusal(refusing, false), nil
	}
	v.begin(items)
	if edits := texts.Edits(items, nil); len(edits) > 0 {
		if err := req.Rewrite(edits...); err != nil {
			return exchange.Verdict{}, err
		}
		if _, err := req.Canon(); p.decodes && err != nil {
			return exchange.Verdict{}, err
		}
	}
	return v.flags(), nil
}

// refusal is what the client gets for a verdict that refuses.
func (v *visit) refusal(by *verdict, output bool) exchange.Verdict {
	if by.err != nil {
		return by.guard.unavailable()
	}
	return by.guard.denial(by, v.ex.ID, output)
}

// begin makes the scanners of guards that look by the texts of the request.
func (v *visit) begin(items []texts.Item) {
	if !v.plan.begins {
		return
	}
	v.begun = map[*Guard]content.Scanner{}
	plain := textsOf(items)
	for _, g := range v.plan.output {
		if g.Begin != nil {
			v.begun[g] = g.Begin(plain)
		}
	}
}

// scanner returns what a guard looks with; nil: it has nothing to look for.
func (v *visit) scanner(g *Guard) content.Scanner {
	if g.Begin != nil {
		return v.begun[g]
	}
	return g.Scanner
}

// subject is what guards that judge a whole learn of the exchange.
func (v *visit) subject(output bool) *content.Subject {
	by := v.ex.Attribution()
	return &content.Subject{Output: output, Exchange: v.ex.ID, Model: v.ex.Model, Caller: v.ex.Caller.Name, Team: by.Team}
}

// mask returns what is put in the place of a finding.
func (v *visit) mask(g *Guard, kind, text string, output bool) string {
	if output {
		return "[" + kind + "]"
	}
	return v.vault.placeholder(secret{kind, text}, g.Restore)
}

// flags says to the client which guards let something pass.
func (v *visit) flags() exchange.Verdict {
	if v.flagged == "" {
		return exchange.Verdict{}
	}
	return exchange.Verdict{Headers: exchange.Headers{{Name: FlagHeader, Value: []byte(v.flagged)}}}
}

// Response implements exchange.Visit. It judges a whole answer, and prepares for a stream.
func (v *visit) Response(ctx context.Context, resp *exchange.Response) (exchange.Verdict, error) {
	if v.plan == nil || !looks(&v.ex.Request) || resp.Status != 200 || resp.Failed || resp.Unfinished {
		return exchange.Verdict{}, nil
	}
	guards := v.plan.output
	switch again := v.ex.Cached.Result.Given(); {
	case resp.Origin == exchange.FromStage && again:
		guards = v.plan.again
	case resp.Origin != exchange.FromProvider:
		return exchange.Verdict{}, nil
	case v.ex.Request.Operation.OfKept():
		guards = v.plan.kept
	}
	if len(guards) == 0 && !v.vault.restores() {
		return exchange.Verdict{}, nil
	}
	if resp.Stream {
		v.openStream()
		return exchange.Verdict{}, nil
	}
	return v.answer(ctx, resp, guards)
}

// answer has guards judge a whole answer.
func (v *visit) answer(ctx context.Context, resp *exchange.Response, guards []*Guard) (exchange.Verdict, error) {
	if len(resp.Body) > largeBody {
		_, _ = resp.More(ctx, largeTime)
	}
	answer, err := resp.Canon()
	if err != nil {
		return v.unreadable(), nil
	}
	items := texts.OfAnswer(resp, answer)
	r := round{visit: v, output: true, items: items, answer: answer, more: resp.More}
	refusing := r.run(ctx, guards)
	if resp.Origin == exchange.FromProvider {
		if repaired := v.repaired(ctx, &r); repaired != nil {
			return exchange.Verdict{Action: exchange.Answer, Answer: repaired}, nil
		}
	}
	if refusing != nil {
		return v.refusal(refusing, true), nil
	}
	r.restore()
	if edits := texts.Edits(items, answer); len(edits) > 0 {
		if err := resp.Rewrite(edits...); err != nil {
			return exchange.Verdict{}, err
		}
	}
	return v.flags(), nil
}

// unreadable refuses an answer that guards must look at and cannot.
func (v *visit) unreadable() exchange.Verdict {
	for _, g := range v.plan.output {
		if g.acts() && g.OnError == policy.FailClosed {
			return exchange.Denied(502, exchange.ReasonUnprocessable, "The provider's answer cannot be read, so that the gateway's guard "+g.Name+" cannot look at it.")
		}
	}
	return exchange.Verdict{}
}

// note records what a guard made of texts.
func (v *visit) note(by *verdict, output bool, items []texts.Item) {
	g := by.guard
	n := exchange.Guarded{
		Guard: g.Name, Kind: g.Kind, Output: output, Asks: g.Checker != nil, Action: string(g.Action), Mode: exchange.GuardMode(g.Mode),
		Result: by.result(false), Score: by.score(), Nanos: int64(by.took),
	}
	if n.Result != exchange.GuardPassed {
		n.Reason = g.Reason
	}
	var seen hasher
	for i := range by.opinion.Findings {
		f := &by.opinion.Findings[i]
		n.Found(exchange.GuardSpan{Text: f.Text, Start: f.Start, End: f.End, Type: f.Type})
		seen.add(v.stage.kind.key, items[f.Text].Plain[f.Start:f.End])
	}
	for _, t := range by.opinion.Types {
		n.FoundType(t)
	}
	n.Hash = seen.sum()
	v.record(&n)
}

// record keeps what came of a guard for the row. It is counted at the end.
func (v *visit) record(n *exchange.Guarded) {
	v.ex.Guards = append(v.ex.Guards, *n)
	if n.Result == exchange.GuardFlagged && n.Mode == exchange.Enforce {
		if v.flagged != "" {
			v.flagged += ", "
		}
		v.flagged += n.Guard
	}
}
