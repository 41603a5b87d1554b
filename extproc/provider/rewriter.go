package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/canon"
	"github.com/headgate/headgate/extproc/provider/scan"
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
	r.split.Feed(c.Data)
	for !r.broken {
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
	if c.Last && !r.broken {
		c.Out = r.events(c.Out, r.decoder.End(r.split.Rest()))
	}
}

// events writes what a backend's event says for the client and takes from it what
// the exchange must know.
func (r *rewriter) events(dst []byte, events []canon.Event) []byte {
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case canon.EventStart:
			r.resp.ID, r.resp.Model = canon.Str(ev.ID), canon.Str(ev.Model)
		case canon.EventText, canon.EventRefusal, canon.EventThinking, canon.EventToolArgs:
			r.resp.Seen += int64(len(canon.Inside(ev.Text)))
		case canon.EventUsage:
			r.used(ev.Usage)
		case canon.EventFailed:
			r.resp.Failed = ev.Fault.Kind != canon.FaultCut
		case canon.EventDone:
			r.resp.Ended = true
			if r.usage.Source == exchange.UsageEstimated && r.usage.TotalOutput() > 0 {
				r.usage.Source = exchange.UsageProvider
			}
		}
		dst = r.encoder.Append(dst, ev)
	}
	return dst
}

// used takes a usage over. Until output is counted it is an estimate: Anthropic
// reports the input with the stream's first event.
func (r *rewriter) used(u *canon.Usage) {
	source := exchange.UsageProvider
	if u.Seen&(canon.BucketOutput|canon.BucketReasoning) == 0 || r.resp.Seen == 0 && u.TotalOutput() <= 1 {
		source = exchange.UsageEstimated
	}
	takeUsage(r.usage, u, source)
}
