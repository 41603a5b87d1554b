package route

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

// model has a link with these weights, in the order of the uses u0, u1, ..., and a
// fallback.
func model(t testing.TB, weights ...int) *policy.Model {
	t.Helper()
	var uses []string
	for i, w := range weights {
		uses = append(uses, fmt.Sprintf("{use: b/u%d, weight: %d}", i, w))
	}
	set, err := policy.Parse("policy.yaml", []byte(`{version: 1, unpriced: flag, backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}},
models: {m: {chain: [[`+strings.Join(uses, ", ")+`], b/last]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return set.Models["m"]
}

const callers = 20_000

// assigned is the use of each of the callers.
func assigned(t testing.TB, m *policy.Model) []string {
	t.Helper()
	s, out := newSplit(m, "", nil), make([]string, callers)
	for i := range out {
		ex := &exchange.Exchange{Request: exchange.Request{User: "user-" + strconv.Itoa(i)}}
		order, err := strconv.Atoi(orderOf(s, ex))
		if err != nil {
			t.Fatal(err)
		}
		out[i] = m.Chain[0].Uses[m.Begins(order, 0)].Model
	}
	return out
}

// TestSharesFollowWeights holds that each use gets its share of the callers. By chance
// alone one run in a million is further off than five deviations, and the callers here
// are the same in every run.
func TestSharesFollowWeights(t *testing.T) {
	for _, weights := range [][]int{{99, 1}, {90, 10}, {50, 50}, {60, 39, 1}, {60, 30, 10}, {30, 20, 50}} {
		t.Run(fmt.Sprint(weights), func(t *testing.T) {
			got := map[string]float64{}
			for _, use := range assigned(t, model(t, weights...)) {
				got[use]++
			}
			for i, w := range weights {
				share := float64(w) / 100
				off := got[fmt.Sprintf("u%d", i)] - share*callers
				t.Logf("weight %d: %.2f %% of the callers", w, 100*got[fmt.Sprintf("u%d", i)]/callers)
				if allowed := 5 * math.Sqrt(share*(1-share)*callers); math.Abs(off) > allowed {
					t.Errorf("use %d is off by %.0f users of %d, at most %.0f", i, off, callers, allowed)
				}
			}
		})
	}
}

// TestAGrowingUseTakesUsersAndMovesNoOthers holds that a step of a canary moves
// callers to the canary alone, whatever the other uses are.
func TestAGrowingUseTakesUsersAndMovesNoOthers(t *testing.T) {
	for name, steps := range map[string][][]int{
		"two uses":                    {{95, 5}, {80, 20}, {50, 50}},
		"two uses, one weight kept":   {{100, 5}, {100, 25}, {100, 100}},
		"three uses":                  {{57, 38, 5}, {48, 32, 20}, {30, 20, 50}},
		"three uses, the first grows": {{5, 57, 38}, {20, 48, 32}, {50, 30, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			canary := "u" + strconv.Itoa(len(steps[0])-1)
			if steps[2][0] > steps[0][0] {
				canary = "u0"
			}
			before := assigned(t, model(t, steps[0]...))
			for _, weights := range steps[1:] {
				after, moved := assigned(t, model(t, weights...)), 0
				for i := range after {
					if after[i] == before[i] {
						continue
					}
					moved++
					if after[i] != canary {
						t.Errorf("user %d moved from %s to %s", i, before[i], after[i])
					}
				}
				t.Logf("to %v: %d users moved", weights, moved)
				if moved == 0 {
					t.Errorf("to %v: no user moved", weights)
				}
				before = after
			}
		})
	}
}

// TestWhoIsOneUser holds what a user is known by, and that nothing of it leaves.
func TestWhoIsOneUser(t *testing.T) {
	by := func(who exchange.Caller, user string, headers ...string) *exchange.Exchange {
		ex := &exchange.Exchange{Caller: who, Request: exchange.Request{User: user}}
		for i := 0; i < len(headers); i += 2 {
			ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: headers[i], Value: []byte(headers[i+1])})
		}
		return ex
	}
	nobody, ci := exchange.Caller{}, exchange.Caller{Name: "ci"}
	many := make([]int, policy.MaxOrders)
	for i := range many {
		many[i] = 1
	}
	s := newSplit(model(t, many...), "", nil) // so many that two callers hardly share one
	for _, c := range []struct {
		name string
		a, b *exchange.Exchange
		same bool
	}{
		{"a user by header, whatever the body and the key", by(nobody, "x", "x-headgate-user", "ann", "authorization", "Bearer 1"), by(nobody, "", "x-headgate-user", "ann"), true},
		{"a user by body, as by header", by(nobody, "ann", "authorization", "Bearer 1"), by(nobody, "", "x-headgate-user", "ann"), true},
		{"two users", by(nobody, "ann"), by(nobody, "bob"), false},
		{"two users of one caller", by(ci, "ann"), by(ci, "bob"), false},
		{"one user, whoever asks", by(ci, "ann"), by(nobody, "ann"), true},
		{"a key's user, whoever the request names", by(exchange.Caller{User: "ann"}, "bob"), by(nobody, "ann"), true},
		{"a caller that names no user", by(ci, ""), by(ci, ""), true},
		{"two callers", by(ci, ""), by(exchange.Caller{Name: "web"}, ""), false},
		{"a caller, and a user of its name", by(ci, ""), by(nobody, "ci"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a, b := orderOf(s, c.a), orderOf(s, c.b); (a == b) != c.same {
				t.Errorf("orders %s and %s, want the same: %t", a, b, c.same)
			}
		})
	}
	seen := map[string]bool{}
	for range 200 {
		seen[orderOf(s, by(nobody, "", "authorization", "Bearer 1"))] = true
	}
	if len(seen) < 20 {
		t.Errorf("200 requests with one key and no user took %d orders", len(seen))
	}
}

// TestOnlyChainsWithWeightsAreSplit holds which exchanges carry an order.
func TestOnlyChainsWithWeightsAreSplit(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(`{version: 1, unpriced: flag, backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}},
models: {one: b/x, chain: {chain: [b/x, b/y]}, shared: {chain: [b/x, [{use: b/y, weight: 1}, {use: b/z, weight: 1}]]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for name := range set.Models {
		ex := exchangetest.Ask(t, "openai", `{"model":"`+name+`","user":"ann","messages":[]}`)
		if v := exchangetest.Join(t, newStage(set, "", nil), ex).Request(); v.Action != exchange.Pass {
			t.Fatalf("%s: %+v", name, v)
		}
		got[name] = ex.Request.Out.Set.Get(policy.SplitHeader) != nil
	}
	if d := cmp.Diff(map[string]bool{"one": false, "chain": false, "shared": true}, got); d != "" {
		t.Errorf("models whose exchanges carry an order (-want +got):\n%s", d)
	}
}

func BenchmarkOrder(b *testing.B) {
	s := newSplit(model(b, 95, 5), "", nil)
	ex := &exchange.Exchange{Request: exchange.Request{User: "user-1"}}
	b.ReportAllocs()
	for b.Loop() {
		s.first(ex)
	}
}

// orderOf is the value of policy.SplitHeader.
func orderOf(s *split, ex *exchange.Exchange) string { return strconv.Itoa(s.model.Order(s.first(ex))) }

// TestTheArmIsTheModelThatIsAskedFirst holds that an exchange knows the model that its order begins
// with.
func TestTheArmIsTheModelThatIsAskedFirst(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(`version: 1
backends: {a: {provider: simulated}, b: {provider: simulated}}
unpriced: flag
models:
  one: {chain: [a/x, b/y]}
  split: {chain: [[{use: a/x, weight: 1}, {use: b/y, weight: 1}], a/z]}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(set, "", nil)
	arms := map[string]int{}
	for i := range 200 {
		for _, model := range []string{"one", "split"} {
			ex := &exchange.Exchange{Model: model, Request: exchange.Request{Operation: exchange.Chat, User: strconv.Itoa(i)}}
			if _, err := s.Join(ex).Request(t.Context(), &ex.Request); err != nil {
				t.Fatal(err)
			}
			arms[model+" "+ex.Route.Arm]++
			if order := string(ex.Request.Out.Set.Get(policy.SplitHeader)); model == "split" && (order == "0") != (ex.Route.Arm == "x") {
				t.Errorf("order %s begins with %s", order, ex.Route.Arm)
			}
		}
	}
	if arms["one x"] != 200 || arms["split x"] < 50 || arms["split y"] < 50 || len(arms) != 3 {
		t.Errorf("arms %v", arms)
	}
}
