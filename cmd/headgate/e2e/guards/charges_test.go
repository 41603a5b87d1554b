package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestADenialKeepsItsPlaceAndGivesTheRestBack holds what a request that a guard refuses takes of
// its caller's quota: a place among the requests, and neither tokens nor money.
func TestADenialKeepsItsPlaceAndGivesTheRestBack(t *testing.T) {
	t.Parallel()
	callers := ""
	var env []string
	for name, quota := range map[string]string{"RPM": "{rpm: 1}", "TPM": "{tpm: 700}", "USD": "{usd_per_day: 0.01}"} {
		callers += "  " + strings.ToLower(name) + ": {key: {env: " + name + "_KEY}, quota: " + quota + "}\n"
		env = append(env, name+"_KEY="+keyOf(name))
	}
	r := start(t, map[string]string{"guarded": `{input: [{words: {words: [hello]}}]}`}, "", "callers:\n"+callers, env...)
	for _, c := range []struct {
		caller string
		denied int // requests before
		status int // of one that no guard refuses
	}{
		{"RPM", 1, 429},
		{"TPM", 3, 200}, // of which one alone takes most of a minute's tokens
		{"USD", 3, 200}, // and so of a day's money
	} {
		t.Run(c.caller, func(t *testing.T) {
			r := r.with(t)
			ask := func(text string) gatewaytest.Answer {
				body := strings.Replace(gatewaytest.ChatBody("guarded-openai", text, false), "{", `{"max_tokens":600,`, 1)
				return r.Chat(body, "tokens=3", "authorization", "Bearer "+keyOf(c.caller))
			}
			for range c.denied {
				if a := ask("Hello!"); a.Status != 403 || !strings.Contains(a.Body, "word_found") {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
			if a := ask("Bye."); a.Status != c.status {
				t.Errorf("after denials: %d %s", a.Status, a.Body)
			}
		})
	}
}
