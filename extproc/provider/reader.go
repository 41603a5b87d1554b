package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// reader follows a streamed response event by event, however its bytes arrive.
// Whole events pass at once. Only where the client must not see every event is
// an incomplete one held back until the rest of it is there.
type reader struct {
	dialect  Dialect
	follower exchange.Follower
	resp     *exchange.Response
	split    scan.Splitter
	hold     bool // an event may have to be left out
	blind    bool // gave up: an event was longer than the limit
	held     int  // bytes of the incomplete event that the client has not got
}

func (r *reader) start(d Dialect, ex *exchange.Exchange) {
	r.dialect = d
	r.follower = d.Follow(&ex.Request, &ex.Response, &ex.Usage)
	r.resp = &ex.Response
	r.hold = !ex.Request.WantUsage
}

func (r *reader) chunk(c *exchange.Chunk) {
	if r.follower == nil || r.blind {
		return
	}
	before := r.held
	r.split.Feed(c.Data)
	kept, dropped := r.events()
	rest := r.split.Rest()
	if c.Last && len(rest) > 0 && !r.follower.Event(rest) {
		rest, dropped = nil, true
	}
	if r.hold && (dropped || before > 0 || len(rest) > 0) {
		r.held = len(rest)
		if c.Last || r.blind {
			kept, r.held = append(kept[:len(kept):len(kept)], rest...), 0
		}
		c.Out, c.Replace = kept, true
	}
	if c.Last && len(rest) > 0 {
		c.Out, c.Replace = append(outOf(c), "\n\n"...), true // what follows is an event of its own
	}
	r.resp.Ended = r.follower.Ended()
	r.resp.Seen = r.follower.Seen()
	if c.Last && !r.resp.Ended && !r.resp.Failed {
		r.unfinished(c)
	}
}

// unfinished ends with an error a stream whose bytes ended well although its
// answer did not: nothing else would tell the client that it is not whole.
func (r *reader) unfinished(c *exchange.Chunk) {
	c.Out, c.Replace = r.dialect.Encoder(canon.Client{}).Abort(outOf(c), canon.Cut()), true
}

// outOf returns what the client gets of a chunk. It can be appended to.
func outOf(c *exchange.Chunk) []byte {
	if c.Replace {
		return c.Out[:len(c.Out):len(c.Out)]
	}
	return c.Data[:len(c.Data):len(c.Data)]
}

// events shows the follower each whole event that is there and returns those that
// the client gets. They alias the splitter unless some were left out.
func (r *reader) events() (kept []byte, dropped bool) {
	all := r.split.Rest()
	from, to := 0, 0
	for {
		ev, err := r.split.Next()
		r.blind = err != nil
		if ev == nil {
			break
		}
		if !r.follower.Event(ev) {
			kept, dropped = append(kept, all[from:to]...), true
			from = to + len(ev)
		}
		to += len(ev)
	}
	if !dropped {
		return all[:to:to], false
	}
	return append(kept, all[from:to]...), true
}
