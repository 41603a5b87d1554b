package anthropic

import (
	"bytes"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// skimmer reads a Messages stream. Of the deltas only the length of the text is
// taken.
type skimmer struct {
	resp     *exchange.Response
	usage    *canon.Usage
	reported usage
	stop     bool // message_stop
	seen     int64
}

// Skim starts reading a Messages stream that passes.
func (Dialect) Skim(_ *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer {
	return &skimmer{resp: resp, usage: usage}
}

// SawEnd reports whether message_stop was seen.
func (s *skimmer) SawEnd() bool { return s.stop }

// TextBytes returns the bytes of generated text, as written.
func (s *skimmer) TextBytes() int64 { return s.seen }

// Frame reads one event; all of them are the client's.
func (s *skimmer) Frame(raw []byte) bool {
	ev := scan.Event(raw)
	data := ev.Data()
	if data == nil {
		return true
	}
	data = bytes.TrimSpace(data)
	name := ev.Field("event")
	if string(name) == "content_block_delta" {
		s.seen += scan.TextBytes(data, textNames)
		return true
	}
	var f event
	_ = canon.Find(scan.Value(data).Fields(), eventNames, f[:]) // what cannot be read passes
	switch string(f.kind(name)) {
	case "content_block_delta":
		s.seen += scan.TextBytes(data, textNames)
	case "message_start":
		h := f.message()
		s.resp.ID, s.resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
		// The counts of input are final if nothing else comes, that of output is
		// only a start: so all is an estimate until the first message_delta.
		s.report(h[respUsage], canon.UsageEstimated)
	case "message_delta":
		s.report(f[evUsage], canon.UsageProvider)
	case "message_stop":
		s.stop = true
	case "error":
		s.resp.Failed = true
	}
	return true
}

func (s *skimmer) report(v scan.Value, source canon.UsageSource) {
	s.reported.read(v)
	sum := s.reported.canon()
	s.usage.Replace(&sum, source)
}

// textNames end the names of the members of a delta that hold generated text.
var textNames = []string{`"text`, `"thinking`, `"partial_json`}
