package drill

import (
	"context"
	"time"

	"github.com/headgate/headgate/extproc/sim"
)

// How soon a whole answer must be there.
const (
	inTime       = 15 * time.Second
	afterSilence = 45 * time.Second // where a provider says nothing at all
)

// Fault is something that a provider does to the chain's primary, which is its first link,
// unless it says otherwise.
type Fault struct {
	Name   string // as a flag has it
	What   string // in words
	Beside bool   // is not one of the suite's sixteen

	streams bool          // only a stream can show it
	limit   time.Duration // for a whole answer; 0: inTime
	refusal Refusal       // that is right if no link can answer
	final   bool          // the refusal is right, and a whole answer is not
	tooLong bool          // the refusal is right only if no other link may take longer prompts
	books   bool          // the record is judged, too
	primary place         // where the primary is
	script  func(*chain) sim.Script
	ask     func(context.Context, *play) // nil: once
}

// place is where a backend is.
type place int

const (
	simulated   place = iota // at the simulated provider
	unreachable              // at an address that answers no SYN
	unknown                  // at a name that nobody has
)

// want is what the fault leaves possible for a chain of so many links, of which one
// after the first may take longer prompts.
func (f *Fault) want(links int, longer bool) Want {
	w := Want{Limit: inTime, Whole: !f.final, Links: links, Refusal: f.refusal}
	if f.limit > 0 {
		w.Limit = f.limit
	}
	if f.tooLong && longer {
		w.Refusal = ""
	}
	return w
}

// ways are those in which the fault can be asked for, of those that are wanted.
func (f *Fault) ways(wanted []Way) (out []Way) {
	for _, w := range wanted {
		if w.Stream || !f.streams {
			out = append(out, w)
		}
	}
	return out
}

// always has every attempt at the primary meet a fault.
func always(do sim.Behaviour) func(*chain) sim.Script {
	return func(c *chain) sim.Script { return c.link(0, func(use) sim.Behaviour { return do }) }
}

// once has the first attempt meet a fault, and no other.
func once(do sim.Behaviour) func(*chain) sim.Script {
	return func(*chain) sim.Script { return sim.Script{{Times: 1, Do: do}} }
}

// afterTokens has every attempt at the primary meet a fault behind so many tokens of a
// stream, or as many bytes of a JSON answer.
func afterTokens(tokens int, do func(at *int) sim.Behaviour) func(*chain) sim.Script {
	return func(c *chain) sim.Script {
		return c.link(0, func(u use) sim.Behaviour { return do(new(u.prelude() + tokens)) })
	}
}
