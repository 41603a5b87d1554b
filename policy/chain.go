package policy

import "time"

// DefaultCooldown is the default of Model.Cooldown.
const DefaultCooldown = 5 * time.Second

// Uses returns every use of the model's chain, in the order of the links.
func (m *Model) Uses() []Use {
	var all []Use
	for _, l := range m.Chain {
		all = append(all, l.Uses...)
	}
	return all
}

// Single returns the only use of the chain if it has exactly one: such a
// pool needs no upstream level, because nothing depends on Envoy's choice.
func (m *Model) Single() (Use, bool) {
	if len(m.Chain) == 1 && len(m.Chain[0].Uses) == 1 {
		return m.Chain[0].Uses[0], true
	}
	return Use{}, false
}

// InARow returns how many attempts in a row one backend gets before the next one's
// turn: retries + 1 if no link has several uses. If one has, a user goes
// through the chain use by use, and the uses of the widest link share its attempts, so
// that the other use of a link comes the sooner and the next link no later.
func (m *Model) InARow() int {
	widest := 1
	for _, l := range m.Chain {
		widest = max(widest, len(l.Uses))
	}
	return (m.Retries + widest) / widest // (retries + 1) / widest, rounded up
}

// Before returns how many attempts are made before the turn of a link, if all fail.
func (m *Model) Before(link int) int {
	uses := 0
	for _, l := range m.Chain[:link] {
		uses += len(l.Uses)
	}
	return uses * m.InARow()
}

// Attempts returns the most attempts that one exchange may cost: retries + 1 for each
// link, and at least one turn of each use.
func (m *Model) Attempts() int {
	return max(len(m.Chain)*(m.Retries+1), m.Before(len(m.Chain)))
}

// turnsToEject is how many turns of a backend must fail, one after the other, until it is
// ejected.
const turnsToEject = 3

// EjectedAfter returns how many failed attempts in a row eject a backend: several turns of
// it, and more than one exchange can make, even where all else is out and it has every turn.
func (m *Model) EjectedAfter() int { return max(turnsToEject*m.InARow(), m.Attempts()+1) }
