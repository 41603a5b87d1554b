package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// events decodes a backend's stream. With frames each event says where it stands, so
// that it can leave as it came. It implements exchange.Reader.
type events struct {
	decoder canon.StreamDecoder
	frames  bool
	skim    exchange.Skimmer // with frames: sees each too
	hide    bool             // what the skimmer keeps from the client is hidden
	split   scan.Splitter
	broken  bool // the splitter gave up
	out     []canon.Event
}

// Read implements exchange.Reader.
func (e *events) Read(piece []byte, last bool) ([]canon.Event, error) {
	return e.read(piece, last), nil
}

func (e *events) read(piece []byte, last bool) []canon.Event {
	e.out = e.out[:0]
	if e.broken {
		return nil // nobody will read it, so nothing of it is kept
	}
	e.split.Feed(piece)
	for {
		raw, err := e.split.Next()
		if err != nil {
			e.broken = true
			e.out = append(e.out, canon.Event{Kind: canon.EventFailed, Fault: canon.Malformed(err.Error())})
			return e.out
		}
		if raw == nil {
			break
		}
		e.take(raw, e.decoder.Next(raw))
	}
	if last {
		e.end()
	}
	return e.out
}

// end takes what the end of the stream's bytes means, with what no blank line has
// ended. Of a stream that came to its end nothing more is written than those bytes.
func (e *events) end() {
	rest := e.split.Rest()
	found := e.decoder.End(rest)
	if len(rest) > 0 {
		rest = append(rest[:len(rest):len(rest)], "\n\n"...)
	}
	e.take(rest, found)
}

// take adds the events of a frame.
func (e *events) take(raw scan.Event, found []canon.Event) {
	if !e.frames {
		e.out = append(e.out, found...)
		return
	}
	shown := len(raw) == 0 || e.skim.Frame(raw)
	if len(found) == 0 && len(raw) > 0 {
		found = []canon.Event{{Kind: canon.EventBlank}}
	}
	frame := &canon.Frame{Raw: raw, Events: len(found), Hidden: !shown && e.hide}
	for _, ev := range found {
		if ev.Kind == canon.EventFailed && (ev.Fault.Kind == canon.FaultCut || ev.Fault.Kind == canon.FaultMalformed) {
			e.out = append(e.out, ev) // the frame does not say so: the client must be told
			continue
		}
		ev.Frame = frame
		if start, ok := scan.Within(raw, ev.Text); ok {
			ev.TextAt = canon.Span{Start: start, End: start + len(ev.Text)}
		} else {
			ev.TextWas = ev.Text
		}
		e.out = append(e.out, ev)
	}
}
