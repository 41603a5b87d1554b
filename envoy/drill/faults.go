package drill

import (
	"time"

	"github.com/headgate/headgate/extproc/sim"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Faults are those of the suite, in its order, and those beside it.
func Faults(outage time.Duration) []Fault {
	return append(suite(outage), beside(outage)...)
}

func suite(outage time.Duration) []Fault {
	down := sim.Behaviour{Status: 503}
	return []Fault{
		{Name: "429-once", What: "429 with retry-after, once", script: once(sim.Behaviour{Status: 429, RetryAfter: "1"})},
		{Name: "429-always", What: "429 for ever", script: always(sim.Behaviour{Status: 429, RetryAfter: "1"})},
		{Name: "500-once", What: "500 once", script: once(sim.Behaviour{Status: 500})},
		{Name: "503-always", What: "503 for ever", script: always(down)},
		{Name: "reset", What: "reset before headers", script: always(sim.Behaviour{Reset: new(-1)})},
		{Name: "silence", What: "silence before headers", limit: afterSilence, script: always(sim.Behaviour{HangHeaders: true})},
		{Name: "late-token", What: "headers, then the first token after 20 s", script: always(sim.Behaviour{Silence: 20 * time.Second})},
		{Name: "cut", What: "cut after 40 tokens", script: afterTokens(40, cut)},
		{Name: "stall", What: "stall after 20 tokens", limit: afterSilence, script: afterTokens(20, func(at *int) sim.Behaviour { return sim.Behaviour{Hang: at} })},
		{Name: "malformed", What: "a malformed event", script: malformed},
		{Name: "no-done", What: "no [DONE], no message_stop", streams: true, script: always(sim.Behaviour{NoDone: true})},
		{Name: "context", What: "400 context_length_exceeded", refusal: RefusedContext, tooLong: true, script: always(sim.Behaviour{Reject: wire.RejectContext})},
		{Name: "filter", What: "400 of a content filter", refusal: RefusedFilter, final: true, script: always(sim.Behaviour{Reject: wire.RejectFilter})},
		{Name: "cut-prefill", What: "cut, and the fallback refuses a prefill", script: cutBeforePrefill},
		{Name: "outage", What: "primary down for " + round(outage).String() + ", 20 requests in turn", script: always(down), ask: throughOutage},
		{Name: "books", What: "model, usage and one row are the answering link's", books: true, script: always(down)},
	}
}

func beside(outage time.Duration) []Fault {
	return []Fault{
		{Name: "unreachable", What: "region unreachable: no SYN is answered", Beside: true, primary: unreachable},
		{Name: "dns", What: "the primary's name does not resolve", Beside: true, primary: unknown},
		{Name: "all-down", What: "503 of every link", Beside: true, refusal: RefusedDown, final: true,
			script: func(*chain) sim.Script { return sim.Script{{Do: sim.Behaviour{Status: 503}}} }},
		{Name: "lost-piece", What: "half of an event in its place", Beside: true, streams: true, script: lostPiece},
		{Name: "drip", What: "slow drip: 60 tokens in 10 s", Beside: true, script: drip},
		{Name: "recovery", What: "recovery after " + round(recoveryAfter(outage)).String(), Beside: true,
			script: always(sim.Behaviour{Status: 503}), ask: untilRecovered},
	}
}

func cut(at *int) sim.Behaviour { return sim.Behaviour{Cut: at} }

// malformed sends half of an event before the whole one, so that the stream is whole
// without it, or a JSON answer with a byte that no JSON has. A whole answer may be asked for
// as a stream.
func malformed(c *chain) sim.Script {
	return c.link(0, func(u use) sim.Behaviour {
		if u.streams {
			return sim.Behaviour{Stutter: new(u.prelude() + 20)}
		}
		return sim.Behaviour{Malformed: new(20)}
	})
}

// lostPiece sends half of an event in its place, so that no answer is whole.
func lostPiece(c *chain) sim.Script {
	return c.link(0, func(u use) sim.Behaviour { return sim.Behaviour{Malformed: new(u.prelude() + 20)} })
}

// cutBeforePrefill has the other links refuse to go on where the primary broke off.
func cutBeforePrefill(c *chain) sim.Script {
	all := afterTokens(40, cut)(c)
	for i := range c.links[1:] {
		all = append(all, c.link(i+1, func(use) sim.Behaviour { return sim.Behaviour{Reject: wire.RejectPrefill} })...)
	}
	return all
}

// drip sends an answer in small pieces.
func drip(c *chain) sim.Script {
	return c.link(0, func(u use) sim.Behaviour {
		if u.streams {
			return sim.Behaviour{TPS: textWords / 10., Drip: 32}
		}
		return sim.Behaviour{Drip: 16, Pause: 200 * time.Millisecond}
	})
}

// Names are the names of all faults.
func Names() (names []string) {
	for _, f := range Faults(DefaultOutage) {
		names = append(names, f.Name)
	}
	return names
}
