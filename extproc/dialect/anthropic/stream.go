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
	broke    *canon.Fault
}

// Skim starts reading a Messages stream that passes.
func (Dialect) Skim(_ *exchange.Request, resp *exchange.Response, usage *canon.Usage) exchange.Skimmer {
	return &skimmer{resp: resp, usage: usage}
}

// SawEnd reports whether message_stop was seen.
func (s *skimmer) SawEnd() bool { return s.stop }

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
	text, err := scan.Texts(data, textNames)
	if err != nil && len(data) > 0 {
		return exchange.Broken
	}
	name := ev.Field("event")
	if string(name) == "content_block_delta" && text > 0 {
		s.resp.Note(text)
		return exchange.Shown
	}
	var f event
	_ = canon.Find(scan.Value(data).Fields(), eventNames, f[:])
	kind := string(f.kind(name))
	switch {
	case text > 0 && (kind == "content_block_delta" || kind == "content_block_start"):
		s.resp.Note(text)
	case f.says():
		s.resp.Said++
		s.resp.TextBytes += f.called()
	}
	return s.look(kind, &f, data)
}

// look takes from an event what it says beside its text.
func (s *skimmer) look(kind string, f *event, data []byte) exchange.Sight {
	switch kind {
	case "message_start":
		h := f.message()
		s.resp.ID, s.resp.Model = canon.Str(h[respID]), canon.Str(h[respModel])
		// The counts of input are final if nothing else comes, that of output is
		// only a start: so all is an estimate until the first message_delta.
		s.report(h[respUsage], canon.UsageEstimated)
	case "message_delta":
		s.report(f[evUsage], canon.UsageProvider)
		s.end(f[evDelta].Get("stop_reason"))
	case "message_stop":
		s.stop = true
		s.resp.Said++
		return exchange.Last
	case "error":
		s.resp.NoteFault(Dialect{}.DecodeFault(0, data))
	}
	return exchange.Shown
}

// end takes over why the answer ended.
func (s *skimmer) end(word scan.Value) {
	finish := finishOf(word)
	s.resp.NoteEnd(word, finish)
	if finish == canon.FinishError {
		s.broke = canon.BrokeOff(word)
	}
}

func (s *skimmer) report(v scan.Value, source canon.UsageSource) {
	s.reported.read(v)
	sum := s.reported.canon()
	s.usage.Replace(&sum, source)
}

// textNames end the names of the members of a delta that hold generated text.
var textNames = []string{`"text`, `"thinking`, `"partial_json`}
