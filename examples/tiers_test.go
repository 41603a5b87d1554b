package examples

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/ledger/redis/redistest"
)

// The keys of the three callers.
const (
	freeKey = "hg-free-0123456789"
	proKey  = "hg-pro-0123456789"
)

// startTiers starts the example; with a URL of Redis, with the line that names it.
func startTiers(t *testing.T, redis string) *gatewaytest.Gateway {
	t.Helper()
	text, err := os.ReadFile("tiers/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policy := listenLine.ReplaceAllString(string(text), "")
	if redis != "" {
		policy = strings.Replace(policy, "\n# redis:", "\nredis:", 1)
	}
	env := append([]string{"FREE_KEY=" + freeKey, "PRO_KEY=" + proKey, "ENTERPRISE_KEY=hg-enterprise-0123456789", "REDIS_URL=" + redis}, noKeys...)
	return gatewaytest.Start(t, policy, gatewaytest.Options{Env: env})
}

func askWith(t *testing.T, g *gatewaytest.Gateway, key string) (status int, left string, body string) {
	t.Helper()
	status, h, body := post(t, g.URL+"/v1/chat/completions", askAssistant, "authorization", "Bearer "+key)
	if status == 429 && (h.Get("retry-after") == "" || h.Get("x-headgate-refused-by") != "gateway") {
		t.Errorf("%v %s", h, body)
	}
	return status, h.Get("x-ratelimit-remaining-requests"), body
}

// exhaust asks until the free tier refuses.
func exhaust(t *testing.T, g *gatewaytest.Gateway) (served int) {
	t.Helper()
	for {
		switch status, _, body := askWith(t, g, freeKey); {
		case status == 429 && strings.Contains(body, "rate_limit_exceeded"):
			return served
		case status != 200 || served == 100:
			t.Fatalf("%d after %d: %s", status, served, body)
		}
		served++
	}
}

// TestTiers walks through the page of the tiers: one caller runs out, others do not notice, and
// who has no key gets nothing.
func TestTiers(t *testing.T) {
	g := startTiers(t, "")
	if served := exhaust(t, g); served < 10 {
		t.Errorf("%d were served, 10 may come at once", served)
	}
	if status, left, body := askWith(t, g, proKey); status != 200 || left != "99" {
		t.Errorf("pro: %d, %s left, %s", status, left, body)
	}
	if status, _, body := askWith(t, g, "hg-nobody-0123456789"); status != 401 || !strings.Contains(body, "invalid_api_key") {
		t.Errorf("nobody: %d %s", status, body)
	}
}

// TestTiersInRedis holds that with the line that names Redis two gateways share what is left, and
// that they go on when Redis dies.
func TestTiersInRedis(t *testing.T) {
	server := redistest.Start(t)
	one, other := startTiers(t, server.URL()), startTiers(t, server.URL())
	exhaust(t, one)
	switch status, left, body := askWith(t, other, freeKey); status {
	case 429:
	case 200: // some seconds later
		if n, err := strconv.Atoi(left); err != nil || n > 5 {
			t.Errorf("%s are left at the other gateway", left)
		}
	default:
		t.Errorf("%d %s", status, body)
	}
	server.Kill()
	gatewaytest.Eventually(t, "Redis is lost", func() bool {
		status, _, body := askWith(t, other, proKey)
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		return other.Metric("headgate_ledger_lost") == 1
	})
}
