package provider

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// events decodes a backend's stream. With a skimmer each event says where it was read, so
// that it can leave as it came.
type events struct {
	decoder canon.StreamDecoder
	damage  damage           // the zero damage: what cannot be read ends the stream
	choices int              // that were asked for; 0: one
	skim    exchange.Skimmer // sees each event, too; nil: the client speaks another dialect
	mend    exchange.Mender  // of what the skimmer has seen; may be nil
	hide    bool             // what the skimmer keeps from the client is hidden
	split   scan.Splitter
	changed []byte       // memory of what the client gets in place of events of the piece
	ended   int          // choices that said why they ended
	closed  bool         // what was left at the end was given its blank line
	last    bool         // the piece that is read is the last
	broken  bool         // the splitter gave up, or what is torn was said
	torn    *canon.Fault // no more can be read, because of this; nil: more can
	all     []canon.Event
}

// Read returns what a piece says. The events hold until the next call.
func (e *events) Read(piece []byte, last bool) ([]canon.Event, error) {
	e.feed(piece, last)
	e.all = e.all[:0]
	for found := e.next(); found != nil; found = e.next() {
		e.all = append(e.all, found...)
	}
	return e.all, nil
}

// feed takes a piece, which must stay as it is until the next one.
func (e *events) feed(piece []byte, last bool) {
	if !e.broken { // a broken stream is not read on, so nothing of it is kept
		e.split.Feed(piece)
		e.last, e.changed = last, e.changed[:0]
	}
}

// next returns the events of the next frame of the piece that has any, and nil after
// the last. The events hold until the next call.
func (e *events) next() []canon.Event {
	for !e.broken {
		raw, err := e.split.Next()
		switch {
		case err != nil:
			return e.fail(canon.Malformed(err.Error()))
		case raw == nil && e.torn != nil:
			return e.fail(e.torn)
		case raw == nil && !e.last:
			return nil
		case raw == nil && len(e.split.Rest()) > 0 && !e.closed:
			e.closed = true
			e.split.Feed(blankLine) // what no blank line has ended may be a whole event
			continue
		case raw == nil:
			e.last = false
			return e.locate(nil, e.decoder.End(nil), false)
		}
		if found := e.frame(raw); len(found) > 0 {
			return found
		}
	}
	return nil
}

var blankLine = []byte("\n\n")

// frame returns what an event of the stream says. What cannot be read is left out, if the
// answer may be whole without it.
func (e *events) frame(raw scan.Event) []canon.Event {
	sight := exchange.Shown
	if e.skim != nil {
		sight = e.skim.Frame(raw)
	}
	var found []canon.Event
	if sight != exchange.Broken {
		if e.mend != nil {
			raw = e.mended(raw)
		}
		if found = e.decoder.Next(raw); e.damage.of != nil && torn(raw, found) {
			e.decoder.Resume()
			sight = exchange.Broken
		}
	}
	var fault *canon.Fault
	if sight == exchange.Broken {
		found, fault = nil, e.damage.leaveOut(raw, e.over())
	} else if e.damage.begun != nil {
		fault = e.damage.follows(raw)
	}
	switch {
	case fault != nil:
		return e.fail(fault)
	case sight == exchange.Broken:
		return nil
	}
	e.note(found)
	return e.locate(raw, found, sight == exchange.Hidden && e.hide)
}

// mended returns an event as the client is to get it, which holds as long as the piece.
func (e *events) mended(raw scan.Event) scan.Event {
	out := e.mend.Mend(raw)
	if len(out) > 0 && &out[0] == &raw[0] {
		return raw
	}
	start := len(e.changed)
	e.changed = append(e.changed, out...)
	return e.changed[start:len(e.changed):len(e.changed)]
}

// torn reports whether an event ended the stream because it cannot be read.
func torn(raw scan.Event, found []canon.Event) bool {
	return len(found) == 1 && found[0].Kind == canon.EventFailed && found[0].Fault.Kind == canon.FaultMalformed &&
		scan.Broken(bytes.TrimSpace(raw.Data())) >= 0
}

// fail ends the stream.
func (e *events) fail(f *canon.Fault) []canon.Event {
	e.broken = true
	return []canon.Event{{Kind: canon.EventFailed, Fault: f}}
}

// note counts the choices that have ended.
func (e *events) note(found []canon.Event) {
	for i := range found {
		if found[i].Kind == canon.EventFinish {
			e.ended++
		}
	}
}

// over reports whether no piece of the answer can follow.
func (e *events) over() bool {
	if e.skim != nil {
		return e.skim.SawEnd()
	}
	return e.ended >= max(1, e.choices)
}

// alive reports whether an event is nothing but a sign of life: a comment, a ping as Anthropic
// has it, or a keepalive as OpenAI's Responses have it.
func alive(raw scan.Event) bool {
	name := string(raw.Field("event"))
	return len(raw) > 0 && (raw.Data() == nil || name == "ping" || name == "keepalive")
}

// locate says where in a frame its events were read, if the client may get the frame. Of a
// stream that came to its end without saying so, nothing more is written: its frame is empty.
// To a client of another dialect a sign of life is one, too.
func (e *events) locate(raw scan.Event, found []canon.Event, hidden bool) []canon.Event {
	if e.skim == nil && (len(found) > 0 || !alive(raw)) {
		return found
	}
	if len(found) == 0 && len(raw) > 0 {
		found = []canon.Event{{Kind: canon.EventBlank}}
	}
	if e.skim == nil {
		return found
	}
	frame := &canon.Frame{Raw: raw, Events: len(found), Hidden: hidden}
	for i := range found {
		ev := &found[i]
		if ev.Kind == canon.EventFailed && (ev.Fault.Kind == canon.FaultCut || ev.Fault.Kind == canon.FaultMalformed || ev.Fault.Unsaid) {
			continue // the frame does not say so: the encoder must
		}
		ev.Frame = frame
		if start, ok := scan.Within(raw, ev.Text); ok {
			ev.TextAt = canon.Span{Start: start, End: start + len(ev.Text)}
		} else {
			ev.TextWas = ev.Text
		}
	}
	return found
}
