package anthropic

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// skimmer reads a Messages stream. Only the first and the last events are
// parsed; of the deltas between only the length of the text is taken.
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

// Ended tells whether message_stop was seen.
func (s *skimmer) Ended() bool { return s.stop }

// Seen returns the bytes of generated text, as written.
func (s *skimmer) Seen() int64 { return s.seen }

// Frame reads one event; all of them are the client's.
func (s *skimmer) Frame(raw []byte) bool {
	ev := scan.Event(raw)
	data := ev.Data()
	if data == nil {
		return true
	}
	kind := string(ev.Field("event"))
	if kind == "" {
		kind = str(scan.Value(data).Get("type"))
	}
	switch kind {
	case "content_block_delta":
		s.seen += scan.TextBytes(data, textNames)
	case "message_start":
		s.start(scan.Value(data).Get("message"))
	case "message_delta":
		s.report(scan.Value(data).Get("usage"), canon.UsageProvider)
	case "message_stop":
		s.stop = true
	case "error":
		s.resp.Failed = true
	}
	return true
}

// start reads message_start. Its input counts are final where nothing else comes,
// its output count is only a start value: so the usage is an estimate until the
// first message_delta.
func (s *skimmer) start(message scan.Value) {
	m := message.Fields()
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			s.resp.ID = str(m.Value())
		case "model":
			s.resp.Model = str(m.Value())
		case "usage":
			s.report(m.Value(), canon.UsageEstimated)
		}
	}
}

func (s *skimmer) report(v scan.Value, source canon.UsageSource) {
	s.reported.read(v)
	sum := s.reported.canon()
	s.usage.Replace(&sum, source)
}

// textNames end the names of the members of a delta that hold generated text.
var textNames = []string{`"text`, `"thinking`, `"partial_json`}
