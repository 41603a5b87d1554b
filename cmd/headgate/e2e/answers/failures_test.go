package answers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

func TestProviderStatuses(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		sim         string
		status      int
		outcome, by string
		again       string // retry-after
		replaced    bool   // the gateway's own words
		tries       int
	}{
		{"status=400", 400, "client_error", "client", "", false, 1},
		{"status=401", 401, "provider_refused_key", "gateway", "", true, 1},
		{"status=402", 402, "provider_refused_key", "gateway", "", true, 1},
		{"status=403", 403, "provider_refused_key", "gateway", "", true, 1},
		{"status=404", 404, "client_error", "client", "", false, 1},
		{"status=408", 408, "provider_error", "provider", "", false, 3},
		{"status=409", 409, "client_error", "client", "", false, 1},
		{"status=413", 413, "client_error", "client", "", false, 1},
		{"status=422", 422, "client_error", "client", "", false, 1},
		{"status=429", 429, "provider_rate_limited", "provider", "", false, 1},
		{"status=429;retry-after=7", 429, "provider_rate_limited", "provider", "7", false, 1},
		{"quota", 429, "provider_rate_limited", "provider", "", false, 1},
	} {
		for _, claude := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s claude=%t", c.sim, claude), func(t *testing.T) {
				g, p := g.With(t), p.With(t)
				mark := fmt.Sprintf("fails %s %t", c.sim, claude)
				a := failing(g, mark, c.sim, claude, "")
				if a.Status != c.status || a.Header.Get("Retry-After") != c.again {
					t.Fatalf("status %d, retry-after %q: %s", a.Status, a.Header.Get("Retry-After"), a.Body)
				}
				row, all := g.Row(a.Exchange()), p.FindAll(mark, c.tries)
				if row.Outcome != c.outcome || row.By != c.by || row.Status != c.status || row.Attempts != c.tries || len(all) != c.tries || row.Tokens != nil {
					t.Errorf("%d attempts at the provider, row %+v", len(all), row)
				}
				if by := a.Header.Get(policy.RefusedByHeader); by != "provider" {
					t.Errorf("refused by %q", by)
				}
				if c.replaced != strings.Contains(a.Body, "gateway's credential") {
					t.Errorf("body %s", a.Body)
				}
			})
		}
	}
}

// failing asks for an answer that a directive makes the provider refuse.
func failing(g *gatewaytest.Gateway, mark, sim string, claude bool, model string) gatewaytest.Answer {
	if claude {
		if model == "" {
			model = "plain"
		}
		return g.Messages(gatewaytest.MessageBody(model+"-claude", mark, false), sim)
	}
	if model == "" {
		model = "plain"
	}
	return g.Chat(gatewaytest.ChatBody(model, mark, false), sim)
}

// TestProviderFailures has a gateway for each case: three failures in a row eject
// a backend.
func TestProviderFailures(t *testing.T) {
	t.Parallel()
	for _, claude := range []bool{false, true} {
		g, p := gatewaytest.Serve(t, severalOnces(9))
		for i, c := range []struct {
			sim    string
			status int
			kind   string // of the error; empty: the provider's own body passes
			claude string
		}{
			{"status=500", 500, "", ""},
			{"status=502", 502, "server_error", "api_error"},
			{"status=503", 503, "", ""},
			{"status=529", 529, "", ""},
			{"truncate", 502, "server_error", "api_error"},
			{"malformed=40", 502, "server_error", "api_error"},
			{"content-length=5", 502, "server_error", "api_error"},
			{"gzip;truncate", 502, "server_error", "api_error"},
		} {
			t.Run(fmt.Sprintf("%s claude=%t", c.sim, claude), func(t *testing.T) {
				t.Parallel()
				g, p := g.With(t), p.With(t)
				mark := "breaks " + c.sim
				a := failing(g, mark, c.sim, claude, fmt.Sprintf("once%d", i))
				if a.Status != c.status {
					t.Fatalf("status %d, want %d: %s", a.Status, c.status, a.Body)
				}
				kind := c.kind
				if claude {
					kind = c.claude
				}
				if kind != "" {
					gatewaytest.CheckRefusal(t, a, claude, kind, "")
				}
				if row := g.Row(a.Exchange()); row.Outcome != "provider_error" || row.By != "provider" || row.Status != c.status {
					t.Errorf("row %+v", row)
				}
				if a.Header.Get(policy.RefusedByHeader) != "provider" {
					t.Errorf("headers %v", a.Header)
				}
				_ = p.Find(mark)
			})
		}
	}
}

// severalOnces are n models of one attempt each, so that no case ejects the
// backend of another.
func severalOnces(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  once%d: {chain: [sim/plain], retries: 0}\n  once%d-claude: {chain: [claude/plain-claude], retries: 0}\n", i, i)
	}
	return b.String()
}
