package callers

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// trusting is a policy that trusts a hop in a network.
func trusting(network string) string {
	return "trusted: {networks: [" + network + "], caller: X-Mesh-Caller, user: x-mesh-user, team: x-mesh-team, tier: x-mesh-tier}\n"
}

// meshed are what a hop says of a caller.
var meshed = []string{"x-mesh-caller", "app", "x-mesh-user", "ann", "x-mesh-team", "finance", "x-mesh-tier", "free"}

// TestATrustedHopSaysWhoAsks holds that the headers of a hop count which is connected from the
// network that the policy names, that a known key stands above them, and that no provider gets
// them.
func TestATrustedHopSaysWhoAsks(t *testing.T) {
	t.Parallel()
	r := start(t, trusting("127.0.0.1/32"))
	for name, c := range map[string]struct {
		headers []string
		want    who
	}{
		"its words":             {meshed, who{"app", "free", "ann", "finance", ""}},
		"the caller alone":      {[]string{"X-Mesh-Caller", "app", "x-headgate-user", "bob"}, who{"app", "", "bob", "", ""}},
		"beside a known key":    {append([]string{"authorization", "Bearer " + ciKey}, meshed...), who{"ci", "free", "build", "search", "nightly"}},
		"beside a placeholder":  {append([]string{"authorization", "Bearer sk-unused"}, meshed...), who{"app", "free", "ann", "finance", ""}},
		"beside others' words":  {append([]string{"x-forwarded-for", "192.0.2.7", "x-headgate-caller", "web"}, meshed...), who{"app", "free", "ann", "finance", ""}},
		"called as a key is":    {[]string{"x-mesh-caller", "ci"}, who{"ci", "", "", "", ""}},
		"and names of requests": {append([]string{"x-headgate-user", "bob", "x-headgate-team", "search"}, meshed...), who{"app", "free", "ann", "finance", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			a := r.With(t).Chat(gatewaytest.ChatBody("plain", name, false), "tokens=3", c.headers...)
			gatewaytest.MustOK(t, a)
			if got := whoOf(r.With(t).Row(a.Exchange())); got != c.want {
				t.Errorf("the row says %+v, want %+v", got, c.want)
			}
			for h := range r.provider.With(t).Find(name).Header {
				if strings.HasPrefix(strings.ToLower(h), "x-mesh-") {
					t.Errorf("the provider gets %s", h)
				}
			}
		})
	}
	for name, c := range map[string]struct {
		headers []string
		status  int
		reason  string
	}{
		"no caller":       {meshed[2:], 401, "invalid_api_key"},
		"callers joined":  {[]string{"x-mesh-caller", "web, app"}, 401, "invalid_api_key"},
		"an unknown tier": {[]string{"x-mesh-caller", "app", "x-mesh-tier", "enterprise"}, 403, "tier_not_defined"},
		"a revoked key":   {append([]string{"authorization", "Bearer hg_a1b2_revoked"}, meshed...), 401, "invalid_api_key"},
	} {
		a := r.Chat(gatewaytest.ChatBody("plain", "refused", false), "", c.headers...)
		if row := r.Row(a.Exchange()); a.Status != c.status || row.Reason != c.reason {
			t.Errorf("%s: status %d, reason %s, want %d, %s", name, a.Status, row.Reason, c.status, c.reason)
		}
	}
	for series, want := range map[string]float64{`caller="ci",outcome="ok"`: 1, `caller="(hop)",outcome="ok"`: 6, `caller="app",outcome="ok"`: 0} {
		if n := r.Metric("headgate_caller_requests_total{" + series + "}"); n != want {
			t.Errorf("%v exchanges of %s, want %v: a hop's words are no labels", n, series, want)
		}
	}
}

// TestTwoWordsOfAHopAreRefused holds so where one of them may be the hop's client's own.
func TestTwoWordsOfAHopAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, trusting("127.0.0.1/32")+"anonymous: true\n")
	for _, header := range []string{"X-Mesh-Caller", "X-Mesh-User", "X-Mesh-Tier"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+"/v1/chat/completions", strings.NewReader(gatewaytest.ChatBody("plain", "two words", false)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Mesh-Caller", "app")
		req.Header[header] = []string{"free", "app"}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != 401 {
			t.Errorf("%s: status %d", header, resp.StatusCode)
		}
	}
}

// TestNobodyElseIsBelieved holds that from another network the headers of a hop say nothing,
// whatever a request says of the way that it came.
func TestNobodyElseIsBelieved(t *testing.T) {
	t.Parallel()
	spoofs := [][]string{
		nil, {"x-forwarded-for", "10.1.2.3"}, {"x-forwarded-for", "10.1.2.3, 10.1.2.3", "forwarded", "for=10.1.2.3"},
		{"x-real-ip", "10.1.2.3", "x-envoy-external-address", "10.1.2.3", "source.address", "10.1.2.3:1", "true-client-ip", "10.1.2.3"},
	}
	strict, open := start(t, trusting("10.0.0.0/8")), start(t, trusting("10.0.0.0/8")+"anonymous: true\n")
	for _, spoof := range spoofs {
		headers := append(append([]string{}, spoof...), meshed...)
		a := strict.Chat(gatewaytest.ChatBody("plain", "spoofed", false), "", headers...)
		if row := strict.Row(a.Exchange()); a.Status != 401 || whoOf(row) != (who{}) {
			t.Errorf("%q: status %d, the row says %+v", spoof, a.Status, whoOf(row))
		}
		a = open.Chat(gatewaytest.ChatBody("plain", "anybody", false), "", headers...)
		if row := open.Row(a.Exchange()); a.Status != 200 || whoOf(row) != (who{}) {
			t.Errorf("anybody may ask, %q: status %d, the row says %+v", spoof, a.Status, whoOf(row))
		}
		for h := range open.provider.Find("anybody").Header {
			if strings.HasPrefix(strings.ToLower(h), "x-mesh-") {
				t.Errorf("the provider gets %s", h)
			}
		}
	}
}

// TestAHopsCallerSpendsTheQuotaOfNoKey holds so of the key of the same name, and that the hop's
// caller is held to its own.
func TestAHopsCallerSpendsTheQuotaOfNoKey(t *testing.T) {
	t.Parallel()
	r := start(t, trusting("127.0.0.0/8")+"features: {summaries: {rpm: 2}}\n")
	ask := func(headers ...string) int {
		return r.Chat(gatewaytest.ChatBody("plain", "spent", false), "", append([]string{"x-headgate-feature", "summaries"}, headers...)...).Status
	}
	web, key := []string{"x-mesh-caller", "web"}, []string{"x-headgate-key", webKey}
	var got []int
	for _, headers := range [][]string{web, web, web, key, key, key, {"x-mesh-caller", "other"}} {
		got = append(got, ask(headers...))
	}
	if want := []int{200, 200, 429, 200, 200, 429, 200}; !slices.Equal(got, want) {
		t.Errorf("the hop's thrice, the key's thrice, and another of the hop's: %v, want %v", got, want)
	}
}
