package canon_test

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// charge reads what a usage object says of its cost.
func charge(usage string) canon.Charge {
	var c canon.Charges
	for m := scan.Value(usage).Fields(); m.Next(); {
		c.Read(string(m.Key()), m.Value())
	}
	return c.Charge()
}

// TestCharges holds what is read of a provider's own figure, in each form that is documented.
func TestCharges(t *testing.T) {
	said := func(nano int64) canon.Charge { return canon.Charge{Nano: nano, Said: true} }
	unfit := canon.Charge{Unfit: true}
	for usage, want := range map[string]canon.Charge{
		`{"prompt_tokens":3}`:       {},
		`{"cost":null}`:             {},
		`{"cost":""}`:               {},
		`{"cost":true}`:             {},
		`{"cost":{}}`:               {},
		`{"cost":0}`:                said(0),
		`{"cost":-0.0}`:             said(0),
		`{"cost":0.95}`:             said(950_000_000),
		`{"cost":1.4e-05}`:          said(14_000),
		`{"cost":1.4E-5}`:           said(14_000),
		`{"cost":"0.00014925"}`:     said(149_250),
		`{"cost":0.0000000005}`:     said(0),
		`{"cost":0.0000000015}`:     said(2),
		`{"cost":0.00000000250001}`: said(3),
		`{"cost":1e-400}`:           said(0),
		`{"cost":{"input_tokens_cost":0.1,"total_cost":0.006}}`:                       said(6_000_000),
		`{"cost":0.01,"cost_details":{"upstream_inference_cost":0.2},"is_byok":true}`: said(210_000_000),
		`{"cost":0.2,"cost_details":{"upstream_inference_cost":0.2},"is_byok":false}`: said(200_000_000),
		`{"cost":0,"cost_details":{"upstream_inference_cost":null},"is_byok":true}`:   said(0),
		`{"cost":0,"cost_details":{"upstream_inference_cost":-1},"is_byok":true}`:     unfit,
		`{"cost_in_usd_ticks":37756000}`:                                              said(3_775_600),
		`{"cost_in_usd_ticks":15}`:                                                    said(2),
		`{"cost_in_usd_ticks":25}`:                                                    said(2),
		`{"estimated_cost":0.0000268}`:                                                said(26_800),
		`{"estimated_cost":1,"cost":2}`:                                               said(2_000_000_000),
		`{"cost":10000}`:                                                              said(canon.MaxCharge),
		`{"cost":10000.000000001}`:                                                    unfit,
		`{"cost":1e300}`:                                                              unfit,
		`{"cost":1e99999999999}`:                                                      unfit,
		`{"cost":-0.5}`:                                                               unfit,
		`{"cost":"NaN"}`:                                                              unfit,
		`{"cost":"1,5"}`:                                                              unfit,
		`{"cost":"0x10"}`:                                                             unfit,
	} {
		if got := charge(usage); got != want {
			t.Errorf("%s: %+v, want %+v", usage, got, want)
		}
	}
}

// TestChargesAgainstBig holds the reading of amounts against rational numbers.
func TestChargesAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := strconv.FormatInt(r.Int64N(1<<(1+r.IntN(40))), 10)
		if r.IntN(2) == 0 {
			text += "." + strings.Repeat("0", r.IntN(4)) + strconv.FormatInt(r.Int64N(1_000_000), 10)
		}
		text += "e-" + strconv.Itoa(r.IntN(20))
		amount, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		nano := amount.Mul(amount, big.NewRat(1e9, 1))
		want := canon.Charge{Unfit: true}
		if n := halfEven(nano); n.IsInt64() && n.Int64() <= canon.MaxCharge {
			want = canon.Charge{Nano: n.Int64(), Said: true}
		}
		if got := charge(`{"cost":` + text + `}`); got != want {
			t.Fatalf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// halfEven rounds by the remainder of a division.
func halfEven(x *big.Rat) *big.Int {
	n, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	switch c := rest.Lsh(rest, 1).Cmp(x.Denom()); {
	case c > 0, c == 0 && n.Bit(0) == 1:
		n.Add(n, big.NewInt(1))
	}
	return n
}

// TestALaterSnapshotKeepsTheCharge holds that counts without a charge do not take it back.
func TestALaterSnapshotKeepsTheCharge(t *testing.T) {
	u := canon.Usage{Charge: canon.Charge{Nano: 5, Said: true}}
	u.Overwrite(&canon.Usage{Input: 3, Seen: canon.BucketInput})
	if u.Charge.Nano != 5 {
		t.Errorf("%+v", u.Charge)
	}
	u.Overwrite(&canon.Usage{Charge: canon.Charge{Nano: 7, Said: true}})
	if u.Charge.Nano != 7 {
		t.Errorf("%+v", u.Charge)
	}
}
