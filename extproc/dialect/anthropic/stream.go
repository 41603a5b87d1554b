package anthropic

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// follower reads a Messages stream. Only the first and the last events are
// parsed; of the deltas between only the length of the text is taken.
type follower struct {
	resp     *exchange.Response
	usage    *exchange.Usage
	reported usage
	stop     bool // message_stop
	seen     int64
}

// Follow starts reading a Messages stream.
func (Dialect) Follow(_ *exchange.Request, resp *exchange.Response, usage *exchange.Usage) exchange.Follower {
	return &follower{resp: resp, usage: usage}
}

// Ended tells whether message_stop was seen.
func (f *follower) Ended() bool { return f.stop }

// Seen returns the bytes of generated text, as written.
func (f *follower) Seen() int64 { return f.seen }

// Event reads one event; all of them are the client's.
func (f *follower) Event(raw []byte) bool {
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
		f.seen += scan.TextBytes(data, textNames)
	case "message_start":
		f.start(scan.Value(data).Get("message"))
	case "message_delta":
		f.report(scan.Value(data).Get("usage"), exchange.UsageProvider)
	case "message_stop":
		f.stop = true
	case "error":
		f.resp.Failed = true
	}
	return true
}

// start reads message_start. Its input counts are final where nothing else comes,
// its output count is only a start value: so the usage is an estimate until the
// first message_delta.
func (f *follower) start(message scan.Value) {
	m := message.Fields()
	for m.Next() {
		switch string(m.Key()) {
		case "id":
			f.resp.ID = str(m.Value())
		case "model":
			f.resp.Model = str(m.Value())
		case "usage":
			f.report(m.Value(), exchange.UsageEstimated)
		}
	}
}

func (f *follower) report(v scan.Value, source exchange.UsageSource) {
	f.reported.read(v)
	sum := f.reported.canon()
	sum.Into(f.usage, source)
}

// textNames end the names of the members of a delta that hold generated text.
var textNames = []string{`"text`, `"thinking`, `"partial_json`}
