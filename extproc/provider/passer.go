package provider

import (
	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/scan"
)

// passer passes a stream of the client's own dialect. Whole events pass at once. Of one
// that is not complete nothing passes before the rest of it is there: it may have to be left
// out or put right.
type passer struct {
	skim     exchange.Skimmer
	mend     exchange.Mender // nil: nothing has to be put right
	damage   damage
	usage    *canon.Usage
	split    scan.Splitter
	fault    *canon.Fault // that ends the stream; nil: it goes on
	blind    bool         // gave up: an event was longer than the limit
	changed  []byte       // memory of what the client gets of a piece in place of it
	heldBack int          // bytes of the incomplete event that the client has not got
}

// piece returns what the client gets of a piece, which holds until the next one. It must not be
// written to, and may be appended to only if its capacity is cut.
func (p *passer) piece(data []byte, last bool) []byte {
	if p.blind {
		return data
	}
	before := p.heldBack
	p.split.Feed(data)
	kept, changed := p.frames()
	if p.fault != nil {
		return kept
	}
	rest := p.split.Rest()
	if last && len(rest) > 0 {
		if rest = p.seen(rest); len(rest) > 0 {
			rest = append(rest[:len(rest):len(rest)], "\n\n"...) // what follows is an event of its own
		}
		changed = true
	}
	if !changed && before == 0 && len(rest) == 0 {
		return data
	}
	p.heldBack = len(rest)
	if last || p.blind {
		kept, p.heldBack = append(kept[:len(kept):len(kept)], rest...), 0
	}
	return kept
}

// frames shows the skimmer each whole event that is there and returns those that
// the client gets. They alias the splitter unless some were left out or put right.
func (p *passer) frames() (kept []byte, changed bool) {
	all := p.split.Rest()
	from, to := 0, 0
	kept = p.changed[:0]
	for p.fault == nil {
		ev, err := p.split.Next()
		p.blind = err != nil
		if ev == nil {
			break
		}
		if out := p.seen(ev); len(out) == 0 || &out[0] != &ev[0] {
			kept, changed = append(append(kept, all[from:to]...), out...), true
			from = to + len(ev)
		}
		to += len(ev)
	}
	if !changed {
		return all[:to:to], false
	}
	p.changed = append(kept, all[from:to]...)
	return p.changed, true
}

// seen returns what the client gets of an event: nothing, the event, or another one.
func (p *passer) seen(ev scan.Event) []byte {
	var sight exchange.Sight
	sight, p.fault = p.damage.look(p.skim, ev, p.usage)
	switch {
	case sight == exchange.Hidden || sight == exchange.Broken || p.fault != nil:
		return nil
	case p.mend != nil:
		return p.mend.Mend(ev)
	}
	return ev
}
