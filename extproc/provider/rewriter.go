package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// rewriter turns a backend's stream into the client's dialect, event by event: an
// event that is whole leaves with the chunk that completes it.
type rewriter struct {
	decoder canon.StreamDecoder
	encoder canon.StreamEncoder
	resp    *exchange.Response
	usage   *exchange.Usage
	split   scan.Splitter
	broken  bool // the splitter gave up
}

func newRewriter(from, to Dialect, c canon.Client, ex *exchange.Exchange) *rewriter {
	return &rewriter{decoder: from.Decoder(), encoder: to.Encoder(c), resp: &ex.Response, usage: &ex.Usage}
}

func (r *rewriter) chunk(c *exchange.Chunk) {
	c.Out, c.Replace = nil, true
	if r.broken {
		return // nobody will read it, so nothing of it is kept
	}
	r.split.Feed(c.Data)
	for {
		ev, err := r.split.Next()
		if err != nil {
			r.broken = true
			c.Out = r.encoder.Abort(c.Out, canon.Malformed(err.Error()))
			r.resp.Failed = true
			return
		}
		if ev == nil {
			break
		}
		c.Out = r.events(c.Out, r.decoder.Next(ev))
	}
	if c.Last {
		c.Out = r.events(c.Out, r.decoder.End(r.split.Rest()))
	}
}

// events writes what a backend's event says for the client and takes from it what
// the exchange must know. A usage counts as the provider's once the stream has
// come to its end: the first events of some report what is not final.
func (r *rewriter) events(dst []byte, events []canon.Event) []byte {
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case canon.EventStart:
			r.resp.ID, r.resp.Model = canon.Str(ev.ID), canon.Str(ev.Model)
		case canon.EventText, canon.EventRefusal, canon.EventThinking, canon.EventToolArgs:
			r.resp.Seen += int64(len(canon.Inside(ev.Text)))
		case canon.EventUsage:
			ev.Usage.Into(r.usage, exchange.UsageEstimated)
		case canon.EventFailed:
			r.resp.Failed = ev.Fault.Kind != canon.FaultCut
		case canon.EventDone:
			r.resp.Ended = !r.encoder.Ended()
			if r.usage.Source != "" {
				r.usage.Source = exchange.UsageProvider
			}
		}
		dst = r.encoder.Append(dst, ev)
		if r.encoder.Ended() && ev.Kind != canon.EventDone && ev.Kind != canon.EventFailed {
			r.resp.Failed = true // the encoder gave up: the client got an error
		}
	}
	return dst
}
