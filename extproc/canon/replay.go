package canon

import (
	"bytes"
	"fmt"

	"github.com/headgate/headgate/extproc/scan"
)

// Events returns a whole answer as the events of a stream. They alias the answer. The usage is known
// from the start.
func (r *Response) Events() []Event {
	out := []Event{{Kind: EventStart, ID: r.ID, Model: r.Model, Created: r.Created, Usage: &r.Usage}}
	for i := range r.Choices {
		c := &r.Choices[i]
		tools := 0
		for j := range c.Parts {
			out = c.Parts[j].events(out, c.Index, &tools)
		}
		out = append(out, Event{Kind: EventFinish, Choice: c.Index, Finish: c.Finish, Text: c.StopHit, Raw: c.Logprobs})
	}
	if r.Usage.Seen != 0 {
		out = append(out, Event{Kind: EventUsage, Usage: &r.Usage})
	}
	return append(out, Event{Kind: EventDone})
}

// events appends a part of a choice, which has called so many tools before.
func (p *Part) events(out []Event, choice int, tools *int) []Event {
	say := func(kind EventKind, ev Event) {
		ev.Kind, ev.Choice = kind, choice
		out = append(out, ev)
	}
	if (p.Kind == Text || p.Kind == Refusal) && Empty(p.Text) { // some servers write it beside calls
		return out
	}
	switch p.Kind {
	case Text:
		say(EventText, Event{Text: p.Text})
		for _, raw := range p.citations() {
			say(EventOtherDelta, Event{Raw: raw})
		}
	case Refusal:
		say(EventRefusal, Event{Text: p.Text})
	case Thinking:
		say(EventThinking, Event{Text: p.Text})
		if !Empty(p.Signature) {
			say(EventSignature, Event{Text: p.Signature})
		}
	case Redacted:
		say(EventRedacted, Event{Text: p.Text})
	case ToolCall:
		say(EventToolStart, Event{Tool: *tools, ID: p.ID, Name: p.Name, Custom: p.Custom})
		say(EventToolArgs, Event{Tool: *tools, Text: p.streamed(), Custom: p.Custom})
		*tools++
	default:
		say(EventOther, Event{Raw: p.Raw})
	}
	say(EventBlockEnd, Event{})
	return out
}

// streamed returns the arguments of a call as a stream brings them.
func (p *Part) streamed() scan.Value {
	if p.Custom {
		return p.Args
	}
	return AppendText(nil, p.Args)
}

// citations are the sources of a text as Anthropic's streams have them, one by one.
func (p *Part) citations() (all []scan.Value) {
	for i := range p.Extra {
		if string(p.Extra[i].Name) != "citations" {
			continue
		}
		for e := p.Extra[i].Value.Elements(); e.Next(); {
			if kind, ok := e.Value().Get("type").Str(); ok && bytes.HasSuffix(kind, []byte("_location")) {
				all = append(all, fmt.Appendf(nil, `{"type":"citations_delta","citation":%s}`, e.Value()))
			}
		}
	}
	return all
}
