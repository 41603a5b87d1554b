package guard

import (
	"context"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/format"
	"github.com/headgate/headgate/extproc/scan"
)

// formType is the type of what guards of the form of answers find.
const formType = "FORMAT"

// maxNamed is how many faults of a form a message names.
const maxNamed = 3

// opinionOf is what faults of an answer's form come to. They hold no text of it.
func opinionOf(faults []format.Fault) (o content.Opinion) {
	if len(faults) == 0 {
		return o
	}
	o.Flagged, o.Types = true, []string{formType}
	var named []string
	for _, f := range faults[:min(len(faults), maxNamed)] {
		named = append(named, f.String())
	}
	o.Message = strings.Join(named, "; ") + "."
	return o
}

// form judges the form of all choices of a whole answer. It keeps the faults for a repair.
func (r *round) form(ctx context.Context, g *Guard) (o content.Opinion, err error) {
	for i := range r.answer.Choices {
		choice := &r.answer.Choices[i]
		faults, failed := g.Form.Check(ctx, r.visit.ex.Request.Decoded(), choice)
		if failed != nil {
			err = failed
		}
		if len(faults) > 0 && r.faults == nil {
			r.faults, r.faulty = faults, choice
		}
	}
	return opinionOf(r.faults), err
}

// spoken is a choice of a streamed answer as it comes.
type spoken struct {
	choice int
	text   []byte
	calls  []spokenCall
	passed bool // no guard has anything against it
}

type spokenCall struct {
	name scan.Value
	args []byte
}

// forms reports whether a guard judges the form of the answer.
func (s *stream) forms() bool {
	for _, l := range s.lookers {
		if l.Form != nil {
			return true
		}
	}
	return false
}

func (s *stream) answer(choice int) *spoken {
	for _, a := range s.answers {
		if a.choice == choice {
			return a
		}
	}
	a := &spoken{choice: choice}
	s.answers = append(s.answers, a)
	return a
}

// collect keeps what is said for guards that judge the whole.
func (s *stream) collect(ev *canon.Event, plain []byte) {
	if !s.formed {
		return
	}
	a := s.answer(ev.Choice)
	switch ev.Kind {
	case canon.EventText:
		a.text = append(a.text, plain...)
	case canon.EventToolArgs:
		if ev.Tool < len(a.calls) {
			call := &a.calls[ev.Tool]
			call.args = append(call.args, plain...)
		}
	default: // thinking and refusals have no form
	}
}

// calls begins a call.
func (s *stream) calls(ev *canon.Event) {
	if !s.formed {
		return
	}
	a := s.answer(ev.Choice)
	for len(a.calls) <= ev.Tool {
		a.calls = append(a.calls, spokenCall{})
	}
	a.calls[ev.Tool].name = append(scan.Value(nil), ev.Name...)
}

// whole is what was said, as the choice of a whole answer.
func (a *spoken) whole(finish canon.Finish) *canon.Choice {
	c := &canon.Choice{Index: a.choice, Finish: finish}
	if len(a.text) > 0 {
		c.Parts = append(c.Parts, canon.Part{Kind: canon.Text, Text: scan.AppendString(nil, string(a.text))})
	}
	for _, call := range a.calls {
		c.Parts = append(c.Parts, canon.Part{Kind: canon.ToolCall, Name: call.name, Args: scan.AppendString(nil, string(call.args))})
	}
	return c
}

// judgeForm has the form of an answer judged that has ended.
func (s *stream) judgeForm(ctx context.Context, ev *canon.Event) {
	if !s.formed {
		return
	}
	a := s.answer(ev.Choice)
	choice := a.whole(ev.Finish)
	for _, l := range s.lookers {
		if l.Form == nil || l.failed {
			continue
		}
		began := time.Now()
		faults, err := l.Form.Check(ctx, s.visit.ex.Request.Decoded(), choice)
		v := &verdict{guard: l.Guard, opinion: opinionOf(faults), err: err}
		l.sum.Nanos += int64(time.Since(began))
		l.whole(v)
		if s.acts && v.denies() {
			s.refusing = v
			return
		}
	}
	a.passed = true
}

// passed reports whether the form of a choice was judged.
func (s *stream) passed(choice int) bool { return !s.formed || s.answer(choice).passed }
