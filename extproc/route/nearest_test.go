package route

import (
	"strconv"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/policy"
)

// TestNearestFirst holds where users begin in gateways of several regions: with the
// uses of their own, by their weights among each other, and with all if none is
// there or the model does not ask for it.
func TestNearestFirst(t *testing.T) {
	document := func(nearest string) string {
		return `{version: 1, unpriced: flag, backends: {
  us: {provider: openai-compatible, region: us, url: "http://127.0.0.1:1/v1"}, eu: {provider: openai-compatible, region: eu, url: "http://127.0.0.1:2/v1"}},
models: {m: {nearest: ` + nearest + `, chain: [[{use: us/a, weight: 80}, {use: eu/b, weight: 15}, {use: eu/c, weight: 5}], us/last]}}}`
	}
	for _, c := range []struct {
		name, nearest, region string
		min, max              map[string]int // of 1,000 users
	}{
		{"in us", "true", "us", map[string]int{"a": 1000}, nil},
		{"in eu", "true", "eu", map[string]int{"b": 650, "c": 150}, map[string]int{"a": 0}},
		{"elsewhere", "true", "asia", map[string]int{"a": 700, "b": 80, "c": 20}, nil},
		{"nowhere", "true", "", map[string]int{"a": 700, "b": 80, "c": 20}, nil},
		{"not asked for", "false", "eu", map[string]int{"a": 700, "b": 80, "c": 20}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := policy.Parse("policy.yaml", []byte(document(c.nearest)))
			if err != nil {
				t.Fatal(err)
			}
			m := set.Models["m"]
			s, got := newSplit(m, c.region, nil), map[string]int{}
			for i := range 1000 {
				order, err := strconv.Atoi(orderOf(s, &exchange.Exchange{Request: exchange.Request{User: "user-" + strconv.Itoa(i)}}))
				if err != nil {
					t.Fatal(err)
				}
				got[m.Chain[0].Uses[m.Begins(order, 0)].Model]++
			}
			for use, n := range c.min {
				if got[use] < n {
					t.Errorf("users %v, want at least %d at %s", got, n, use)
				}
			}
			for use, n := range c.max {
				if got[use] > n {
					t.Errorf("users %v, want at most %d at %s", got, n, use)
				}
			}
		})
	}
}
