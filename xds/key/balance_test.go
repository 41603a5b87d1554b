package key

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/pairpb"
)

// TestBalancesOfPairs holds that each pair's own are listed, and shared ones once.
func TestBalancesOfPairs(t *testing.T) {
	wire := func(left int64, shared bool) *pairpb.Balances {
		return &pairpb.Balances{Shared: shared, Balances: []*pairpb.Balance{{Owner: "tier", Name: "free", Unit: "requests", Max: 10, Left: left, ResetNanos: 1.5e9, Shadow: true}}}
	}
	one := func(pair string, left int64) Balance {
		return Balance{Pair: pair, Owner: "tier", Name: "free", Unit: "requests", Max: 10, Left: left, Reset: 1.5, Shadow: true}
	}
	for name, c := range map[string]struct {
		says []*pairpb.Balances
		want Balances
	}{
		"nobody":      {nil, Balances{}},
		"their own":   {[]*pairpb.Balances{wire(1, false), wire(2, false)}, Balances{Answered: 2, Limits: []Balance{one("a", 1), one("b", 2)}}},
		"shared":      {[]*pairpb.Balances{wire(1, true), wire(1, true)}, Balances{Answered: 2, Shared: true, Limits: []Balance{one("", 1)}}},
		"not known":   {[]*pairpb.Balances{{Trouble: "it is away"}, wire(2, true)}, Balances{Answered: 2, Shared: true, Troubles: []string{"a: it is away"}, Limits: []Balance{one("", 2)}}},
		"none of one": {[]*pairpb.Balances{{}, wire(2, false)}, Balances{Answered: 2, Limits: []Balance{one("b", 2)}}},
	} {
		var got Balances
		for i, m := range c.says {
			got.Add(string(rune('a'+i)), m)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
