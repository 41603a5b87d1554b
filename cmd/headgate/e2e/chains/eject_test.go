package chains

import (
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// failing is a script in which these models answer 500, so often each; 0: always.
func failing(times int, models ...string) (rules []sim.Rule) {
	for _, m := range models {
		rules = append(rules, sim.Rule{Match: sim.Match{Model: m}, Times: times, Do: sim.Behaviour{Status: 500}})
	}
	return rules
}

// script makes the models of a provider fail from now on.
func script(t *testing.T, rig *gatewaytest.Chains, provider string, rules []sim.Rule) {
	t.Helper()
	if err := rig.At[provider].Script(rules...); err != nil {
		t.Fatal(err)
	}
}

// tried asks a model once and returns its status with the attempts.
func tried(rig *gatewaytest.Chains, model string) (status int, attempts string) {
	a := rig.Ask(gatewaytest.Ways[0].Request(model, "In service?"))
	return a.Status, gatewaytest.Tried(rig.Row(a.Exchange()))
}

// TestOneFailingRequestEjectsNobody holds that the retries of one request take its
// backends from no other one, in a chain and in a pool of one.
func TestOneFailingRequestEjectsNobody(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, "  chain: {chain: [a/once, c/once]}\n  lone: {chain: [a/lone]}\n", nil, gatewaytest.Options{})
	script(t, rig, "a", failing(3, "once", "lone"))
	script(t, rig, "c", failing(3, "once"))
	if status, got := tried(rig, "chain"); status != http.StatusServiceUnavailable || got != "a500 a500 a500 c500 c500 c500" {
		t.Errorf("status %d, tried %q", status, got)
	}
	if status, _ := tried(rig, "lone"); status != http.StatusInternalServerError {
		t.Errorf("status %d", status)
	}
	for range 5 {
		if status, got := tried(rig, "chain"); status != http.StatusOK || got != "a200" {
			t.Errorf("after one failing request: %d, tried %q, want a alone", status, got)
		}
		if status, _ := tried(rig, "lone"); status != http.StatusOK {
			t.Errorf("a pool of one after a failing request: %d", status)
		}
	}
}

// TestSeveralFailingExchangesEject holds that a backend that goes on failing is asked no
// more after three exchanges, and again after a while.
func TestSeveralFailingExchangesEject(t *testing.T) {
	t.Parallel()
	rig := gatewaytest.StartChains(t, "  m: {chain: [a/down, c/m], retries: 1}\n", nil, gatewaytest.Options{})
	script(t, rig, "a", failing(0, "down"))
	for i := range 3 {
		if status, got := tried(rig, "m"); status != http.StatusOK || got != "a500 a500 c200" {
			t.Errorf("exchange %d: status %d, tried %q", i, status, got)
		}
	}
	ejected := `{backend="a",reason="ejected"}`
	asks := func(want string) func() bool {
		return func() bool {
			status, got := tried(rig, "m")
			if status != http.StatusOK {
				t.Errorf("status %d, tried %q", status, got)
			}
			return got == want
		}
	}
	rig.Eventually("the ejection", asks("c200")) // the workers hear of it a moment later
	rig.Eventually("the ejection's count", func() bool { return strings.Contains(rig.Metrics(), "headgate_endpoints_out"+ejected+" 1\n") })
	rig.Eventually("the ejection in the status", func() bool {
		return strings.Contains(rig.Operator(t).Says(0, []string{"status"}, "pairs"), "down   ejected")
	})
	script(t, rig, "a", nil)
	rig.Eventually("the return", asks("a200"))
	rig.Eventually("the return's count", func() bool { return rig.Metric("headgate_endpoints_out"+ejected) == 0 })
	if n := rig.Metric("headgate_endpoints_taken_out_total" + ejected); n != 1 {
		t.Errorf("counted %v ejections", n)
	}
	for _, line := range []string{"Envoy has taken an endpoint out", "Envoy asks an endpoint again"} {
		if !strings.Contains(rig.Log(), line) {
			t.Errorf("%q is not in the log: %s", line, rig.Log())
		}
	}
}

// TestNobodyIsRefusedBecauseAllAreEjected holds that backends that have all failed for
// many exchanges are asked all the same, and that the first that answers again serves at
// once: in a chain, in a pool of one and among the backends that support a request.
func TestNobodyIsRefusedBecauseAllAreEjected(t *testing.T) {
	t.Parallel()
	const onlyOpenAI = `"logprobs":true,`
	for _, c := range []struct{ name, model, more, back string }{
		{"a chain, its first link is back", "{chain: [a/down, c/down], retries: 1}", "", "a"},
		{"a chain, its last link is back", "{chain: [a/down, c/down], retries: 1}", "", "c"},
		{"a pool of one", "{chain: [a/down], retries: 0}", "", "a"},
		{"the only backend that supports a request", "{chain: [c/m, a/down], retries: 0}", onlyOpenAI, "a"},
		{"one of two that support a request", "{chain: [a/down, c/m, b/down], retries: 0}", onlyOpenAI, "b"},
		{"a link of two uses", "{chain: [[{use: a/down}, {use: c/down}]], retries: 1}", "", "c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rig := gatewaytest.StartChains(t, "  m: "+c.model+"\n", nil, gatewaytest.Options{})
			for name := range rig.At {
				script(t, rig, name, failing(0, "down"))
			}
			for range 12 {
				a := rig.Ask(withMore(gatewaytest.Ways[0].Request("m", "Anybody?"), c.more))
				if row := rig.Row(a.Exchange()); a.Status == http.StatusOK || row.Attempts == 0 || row.Outcome == "no_healthy_backend" {
					t.Fatalf("status %d, record %+v", a.Status, row)
				}
			}
			script(t, rig, c.back, nil)
			for range 5 {
				a := rig.Ask(withMore(gatewaytest.Ways[0].Request("m", "Again?"), c.more))
				if got := a.Header.Get("x-headgate-backend"); a.Status != http.StatusOK || got != c.back {
					t.Errorf("%s answers again: status %d by %q: %s", c.back, a.Status, got, a.Body)
				}
			}
		})
	}
}

// withMore adds members to the body of a request.
func withMore(r gatewaytest.Request, members string) gatewaytest.Request {
	r.Body = strings.Replace(r.Body, "{", "{"+members, 1)
	return r
}
