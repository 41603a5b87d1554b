package guard

import (
	"time"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/guard/content"
)

// Shape judges the form of one whole answer. It is safe for concurrent use. An error says that
// it could not decide.
type Shape interface {
	Check(*canon.Request, *Spoken) (content.Opinion, error)
}

// Spoken is what a model said in one choice of an answer, plain.
type Spoken struct {
	Text  []byte
	Calls []Call
}

// Call is a call of a tool.
type Call struct{ Name, Arguments []byte }

// spoken is a choice of a streamed answer as it comes.
type spoken struct {
	choice int
	Spoken
	passed bool // no guard has anything against it
}

// shapes reports whether a guard judges the form of the answer.
func (s *stream) shapes() bool {
	for _, l := range s.lookers {
		if l.Shape != nil {
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
	if !s.shaped {
		return
	}
	a := s.answer(ev.Choice)
	switch ev.Kind {
	case canon.EventText:
		a.Text = append(a.Text, plain...)
	case canon.EventToolArgs:
		if ev.Tool < len(a.Calls) {
			call := &a.Calls[ev.Tool]
			call.Arguments = append(call.Arguments, plain...)
		}
	default: // thinking and refusals have no form
	}
}

// calls begins a call.
func (s *stream) calls(ev *canon.Event) {
	if !s.shaped {
		return
	}
	a := s.answer(ev.Choice)
	for len(a.Calls) <= ev.Tool {
		a.Calls = append(a.Calls, Call{})
	}
	name, _ := ev.Name.Str()
	a.Calls[ev.Tool].Name = append([]byte(nil), name...)
}

// shape has the form of an answer judged that has ended.
func (s *stream) shape(ev *canon.Event) {
	if !s.shaped {
		return
	}
	a := s.answer(ev.Choice)
	request := s.visit.ex.Request.Decoded()
	for _, l := range s.lookers {
		if l.Shape == nil {
			continue
		}
		began := time.Now()
		v := &verdict{guard: l.Guard}
		v.opinion, v.err = l.Shape.Check(request, &a.Spoken)
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
func (s *stream) passed(choice int) bool { return !s.shaped || s.answer(choice).passed }
