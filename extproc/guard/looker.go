package guard

import (
	"context"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/guard/content"
)

// looker is a guard that looks at one stream, and what came of it until now.
type looker struct {
	*Guard
	scanner  content.Scanner // nil: it has nothing to look for, or asks others
	sum      exchange.Guarded
	seen     hasher
	findings []content.Finding // memory of the next scan
	failed   bool              // it could not decide, and what it has not seen passes
}

func newLooker(g *Guard, s content.Scanner) *looker {
	return &looker{Guard: g, scanner: s, sum: exchange.Guarded{
		Guard: g.Name, Kind: g.Kind, Output: true, Asks: g.Checker != nil, Action: string(g.Action), Mode: exchange.GuardMode(g.Mode), Result: exchange.GuardPassed,
	}}
}

// found notes a finding that is decided.
func (l *looker) found(key []byte, f *content.Finding, text []byte) {
	l.sum.Found(exchange.GuardSpan{Text: f.Text, Start: f.Start, End: f.End, Type: f.Type})
	l.sum.Score = max(l.sum.Score, f.Score)
	l.sum.Reason = l.Reason
	l.seen.add(key, text)
	l.became(&verdict{guard: l.Guard, opinion: content.Opinion{Findings: []content.Finding{*f}}})
}

// whole notes what the guard says of the whole that it saw.
func (l *looker) whole(v *verdict) {
	if v.left() || v.err == nil && !v.opinion.Flagged {
		return
	}
	for _, t := range v.opinion.Types {
		l.sum.FoundType(t)
	}
	l.sum.Score, l.sum.Reason = max(l.sum.Score, v.opinion.Score), l.Reason
	l.became(v)
}

// became notes what came of the guard; the gravest counts.
func (l *looker) became(v *verdict) {
	if r := v.result(true); grave(r) > grave(l.sum.Result) {
		l.sum.Result = r
	}
}

// grave orders results.
func grave(r exchange.GuardResult) int {
	for i, known := range exchange.GuardResults {
		if r == known {
			return i
		}
	}
	return len(exchange.GuardResults)
}

// window is how much new text is worth asking others about, and overlap what they see twice, in
// bytes: a name that lies on the border is whole in one of both.
const (
	window  = 600
	overlap = 120
)

// ask has a guard that asks others judge the text of a channel that it has not judged. It
// returns the place in the view up to which it is sure, and its verdict if it refuses.
func (s *stream) ask(ctx context.Context, c *channel, i int, final bool) (sure int, refuses *verdict) {
	l := s.lookers[i]
	sure = c.view.At(c.sure[i])
	plain := c.view.Plain
	fresh := len(plain) - sure
	if fresh == 0 {
		return len(plain), nil
	}
	if !final && fresh < window+overlap {
		return sure, nil
	}
	from := max(0, sure-overlap)
	for from > 0 && plain[from]&0xC0 == 0x80 {
		from--
	}
	v := s.judge(ctx, l, c, plain[from:])
	if v.err != nil {
		l.whole(v)
		l.failed = !v.denies()
		return len(plain), denying(v)
	}
	end := len(plain)
	if !final {
		end -= overlap
		for plain[end]&0xC0 == 0x80 {
			end--
		}
	}
	end = s.keep(c, l, v, from, sure, end, final)
	c.sure[i] = c.view.Raw(end)
	l.whole(v)
	return end, denying(v)
}

func denying(v *verdict) *verdict {
	if v.denies() {
		return v
	}
	return nil
}

// judge asks a guard about a piece of a channel.
func (s *stream) judge(ctx context.Context, l *looker, c *channel, piece []byte) *verdict {
	subject := s.visit.subject(true)
	subject.Texts = []content.Text{{Plain: piece, Kind: kindOf(c.kind), Role: "assistant", Path: "choices"}}
	v := ask(ctx, l.Guard, subject)
	l.sum.Nanos += int64(v.took)
	return v
}

// keep keeps the findings of a piece that begins at a place in the view, until their text leaves.
// One that is cut by the end of what is sure moves that before itself.
func (s *stream) keep(c *channel, l *looker, v *verdict, from, sure, end int, final bool) int {
	for j := range v.opinion.Findings {
		f := v.opinion.Findings[j]
		f.Start, f.End = f.Start+from, f.End+from
		switch {
		case f.End <= sure:
		case f.End > end && !final:
			end = min(end, max(f.Start, sure))
		default:
			c.kept = append(c.kept, span{looker: l, f: f, start: c.view.Raw(max(f.Start, sure)), end: c.view.Raw(f.End)})
		}
	}
	return end
}

func kindOf(k canon.EventKind) content.Kind {
	switch k {
	case canon.EventThinking:
		return content.Thinking
	case canon.EventRefusal:
		return content.Refusal
	case canon.EventToolArgs:
		return content.Arguments
	default:
		return content.Message
	}
}
