package redis

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestPairsShareABudget holds that two pairs together serve what a budget allows, and that Redis,
// the rows and the provider agree on what that was.
func TestPairsShareABudget(t *testing.T) {
	t.Parallel()
	const budget = 20_000_000
	r := start(t, "{usd_per_day: 0.02}", "")
	served, asked := 0, 0
	for status := 0; status != 429; asked++ {
		a := r.ask(asked % 2)
		if status = a.Status; status == 200 {
			served++
		} else if status != 429 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	cost := r.cost(asked)
	if cost > budget || cost < budget/2 || served < 4 {
		t.Errorf("%d nano-USD of %d were spent by %d", cost, budget, served)
	}
	gatewaytest.Eventually(t, "Redis has what the rows say", func() bool { return r.used() == cost })
	if n := len(r.at.Settled()); n != served {
		t.Errorf("the provider has served %d, clients got %d", n, served)
	}
	for _, p := range r.Pairs {
		if n := p.Metric(`headgate_ledger_fallbacks_total{reason="lost",when_lost="local"}`); n != 0 {
			t.Errorf("%s: %v fallbacks", p.Node, n)
		}
	}
}

// TestRedisDies holds that pairs go on by themselves, say so, and that what they served meanwhile
// is in Redis once it is back.
func TestRedisDies(t *testing.T) {
	t.Parallel()
	r := start(t, "{usd_per_day: 100}", "")
	asked := 0
	ask := func(n int) {
		t.Helper()
		for range n {
			if a := r.ask(asked % 2); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			asked++
		}
	}
	ask(6)
	r.server.Kill()
	for i, p := range r.Pairs {
		gatewaytest.Eventually(t, "Redis is lost", func() bool {
			if a := r.ask(i); a.Status != 200 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			asked++
			return p.Metric("headgate_ledger_lost") == 1
		})
		if _, text := p.Readyz(); !strings.Contains(text, "Redis (REDIS_URL) is lost") {
			t.Errorf("readyz of %s says %s", p.Node, text)
		}
	}
	gatewaytest.Eventually(t, "the control plane says so", func() bool {
		return strings.Count(r.XDS[0].Status(), "Redis (REDIS_URL) is lost") == 2
	})
	ask(6)
	r.server.Run()
	for _, p := range r.Pairs {
		gatewaytest.Eventually(t, "Redis is back", func() bool {
			return p.Metric("headgate_ledger_lost") == 0 && p.Metric("headgate_ledger_owed") == 0
		})
	}
	gatewaytest.Eventually(t, "status has forgotten it", func() bool { return !strings.Contains(r.XDS[0].Status(), "REDIS_URL") })
	ask(4)
	cost := r.cost(asked)
	gatewaytest.Eventually(t, "Redis has what the rows say", func() bool { return r.used() == cost })
}

// TestRedisLostAndClosed holds that a policy may refuse what it cannot count, in the client's own
// words.
func TestRedisLostAndClosed(t *testing.T) {
	t.Parallel()
	r := start(t, "{usd_per_day: 100}", ", when_lost: closed")
	if a := r.ask(0); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	r.server.Kill()
	a := r.ask(0)
	if a.Status != 503 || !strings.Contains(a.Body, `"limits_unavailable"`) || a.Header.Get("retry-after") != "1" || a.Header.Get("x-headgate-refused-by") != "gateway" {
		t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
	}
	r.server.Run()
	gatewaytest.Eventually(t, "Redis is asked again", func() bool { return r.ask(0).Status == 200 })
}

// TestAnotherRedis holds that a policy may come to name another Redis while requests are served.
func TestAnotherRedis(t *testing.T) {
	t.Parallel()
	r := start(t, "{usd_per_day: 100}", "")
	if a := r.ask(0); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	gatewaytest.Eventually(t, "it is settled", func() bool { return r.used() > 0 })
	before := r.used()
	text := gatewaytest.PolicyFor(r.at, "") + "callers: {ann: {key: {env: ANN_KEY}, quota: {usd_per_day: 100}}}\nredis: {url: {env: REDIS_URL}, prefix: \"other:\"}\n"
	r.Write(text)
	gatewaytest.Eventually(t, "the other balances are used", func() bool {
		if a := r.ask(0); a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		return len(r.server.Client().Keys(t.Context(), "other:*").Val()) > 0
	})
	if r.used() < before {
		t.Error("what was used is gone")
	}
}
