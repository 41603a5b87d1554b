package responses

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// skimmer reads a stream of a response. Of the deltas only the length of the text is taken:
// what says the same once more, whole, does not count.
type skimmer struct {
	resp  *exchange.Response
	usage *canon.Usage
	begun bool
	ended bool // the response is whole, or as whole as it gets
	broke *canon.Fault
}

// Skim starts reading a stream that passes.
func (Dialect) Skim(_ *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer {
	return &skimmer{resp: resp, usage: usage}
}

// SawEnd reports whether the end of a response was seen that did not fail.
func (s *skimmer) SawEnd() bool { return s.ended }

// Fault implements exchange.Skimmer.
func (s *skimmer) Fault() *canon.Fault { return s.broke }

// Frame reads one event; all that can be read are the client's.
func (s *skimmer) Frame(raw []byte) exchange.Sight {
	ev := scan.Event(raw)
	data := ev.Data()
	if data == nil {
		return exchange.Shown
	}
	data = bytes.TrimSpace(data)
	text, err := scan.Texts(data, deltaNames)
	if err != nil && len(data) > 0 {
		return exchange.Broken
	}
	name := ev.Field("event")
	if bytes.HasSuffix(name, deltaMark) && text > 0 {
		s.resp.Note(text)
		return exchange.Shown
	}
	var f event
	_ = canon.Find(scan.Value(data).Fields(), eventNames, f[:])
	kind := f.kind(name)
	if bytes.HasSuffix(kind, deltaMark) && text > 0 {
		s.resp.Note(text)
		return exchange.Shown
	}
	return s.look(kind, &f, data)
}

// look takes from an event what it says besides its text.
func (s *skimmer) look(kind []byte, f *event, data []byte) exchange.Sight {
	switch {
	case string(kind) == "error":
		s.resp.NoteFault(readFault(data))
	case begins(kind):
		if h := f.response(); !s.begun && h[respID] != nil {
			s.begun = true
			s.resp.ID, s.resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
		}
	case ends(kind):
		return s.end(f)
	case f.says(kind):
		s.resp.Said++
		if string(kind) == "response.output_item.added" {
			s.resp.TextBytes += int64(len(canon.Inside(f[evItem].Get("name"))))
		}
	}
	return exchange.Shown
}

// end takes over the usage, which the last event alone reports.
func (s *skimmer) end(f *event) exchange.Sight {
	h := f.response()
	if !s.begun {
		s.resp.ID, s.resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
	}
	sum := h.usage()
	s.usage.Replace(&sum, canon.UsageProvider)
	s.resp.Said++
	switch fault := h.fault(f[evResponse]); {
	case fault == nil:
	case fault.Unsaid:
		s.broke = fault
		return exchange.Shown
	default:
		s.resp.NoteFault(fault)
		return exchange.Shown
	}
	s.resp.NoteEnd(h.word(), h.finish(false))
	s.ended = true
	return exchange.Last
}

// says reports whether an event that brings no text says something of an answer all the
// same: a call, or an item or a piece of one that is whole.
func (f *event) says(kind []byte) bool {
	switch string(kind) {
	case "response.output_item.added":
		switch string(canon.Inside(f[evItem].Get("type"))) {
		case "message", "reasoning":
			return false
		}
		return true
	case "response.content_part.added", "response.reasoning_summary_part.added", "":
		return false
	}
	return true
}

// deltaMark ends the names of the events that bring a piece of a text. A response, which
// others hold, may have a member of any name in its metadata.
var deltaMark = []byte(".delta")

// deltaNames are the names of the members that hold generated text in a stream.
var deltaNames = []string{`"delta`}
