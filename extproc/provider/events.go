package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// events decodes a backend's stream. With frames each event says where it was read, so
// that it can leave as it came.
type events struct {
	decoder canon.StreamDecoder
	frames  bool
	skim    exchange.Skimmer // with frames: sees each too
	mend    exchange.Mender  // with frames, may be nil
	hide    bool             // what the skimmer keeps from the client is hidden
	split   scan.Splitter
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
		e.last = last
	}
}

// next returns the events of the next frame of the piece that has any, and nil after
// the last. The events hold until the next call.
func (e *events) next() []canon.Event {
	for !e.broken {
		raw, err := e.split.Next()
		switch {
		case err != nil:
			e.broken = true
			return []canon.Event{{Kind: canon.EventFailed, Fault: canon.Malformed(err.Error())}}
		case raw == nil && e.torn != nil:
			e.broken = true
			return []canon.Event{{Kind: canon.EventFailed, Fault: e.torn}}
		case raw == nil && !e.last:
			return nil
		case raw == nil:
			e.last = false
			return e.end()
		}
		if e.mend != nil {
			raw = e.mend.Mend(raw)
		}
		if found := e.locate(raw, e.decoder.Next(raw)); len(found) > 0 {
			return found
		}
	}
	return nil
}

// end returns what the end of the stream's bytes means, with what no blank line has
// ended. Of a stream that came to its end nothing more is written than those bytes.
func (e *events) end() []canon.Event {
	rest := e.split.Rest()
	found := e.decoder.End(rest)
	if len(rest) > 0 {
		rest = append(rest[:len(rest):len(rest)], "\n\n"...)
	}
	return e.locate(rest, found)
}

// locate says where in a frame its events were read, if frames are asked for.
func (e *events) locate(raw scan.Event, found []canon.Event) []canon.Event {
	if !e.frames {
		return found
	}
	shown := len(raw) == 0 || e.skim.Frame(raw)
	if len(found) == 0 && len(raw) > 0 {
		found = []canon.Event{{Kind: canon.EventBlank}}
	}
	frame := &canon.Frame{Raw: raw, Events: len(found), Hidden: !shown && e.hide}
	for i := range found {
		ev := &found[i]
		if ev.Kind == canon.EventFailed && (ev.Fault.Kind == canon.FaultCut || ev.Fault.Kind == canon.FaultMalformed) {
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
