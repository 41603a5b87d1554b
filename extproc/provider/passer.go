package provider

import (
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// passer passes a stream of the client's own dialect. Whole events pass at once. Only
// if the client must not see every event is an incomplete one held back until the
// rest of it is there.
type passer struct {
	skim      exchange.Skimmer
	split     scan.Splitter
	holdsBack bool // an event may have to be left out
	blind     bool // gave up: an event was longer than the limit
	heldBack  int  // bytes of the incomplete event that the client has not got
}

// piece returns what the client gets of a piece. It must not be written to, and may
// be appended to only if its capacity is cut.
func (p *passer) piece(data []byte, last bool) []byte {
	if p.blind {
		return data
	}
	before := p.heldBack
	p.split.Feed(data)
	kept, dropped := p.frames()
	rest := p.split.Rest()
	if last && len(rest) > 0 && !p.skim.Frame(rest) {
		rest, dropped = nil, true
	}
	out := data
	if p.holdsBack && (dropped || before > 0 || len(rest) > 0) {
		p.heldBack = len(rest)
		if last || p.blind {
			kept, p.heldBack = append(kept[:len(kept):len(kept)], rest...), 0
		}
		out = kept
	}
	if last && len(rest) > 0 {
		out = append(out[:len(out):len(out)], "\n\n"...) // what follows is an event of its own
	}
	return out
}

// frames shows the skimmer each whole event that is there and returns those that
// the client gets. They alias the splitter unless some were left out.
func (p *passer) frames() (kept []byte, dropped bool) {
	all := p.split.Rest()
	from, to := 0, 0
	for {
		ev, err := p.split.Next()
		p.blind = err != nil
		if ev == nil {
			break
		}
		if !p.skim.Frame(ev) {
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
