package chains

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/provider/circuit"
	"github.com/headgate/headgate/extproc/sim"
)

// limitCase is a first link that has reached a limit, as its first answer says.
type limitCase struct {
	name, primary, fallback string
	says                    sim.Behaviour
	wait                    time.Duration // for which it is left alone at least
	first                   string        // attempts of the exchange that finds out, as a pattern
}

var limitCases = []limitCase{
	{"a 429", "a", "b", sim.Behaviour{Status: 429, RetryAfter: "1"}, time.Second, "a429( a429){0,2} b200"},
	{"a 429 of the other dialect", "c", "b", sim.Behaviour{Status: 429, RetryAfter: "1"}, time.Second, "c429( c429){0,2} b200"},
	{"a 429 in milliseconds", "a", "c", sim.Behaviour{Status: 429, RetryAfterMS: new(700)}, 700 * time.Millisecond, "a429( a429){0,2} c200"},
	{"an overload that names no time", "c", "a", sim.Behaviour{Status: 529}, 5 * time.Second, "c529( c529){0,2} a200"},
	{"a limit in a 200 response", "a", "c", sim.Behaviour{Status: 429, Error: new(0), UsedUp: 1200 * time.Millisecond}, time.Second, "a200( a200){0,2} c200"},
	{"an overload in a 200 response", "c", "b", sim.Behaviour{Status: 529, Error: new(0)}, 5 * time.Second, "c200( c200){0,2} b200"},
	{"nothing left", "a", "b", sim.Behaviour{UsedUp: 1500 * time.Millisecond}, 1500 * time.Millisecond, "a200"},
	{"nothing left in the other dialect", "c", "b", sim.Behaviour{UsedUp: 2500 * time.Millisecond}, time.Second, "c200"},
}

// times is how often in a row a backend says so until it is left alone.
func (c *limitCase) times() int {
	if c.says.RetryAfter == "" && c.says.RetryAfterMS == nil && c.says.UsedUp == 0 {
		return circuit.Unnamed
	}
	return 1
}

// TestLimitedBackendsAreLeftAlone holds that a backend that has reached a limit is not
// asked for the time that it names, then by one request, and then again by all, whatever
// the policy becomes meanwhile. Another answers all the time.
func TestLimitedBackendsAreLeftAlone(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	var rules sim.Script
	for i, c := range limitCases {
		for n := range gatewaytest.Ways {
			own := fmt.Sprintf("limited-%d-%d", i, n)
			fmt.Fprintf(&models, "  %s: {chain: [%s/%[1]s, %[3]s/m]}\n", own, c.primary, c.fallback)
			rules = append(rules, sim.Rule{Match: sim.Match{Model: own}, Times: c.times(), Do: c.says})
		}
	}
	rig := gatewaytest.StartChains(t, models.String(), rules, gatewaytest.Options{})
	for i, c := range limitCases {
		for n, w := range gatewaytest.Ways {
			t.Run(c.name+" "+w.String(), func(t *testing.T) {
				t.Parallel()
				checkLeftAlone(t, rig.With(t), c, w, fmt.Sprintf("limited-%d-%d", i, n))
			})
		}
	}
}

func checkLeftAlone(t *testing.T, rig *gatewaytest.Chains, c limitCase, w gatewaytest.Way, model string) {
	ask := func() string {
		a := rig.Ask(w.Request(model, "Limited?"))
		w.Text(t, a)
		return gatewaytest.Tried(rig.Row(a.Exchange()))
	}
	for range c.times() {
		if got := ask(); !regexp.MustCompile("^" + c.first + "$").MatchString(got) {
			t.Errorf("first tried %q, want %q", got, c.first)
		}
	}
	back, other := c.primary+"200", c.fallback+"200"
	rig.Eventually("the return of the primary", func() bool {
		got := ask()
		if got != other && got != back {
			t.Errorf("tried %q while it is to be left alone", got)
		}
		return got == back
	})
	if got := ask(); got != back {
		t.Errorf("after its return tried %q", got)
	}
	saw := rig.ServedAs(c.primary, model)
	if len(saw) != c.times()+2 {
		t.Fatalf("the primary was asked %d times, want %d", len(saw), c.times()+2)
	}
	saw = saw[c.times()-1:]
	if left := saw[1].Time.Sub(saw[0].Time.Add(saw[0].Took)); left < c.wait-50*time.Millisecond {
		t.Errorf("the primary was left alone for %v, want %v", left, c.wait)
	}
}

// TestOneProbeFindsOutWhetherALimitIsOver holds that of many requests at once a single one
// asks a backend whose time is over, and is answered by another if it is not.
func TestOneProbeFindsOutWhetherALimitIsOver(t *testing.T) {
	t.Parallel()
	rules := sim.Script{
		{Match: sim.Match{Model: "probed"}, Times: 1, Do: sim.Behaviour{Status: 429, RetryAfter: "1"}},
		{Match: sim.Match{Model: "probed"}, Do: sim.Behaviour{Status: 429, RetryAfter: "50", TTFT: 100 * time.Millisecond}},
	}
	rig := gatewaytest.StartChains(t, "  m: {chain: [a/probed, b/m]}\n", rules, gatewaytest.Options{})
	rig.Ask(gatewaytest.Ways[0].Request("m", "Limited?"))
	rig.Eventually("the probe", func() bool {
		atOnce(16, func(i int) {
			a := rig.Ask(gatewaytest.Ways[i%4].Request("m", "Over?"))
			if a.Status != http.StatusOK || a.Header.Get("x-headgate-backend") != "b" {
				t.Errorf("status %d by %q", a.Status, a.Header.Get("x-headgate-backend"))
			}
		})
		return len(rig.ServedAs("a", "probed")) > 1
	})
	if n := len(rig.ServedAs("a", "probed")); n != 2 {
		t.Errorf("the backend was asked %d times, want once and one probe", n)
	}
}

func atOnce(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// TestStormsOfLimitsDoNotMultiply holds that a request to a chain of which every link has
// reached a limit costs each of them one attempt at most, and one in all as soon as that is
// known; and that the client gets the time until the first of them is back.
func TestStormsOfLimitsDoNotMultiply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		after      string // retry-after of the first refusal
		more       int    // attempts beyond one for each exchange
	}{
		{"that name a time", "+retry-after=40", "40", 5},
		{"that soon are over", "+quota", "", 20}, // as other headers say
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var models string
			for _, name := range []string{"turn", "many"} {
				models += fmt.Sprintf("  %s: {chain: [a/%[1]s+status=429%[2]s, b/%[1]s+status=429%[2]s, c/%[1]s+status=429%[2]s]}\n", name, c.says)
			}
			rig := gatewaytest.StartChains(t, models, nil, gatewaytest.Options{})
			first := askLimited(t, rig, "turn", 0)
			if got := first.Header.Get("retry-after"); got != c.after {
				t.Errorf("retry-after %q, want %q", got, c.after)
			}
			for i := range 49 {
				askLimited(t, rig, "turn", i)
			}
			if n := asked(rig, "turn"); n > 50+c.more {
				t.Errorf("50 in turn made %d attempts", n)
			}
			atOnce(20, func(i int) { askLimited(t, rig, "many", i) })
			if n := asked(rig, "many"); n > 20*3+c.more {
				t.Errorf("20 at once made %d attempts", n)
			}
		})
	}
}

// TestWithoutACooldownNothingIsLeftOut holds that the key turns it off: each request asks its
// first link again, or has it last as Envoy does.
func TestWithoutACooldownNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	rules := sim.Script{{Match: sim.Match{Model: "empty"}, Do: sim.Behaviour{UsedUp: 50 * time.Second}}}
	rig := gatewaytest.StartChains(t, "  m: {chain: [a/empty, b/m], cooldown: 0s}\n", rules, gatewaytest.Options{})
	for _, w := range gatewaytest.Ways {
		a := rig.Ask(w.Request("m", "Anything left?"))
		if got := gatewaytest.Tried(rig.Row(a.Exchange())); got != "a200" {
			t.Errorf("%s: tried %q", w, got)
		}
	}
}

// TestARequestThatFewSupportMakesNoMoreAttemptsThanTheirChain holds that links which are left
// out of a request give their attempts to no other, whether it is for a field or a limit.
func TestARequestThatFewSupportMakesNoMoreAttemptsThanTheirChain(t *testing.T) {
	t.Parallel()
	rules := sim.Script{{Match: sim.Match{Model: "full"}, Do: sim.Behaviour{Status: 429, RetryAfter: "50"}}}
	models := "  field: {chain: [c/m, a/m+status=500, b/m+status=500], retries: 0}\n" +
		"  limit: {chain: [a/full, b/m+status=503, c/m+status=503], retries: 1}\n"
	rig := gatewaytest.StartChains(t, models, rules, gatewaytest.Options{})
	tried := func(model, more string) string {
		a := rig.Ask(withMore(gatewaytest.Ways[0].Request(model, "How often?"), more))
		row := rig.Row(a.Exchange())
		if a.Status != http.StatusServiceUnavailable || row.Attempts != len(row.Tried) {
			t.Errorf("%s: status %d, %d attempts, tried %q", model, a.Status, row.Attempts, gatewaytest.Tried(row))
		}
		return gatewaytest.Tried(row)
	}
	if got := tried("field", `"logprobs":true,`); got != "a500 b500" {
		t.Errorf("tried %q", got)
	}
	tried("limit", "") // finds out
	if got := tried("limit", ""); got != "b503 b503 c503 c503" {
		t.Errorf("tried %q", got)
	}
}

func askLimited(t *testing.T, rig *gatewaytest.Chains, model string, i int) gatewaytest.Answer {
	w := gatewaytest.Ways[i%4]
	a := rig.Ask(w.Request(model, "Anybody?"))
	row := rig.Row(a.Exchange())
	if a.Status != http.StatusTooManyRequests || row.Outcome != "provider_rate_limited" {
		t.Errorf("%s: status %d, outcome %s: %s", w, a.Status, row.Outcome, a.Body)
	}
	return a
}

// asked counts what reached the providers for a model.
func asked(rig *gatewaytest.Chains, model string) (n int) {
	for name := range rig.At {
		n += len(rig.ServedAs(name, model))
	}
	return n
}

// TestAPolicyChangeForgetsNoLimit holds that a limit is known under the next policy, too,
// and that operators see it.
func TestAPolicyChangeForgetsNoLimit(t *testing.T) {
	t.Parallel()
	rules := sim.Script{{Match: sim.Match{Model: "kept"}, Do: sim.Behaviour{Status: 429, RetryAfter: "50"}}}
	rig := gatewaytest.StartChains(t, "  m: {chain: [a/kept, b/m]}\n", rules, gatewaytest.Options{})
	before := rig.Meets()
	text, err := os.ReadFile(rig.Policy)
	if err != nil {
		t.Fatal(err)
	}
	rig.Write(strings.Replace(string(text), "chain: [a/kept, b/m]", "retries: 1, chain: [a/kept, c/m]", 1))
	rig.Eventually("the next policy", func() bool { r := rig.Meets(); return r != "" && r != before })
	if n := len(rig.ServedAs("a", "kept")); n != 1 {
		t.Errorf("the limited backend was asked %d times, want once", n)
	}
	if opened, open := rig.Metric(`headgate_circuits_opened_total{backend="a",reason="limited"}`), rig.Metric(`headgate_circuits_open{backend="a"}`); opened != 1 || open != 1 {
		t.Errorf("counted %v openings, %v open", opened, open)
	}
	rig.Eventually("the limit in the status", func() bool {
		return strings.Contains(rig.Operator(t).Says(0, []string{"status"}, "pairs"), "kept   limited")
	})
	if log := rig.Log(); !strings.Contains(log, "a backend is left alone: its limit is reached") {
		t.Errorf("not in the log: %s", log)
	}
}
