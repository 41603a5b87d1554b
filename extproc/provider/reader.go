package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/provider/scan"
)

// reader follows a streamed response event by event, however its bytes arrive.
// Whole events pass at once. Only where the client must not see every event is
// an incomplete one held back until the rest of it is there.
type reader struct {
	follower exchange.Follower
	resp     *exchange.Response
	split    scan.Splitter
	hold     bool // an event may have to be left out
	blind    bool // gave up: an event was longer than the limit
	held     int  // bytes of the incomplete event that the client has not got
}

func (r *reader) start(d Dialect, ex *exchange.Exchange) {
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
	kept, dropped := r.events(c)
	rest := len(r.split.Rest())
	if r.hold && (dropped || before > 0 || rest > 0) {
		c.Replace = true
		r.held = rest
		if c.Last || r.blind {
			kept, r.held = append(kept, r.split.Rest()...), 0
		}
		c.Out = kept
	}
	if c.Last && rest > 0 {
		r.follower.Event(r.split.Rest())
	}
	r.resp.Ended = r.follower.Ended()
	r.resp.Seen = r.follower.Seen()
}

// events shows the follower each whole event. It returns those that the client
// gets, where an event may be held back at all.
func (r *reader) events(c *exchange.Chunk) (kept []byte, dropped bool) {
	for {
		ev, err := r.split.Next()
		if err != nil {
			r.blind = true
			return kept, dropped
		}
		if ev == nil {
			return kept, dropped
		}
		keep := r.follower.Event(ev)
		dropped = dropped || !keep
		if r.hold && keep {
			kept = append(kept, ev...)
		}
	}
}
