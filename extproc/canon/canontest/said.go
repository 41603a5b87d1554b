package canontest

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// Said is what an answer means in every dialect. Texts are joined, as it has no meaning
// where one piece of them ends, and a refusal is a text that ends with one.
type Said struct {
	ID      string // without the word that it begins with, which is the dialect's
	Model   string
	Choices []Choice
	Usage   canon.Usage     // its buckets alone
	Fault   canon.FaultKind // of an answer that is an error, or breaks off
	Message string          // of the fault
}

// Choice is what one of several answers says.
type Choice struct {
	Text       string
	Reasoning  string
	Redacted   string
	Signatures []string // of reasoning that has one
	Calls      []string // id, name and arguments of each, in their order; of a custom one its text
	Finish     canon.Finish
	StopHit    string // the stop sequence that ended it
}

// SaidBy returns the meaning of a whole answer.
func SaidBy(r *canon.Response) Said {
	return SaidIn(r.Events())
}

// SaidIn returns the meaning of the events of a stream.
func SaidIn(events []canon.Event) Said {
	var l listener
	for i := range events {
		l.hear(&events[i])
	}
	return l.done()
}

// FaultSaid returns the meaning of an error. What broke off reaches a client as an error
// of the server: its dialect has no other word for that.
func FaultSaid(f *canon.Fault) Said {
	return Said{Fault: faultKind(f), Message: f.Message}
}

func faultKind(f *canon.Fault) canon.FaultKind {
	if f.Kind == canon.FaultCut || f.Kind == canon.FaultMalformed {
		return canon.FaultServer
	}
	return f.Kind
}

// listener gathers what a stream says. It is an Encoder that writes nothing.
type listener struct {
	said    Said
	choices map[int]*heardChoice
	ended   bool
}

type heardChoice struct {
	Choice
	refused bool
	calls   []heardCall
}

type heardCall struct {
	id, name, args string
	custom         bool
}

// customCall stands before the text of a custom call, in the place of arguments.
const customCall = "text"

// Append implements Encoder.
func (l *listener) Append(dst []byte, ev *canon.Event) []byte {
	l.hear(ev)
	return dst
}

// ownID is what an answer's id has of its server's: all after the word that it begins with.
func ownID(id string) string {
	return beginning.ReplaceAllString(id, "")
}

var beginning = regexp.MustCompile("^[a-z]+[-_]")

func (l *listener) hear(ev *canon.Event) {
	switch ev.Kind {
	case canon.EventStart:
		l.said.ID, l.said.Model = ownID(canon.Str(ev.ID)), canon.Str(ev.Model)
	case canon.EventUsage:
		l.said.Usage.Overwrite(ev.Usage)
	case canon.EventFailed:
		l.said.Fault, l.said.Message = faultKind(ev.Fault), ev.Fault.Message
	case canon.EventDone:
		l.ended = true
	case canon.EventBlank, canon.EventComment, canon.EventBlockStart:
	default:
		l.choice(ev.Choice).hear(ev)
	}
}

func (l *listener) choice(index int) *heardChoice {
	if l.choices == nil {
		l.choices = map[int]*heardChoice{}
	}
	if l.choices[index] == nil {
		l.choices[index] = &heardChoice{}
	}
	return l.choices[index]
}

func (c *heardChoice) hear(ev *canon.Event) {
	switch ev.Kind {
	case canon.EventText:
		c.Text += canon.Str(ev.Text)
	case canon.EventRefusal:
		c.Text += canon.Str(ev.Text)
		c.refused = true
	case canon.EventThinking:
		c.Reasoning += canon.Str(ev.Text)
	case canon.EventSignature:
		c.Signatures = append(c.Signatures, canon.Str(ev.Text))
	case canon.EventRedacted:
		c.Redacted += canon.Str(ev.Text)
	case canon.EventToolStart:
		c.call(ev.Tool).id, c.call(ev.Tool).name, c.call(ev.Tool).custom = canon.Str(ev.ID), canon.Str(ev.Name), ev.Custom
	case canon.EventToolArgs:
		c.call(ev.Tool).args += canon.Str(ev.Text)
	case canon.EventFinish:
		c.Finish, c.StopHit = ev.Finish, canon.Str(ev.Text)
	default: // says nothing that all dialects understand
	}
}

// call returns the call of this number.
func (c *heardChoice) call(n int) *heardCall {
	for len(c.calls) <= n {
		c.calls = append(c.calls, heardCall{})
	}
	return &c.calls[n]
}

// done returns the meaning of what was heard.
func (l *listener) done() Said {
	s := l.said
	u := s.Usage
	s.Usage = canon.Usage{Input: u.Input, CacheRead: u.CacheRead, CacheWrite5m: u.CacheWrite5m, CacheWrite1h: u.CacheWrite1h,
		AudioInput: u.AudioInput, Output: u.Output, Reasoning: u.Reasoning, AudioOutput: u.AudioOutput}
	indexes := make([]int, 0, len(l.choices))
	for i := range l.choices {
		indexes = append(indexes, i)
	}
	slices.SortFunc(indexes, cmp.Compare)
	for _, i := range indexes {
		s.Choices = append(s.Choices, l.choices[i].done())
	}
	return s
}

func (c *heardChoice) done() Choice {
	for _, call := range c.calls {
		c.Calls = append(c.Calls, call.id+" "+call.name+" "+call.said())
	}
	if c.refused && c.Finish == canon.FinishStop {
		c.Finish = canon.FinishRefusal
	}
	return c.Choice
}

// said is what a call says to its tool.
func (c *heardCall) said() string {
	text := scan.AppendString(nil, c.args)
	if c.custom {
		return customCall + " " + string(text)
	}
	return compact(text)
}
