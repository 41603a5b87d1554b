package limit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/ledger"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/policy"
)

// TestWhatIsLeftToACaller holds that every limit of a caller is listed, whichever model was asked
// for, and that looking takes nothing.
func TestWhatIsLeftToACaller(t *testing.T) {
	document := seed + "teams: {search: {usd_per_month: 20}}\n"
	r, set := newRig(t, document), parsed(t, document)
	who := exchange.Caller{Name: "ann", Tier: "free", Team: "search", Quota: exchange.Quota{RPM: 2, Shadow: true}}
	r.ask(who, "m", `,"max_tokens":1`).answered(400, 300, 1_000_000)
	want := []limit.Balance{
		{Owner: "tier", Name: "free", Unit: "requests", Max: 10, Left: 9, Reset: 6 * time.Second},
		{Owner: "tier", Name: "free", Unit: "tokens", Max: 10_000, Left: 9_300, Reset: 4200 * time.Millisecond},
		{Owner: "tier", Name: "free", Unit: "usd_per_day", Max: 100_000_000, Left: 99_000_000, Reset: 14 * time.Hour},
		{Owner: "team", Name: "search", Unit: "usd_per_month", Max: 20_000_000_000, Left: 19_999_000_000, Reset: 29*24*time.Hour + 14*time.Hour},
		{Owner: "key", Name: "ann", Unit: "requests", Max: 2, Left: 1, Reset: 30 * time.Second, Shadow: true},
	}
	for range 2 {
		got, err := r.kind.Balances(t.Context(), set, &who)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	for name, who := range map[string]exchange.Caller{"without limits": {Name: "a"}, "of an unknown tier": {Name: "a", Tier: "gone"}} {
		if got, err := r.kind.Balances(t.Context(), set, &who); len(got) != 0 || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := r.kind.Balances(t.Context(), parsed(t, ""), &exchange.Caller{Name: "a"}); len(got) != 0 || err != nil {
		t.Errorf("a policy that bounds nobody: %v, %v", got, err)
	}
}

func parsed(t *testing.T, document string) *policy.Set {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(base+document))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// lost is a store that cannot be asked.
type lost struct{ ledger.Store }

func (lost) Peek(context.Context, []ledger.Limit, []ledger.Balance) error {
	return errors.New("it is away")
}

// TestBalancesThatAreLost holds that it is said.
func TestBalancesThatAreLost(t *testing.T) {
	r := &rig{TB: t, now: begin, reg: prometheus.NewRegistry()}
	r.with(lost{}, seed)
	if got, err := r.kind.Balances(t.Context(), parsed(t, seed), &exchange.Caller{Name: "ann", Tier: "free"}); err == nil {
		t.Errorf("they are %v", got)
	}
}
