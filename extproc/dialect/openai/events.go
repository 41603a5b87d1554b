package openai

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// StreamDecoder reads a stream of chat completion chunks. The zero StreamDecoder
// is at the stream's start. Not for concurrent use.
//
// Servers differ: the first chunk may have no choices, usage may come beside the
// last choice or alone, a finish may be repeated, [DONE] may be missing or come
// after an error. A stream ends well only with a finish of each choice, or with
// [DONE] after some content; anything else is a cut.
type StreamDecoder struct {
	// Whole keeps what only this dialect understands, such as sound.
	Whole bool

	out     []canon.Event
	extra   []canon.Member
	tally   tally
	choices []choiceSeen
	tools   []toolSeen
	id      []byte // escaped
	ended   bool
	read    func(v scan.Value, f *fragment, t *toolSeen, fresh bool) // is told of each fragment of a call; may be nil
}

// Decoder starts reading a server's stream.
func (Dialect) Decoder(native bool) canon.StreamDecoder { return &StreamDecoder{Whole: native} }

type choiceSeen struct {
	index, tools    int
	spoke, finished bool
}

// toolSeen is a call of a tool, of which fragments come.
type toolSeen struct {
	choice, index int // as the provider counts
	tool          int // as we count
	id, name      string
	custom        bool
	head          canon.ArgsHead
	args          canon.Complete
	sum           uint64 // of the arguments so far

	// Of a stream that passes: what the client sees.
	shown    int64
	shownID  scan.Value
	serverID string
}

// Next returns what an event says. The events hold until the next call.
func (d *StreamDecoder) Next(ev scan.Event) []canon.Event {
	d.out = d.out[:0]
	data := bytes.TrimSpace(ev.Data())
	switch {
	case d.ended || len(data) == 0:
	case isDone(data):
		d.done()
	default:
		d.chunk(ev, data)
	}
	return d.out
}

// End returns what the end of the stream's bytes means. Rest is what no blank
// line has ended: it counts if it is a whole event nevertheless.
func (d *StreamDecoder) End(rest scan.Event) []canon.Event {
	d.out = d.out[:0]
	if data := bytes.TrimSpace(rest.Data()); isDone(data) || canon.Whole(data) {
		d.Next(rest)
	}
	switch {
	case d.ended:
	case d.finished():
		d.ended = true
		d.emit(canon.Event{Kind: canon.EventDone})
	default:
		d.fail(canon.Cut())
	}
	return d.out
}

// Resume implements canon.StreamDecoder.
func (d *StreamDecoder) Resume() { d.ended = false }

func (d *StreamDecoder) finished() bool {
	for i := range d.choices {
		if !d.choices[i].finished {
			return false
		}
	}
	return len(d.choices) > 0
}

func (d *StreamDecoder) emit(ev canon.Event) { d.out = append(d.out, ev) }

func (d *StreamDecoder) fail(f *canon.Fault) {
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventFailed, Fault: f})
}

// done reads [DONE]. Some servers never say why a choice ended.
func (d *StreamDecoder) done() {
	for i := range d.choices {
		if c := &d.choices[i]; c.spoke && !c.finished {
			d.finish(c, canon.FinishStop, nil)
		}
	}
	if !d.finished() {
		d.fail(canon.Cut())
		return
	}
	d.ended = true
	d.emit(canon.Event{Kind: canon.EventDone})
}

func (d *StreamDecoder) finish(c *choiceSeen, f canon.Finish, word scan.Value) {
	if f.Good() && c.tools > 0 {
		f = canon.FinishToolCalls
	}
	c.finished = true
	d.emit(canon.Event{Kind: canon.EventFinish, Choice: c.index, Finish: f, Name: word})
}

func (d *StreamDecoder) chunk(ev scan.Event, data []byte) {
	var c chunk
	var err error
	if d.extra, err = canon.Pick(scan.Document(data), chunkNames, c[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	if d.tally.start(&c) {
		d.start(&c)
	}
	var broke scan.Value
	e := c[chunkChoices].Elements()
	for e.Next() && !d.ended {
		if reason := d.choice(e.Value()); reason != nil {
			broke = reason
		}
	}
	if d.ended {
		return
	}
	if d.tally.count(&c) {
		d.emit(canon.Event{Kind: canon.EventUsage, Usage: &d.tally.usage})
	}
	if fault, ok := c.fault(ev, data); ok {
		d.fail(readFault(0, fault))
	} else if broke != nil {
		d.fail(canon.BrokeOff(broke))
	}
}

func (d *StreamDecoder) start(c *chunk) {
	d.id = append(d.id, canon.Inside(c[chunkID])...)
	created, _ := c[chunkCreated].Int()
	d.emit(canon.Event{Kind: canon.EventStart, ID: c[chunkID], Model: c[chunkModel], Created: created})
}

// choice reads one choice of a chunk. It returns the reason of a provider that broke
// off, which ends the stream after the rest of the chunk.
func (d *StreamDecoder) choice(v scan.Value) (broke scan.Value) {
	var f choice
	var err error
	if d.extra, err = canon.Pick(v.Fields(), deltaNames, f[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return nil
	}
	if f[deltaDelta] == nil && f[deltaFinish] == nil && f[deltaMessage] == nil {
		return nil // Azure's chunks of filter results only
	}
	index, _ := f[deltaIndex].Int()
	c := d.choiceAt(int(index))
	if c == nil {
		d.fail(canon.Malformed("too many choices"))
		return nil
	}
	if f[deltaDelta] == nil && !c.spoke {
		f[deltaDelta] = f[deltaMessage] // some servers send the whole message in one chunk
	}
	d.delta(c, f[deltaDelta])
	finish := finishOf(f[deltaFinish])
	switch {
	case finish == canon.FinishUnset || c.finished || d.ended:
	case finish == canon.FinishError:
		return f[deltaFinish]
	default:
		d.finish(c, finish, f[deltaFinish])
	}
	return nil
}

// maxChoices is how many answers a request can ask for.
const maxChoices = 128

func (d *StreamDecoder) choiceAt(index int) *choiceSeen {
	for i := range d.choices {
		if d.choices[i].index == index {
			return &d.choices[i]
		}
	}
	if index < 0 || index >= maxChoices {
		return nil
	}
	d.choices = append(d.choices, choiceSeen{index: index})
	return &d.choices[len(d.choices)-1]
}

func (d *StreamDecoder) delta(c *choiceSeen, v scan.Value) {
	var f [msgMembers]scan.Value
	var err error
	if d.extra, err = canon.Pick(v.Fields(), messageMembers, f[:], d.extra[:0]); err != nil {
		d.fail(canon.Malformed(err.Error()))
		return
	}
	other := d.Whole && (says(d.extra) || !canon.Void(f[msgFunctionCall]) || !canon.Void(f[msgBlocks]))
	d.reasoning(c, &f)
	d.text(c, canon.EventRefusal, f[msgRefusal])
	if f[msgContent].Kind() == scan.Array {
		d.list(c, f[msgContent])
	} else {
		d.text(c, canon.EventText, f[msgContent])
	}
	d.calls(c, f[msgCalls])
	if other && len(d.out) == 0 {
		d.emit(canon.Event{Kind: canon.EventOther, Choice: c.index, Raw: v})
	}
}

// says reports whether one of the members of a delta is more than a name for nothing.
func says(members []canon.Member) bool {
	return slices.ContainsFunc(members, func(m canon.Member) bool {
		elements, fields := m.Value.Elements(), m.Value.Fields()
		return elements.Next() || fields.Next() || m.Value.Kind() == scan.String && !canon.Empty(m.Value)
	})
}

func (d *StreamDecoder) text(c *choiceSeen, kind canon.EventKind, v scan.Value) {
	if v.Kind() == scan.String && !canon.Empty(v) {
		c.spoke = true
		d.emit(canon.Event{Kind: kind, Choice: c.index, Text: v})
	}
}

// list reads a content list, as Mistral sends it.
func (d *StreamDecoder) list(c *choiceSeen, v scan.Value) {
	e := v.Elements()
	for e.Next() {
		var p canon.Part
		if err := readPart(e.Value(), &p); err != nil {
			d.fail(canon.Malformed(err.Error()))
			return
		}
		switch p.Kind {
		case canon.Text:
			d.text(c, canon.EventText, p.Text)
		case canon.Thinking:
			d.text(c, canon.EventThinking, p.Text)
		default: // a message says nothing else in a list
		}
	}
}

func (d *StreamDecoder) reasoning(c *choiceSeen, f *[msgMembers]scan.Value) {
	e := f[msgDetails].Elements()
	found := false
	for e.Next() {
		p, ok := readDetail(e.Value())
		if !ok || p.Kind == canon.Other {
			continue
		}
		if p.Kind == canon.Redacted {
			d.text(c, canon.EventRedacted, p.Text)
			continue
		}
		found = found || !canon.Empty(p.Text)
		d.text(c, canon.EventThinking, p.Text)
		d.text(c, canon.EventSignature, p.Signature)
	}
	if !found {
		d.text(c, canon.EventThinking, reasoningText(f[msgReasoningContent], f[msgReasoning]))
	}
}
