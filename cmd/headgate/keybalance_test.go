package main

import (
	"testing"

	"github.com/headgate/headgate/xds/key"
)

// TestWhatIsLeftToAKey holds how headgate key show says it.
func TestWhatIsLeftToAKey(t *testing.T) {
	r := newKeyRig(t)
	r.run("key", "create", "ci")
	show := func(left key.Balances, want string) {
		t.Helper()
		r.left = left
		r.prints("name     ci\nid       ID\nfor      callers\nstate    active\ncreated  TIME by ann\nexpires  never\n"+want, "key", "show", "ci")
	}
	show(key.Balances{}, "left     not known: no pair is linked to this control plane\n")
	show(key.Balances{Pairs: 1, Answered: 1}, "")
	show(key.Balances{Pairs: 3, Answered: 2, Troubles: []string{"pair-2: it is away"}, Limits: []key.Balance{
		{Pair: "pair-1", Owner: "tier", Name: "free", Unit: "requests", Max: 10, Left: 7, Reset: 18},
		{Owner: "tier", Name: "free", Unit: "tokens", Max: 10_000, Left: -5, Reset: 60.03},
		{Owner: "key", Name: "ci", Unit: "usd_per_day", Max: 100_000_000, Left: 99_000_000, Reset: 3600, Shadow: true},
		{Owner: "team", Name: "search", Unit: "usd_per_month", Max: 20_000_000_000, Left: 20_000_000_000},
	}}, `left     7 of 10 requests/min of tier free, at pair-1, all in 18s
left     -5 of 10000 tokens/min of tier free, all in 1m0s
left     0.099 of 0.1 USD/day of key ci, only counted, all in 1h0m0s
left     20 of 20 USD/month of team search
left     pair-2: it is away
left     not known of 1 of 3 pairs, which do not answer
`)
}
