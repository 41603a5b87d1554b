package key

import "github.com/headgate/headgate/policy/pairpb"

// Balances are what is left of what a key may consume.
type Balances struct {
	Pairs    int       `json:"pairs"`    // that were asked: those that are linked to this control plane
	Answered int       `json:"answered"` // of them in time
	Shared   bool      `json:"shared"`   // all pairs hold to the same balances; else each holds to its own
	Troubles []string  `json:"troubles,omitempty"`
	Limits   []Balance `json:"limits,omitempty"`
}

// Balance is where a limit stands.
type Balance struct {
	Pair   string  `json:"pair,omitempty"` // at which; empty: all share it
	Owner  string  `json:"owner"`          // tier, team or key
	Name   string  `json:"name"`           // of the owner
	Unit   string  `json:"unit"`           // requests, tokens, usd_per_day or usd_per_month, whose amounts are in nano-USD
	Max    int64   `json:"max"`
	Left   int64   `json:"left"`          // negative: more was used
	Reset  float64 `json:"reset_seconds"` // until the limit is unused again
	Shadow bool    `json:"shadow,omitempty"`
}

// Add takes in what a pair says. Of pairs that share their balances one says all.
func (b *Balances) Add(pair string, m *pairpb.Balances) {
	b.Answered++
	if m.GetTrouble() != "" {
		b.Troubles = append(b.Troubles, pair+": "+m.GetTrouble())
		return
	}
	if m.GetShared() && b.Shared {
		return
	}
	if b.Shared = b.Shared || m.GetShared(); m.GetShared() {
		pair = ""
	}
	for _, one := range m.GetBalances() {
		b.Limits = append(b.Limits, Balance{
			Pair: pair, Owner: one.GetOwner(), Name: one.GetName(), Unit: one.GetUnit(), Max: one.GetMax(), Left: one.GetLeft(),
			Reset: float64(one.GetResetNanos()) / 1e9, Shadow: one.GetShadow(),
		})
	}
}
