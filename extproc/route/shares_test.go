package route

import (
	"strconv"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// balanced is a model of a policy with backends in two regions.
func balanced(t testing.TB, keys string) *policy.Model {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(`{version: 1, unpriced: flag, backends: {
  us: {provider: openai-compatible, region: us, url: "http://127.0.0.1:1/v1"}, eu: {provider: openai-compatible, region: eu, url: "http://127.0.0.1:2/v1"}},
models: {m: {`+keys+`chain: [[{use: us/a, weight: 50}, {use: eu/b, weight: 30}, {use: eu/c, weight: 20}], us/last]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return set.Models["m"]
}

// begins is where each of 20,000 users begins.
func begins(t testing.TB, s *split) []string {
	t.Helper()
	all := make([]string, callers)
	for i := range all {
		order, err := strconv.Atoi(orderOf(s, &exchange.Exchange{Request: exchange.Request{User: "user-" + strconv.Itoa(i)}}))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = s.model.Chain[0].Uses[s.model.Begins(order, 0)].Model
	}
	return all
}

// TestSharesOfWeights holds what part of the users begins with each use under shares, and that
// users move from the uses that lose alone, where none is elsewhere.
func TestSharesOfWeights(t *testing.T) {
	half := map[string]map[string]float64{"m": {"us/a": 0.5}}
	for name, c := range map[string]struct {
		keys, region string
		shares       map[string]map[string]float64
		want         map[string]float64
	}{
		"no shares":              {"balance: health, ", "", nil, map[string]float64{"a": 0.5, "b": 0.3, "c": 0.2}},
		"half of one":            {"balance: health, ", "", half, map[string]float64{"a": 1. / 3, "b": 0.4, "c": 0.8 / 3}},
		"of another model":       {"balance: health, ", "", map[string]map[string]float64{"n": {"us/a": 0.5}}, map[string]float64{"a": 0.5, "b": 0.3, "c": 0.2}},
		"not asked for":          {"", "", half, map[string]float64{"a": 0.5, "b": 0.3, "c": 0.2}},
		"nearest":                {"balance: health, nearest: true, ", "us", nil, map[string]float64{"a": 1}},
		"nearest, that loses":    {"balance: health, nearest: true, ", "us", half, map[string]float64{"a": 0.5, "b": 0.3, "c": 0.2}},
		"nearest, others lose":   {"balance: health, nearest: true, ", "eu", half, map[string]float64{"b": 0.6, "c": 0.4}},
		"nearest, of two":        {"balance: health, nearest: true, ", "eu", map[string]map[string]float64{"m": {"eu/b": 0.5}}, map[string]float64{"a": 0.3, "b": 0.3, "c": 0.4}},
		"nearest, all that lose": {"balance: health, nearest: true, ", "us", map[string]map[string]float64{"m": {"us/a": 0.1, "eu/b": 0.1}}, map[string]float64{"a": 0.1, "b": 0.9 * 3 / 23, "c": 0.9 * 20 / 23}},
	} {
		t.Run(name, func(t *testing.T) {
			shares := &Shares{}
			s := newSplit(balanced(t, c.keys), c.region, shares)
			before := begins(t, s)
			shares.Set(c.shares)
			got := map[string]float64{}
			for i, use := range begins(t, s) {
				got[use]++
				if c.region == "" && use != before[i] && c.shares["m"]["us/"+before[i]]+c.shares["m"]["eu/"+before[i]] == 0 {
					t.Fatalf("a user moves from %s, which loses nothing, to %s", before[i], use)
				}
			}
			for _, use := range []string{"a", "b", "c"} {
				if part := got[use] / callers; part < c.want[use]-0.02 || part > c.want[use]+0.02 {
					t.Errorf("%s has %v of the users, want %v", use, part, c.want[use])
				}
			}
			shares.Set(nil)
			for i, use := range begins(t, s) {
				if use != before[i] {
					t.Fatal("a user does not come back")
				}
			}
		})
	}
}
