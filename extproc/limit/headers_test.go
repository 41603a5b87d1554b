package limit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestTheTightestLimitIsShown holds what answers and refusals say is left, in the words of each
// dialect.
func TestTheTightestLimitIsShown(t *testing.T) {
	const document = "tiers: {t: {rpm: 10, tpm: 6000}}\nteams: {a: {rpm: 4, tpm: 60000}, quiet: {rpm: 1, mode: shadow}}\n"
	for _, c := range []struct {
		dialect, team string
		asks          int
		want          map[string]string
	}{
		{"openai", "", 1, map[string]string{
			"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6s",
			"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5881", "x-ratelimit-reset-tokens": "1.19s"}},
		{"openai", "a", 5, map[string]string{
			"x-ratelimit-limit-requests": "4", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0s",
			"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5524", "x-ratelimit-reset-tokens": "4.76s"}},
		{"openai", "quiet", 2, map[string]string{
			"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "8", "x-ratelimit-reset-requests": "12s",
			"x-ratelimit-limit-tokens": "6000", "x-ratelimit-remaining-tokens": "5762", "x-ratelimit-reset-tokens": "2.38s"}},
		{"anthropic", "a", 1, map[string]string{
			"anthropic-ratelimit-requests-limit": "4", "anthropic-ratelimit-requests-remaining": "3", "anthropic-ratelimit-requests-reset": "2026-06-01T10:00:15Z",
			"anthropic-ratelimit-tokens-limit": "6000", "anthropic-ratelimit-tokens-remaining": "5881", "anthropic-ratelimit-tokens-reset": "2026-06-01T10:00:02Z"}},
	} {
		r := newRig(t, document)
		var a *asked
		for range c.asks {
			a = r.askIn(c.dialect, exchange.Caller{Name: "a", Tier: "t", Team: c.team}, "m", `,"max_tokens":100`)
		}
		headers := a.verdict.Headers
		if a.verdict.Action == exchange.Pass {
			a.Respond(200, "{}")
			headers = a.Exchange.Response.Out.Set
		}
		got := map[string]string{}
		for _, h := range headers {
			got[h.Name] = string(h.Value)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s, %s: %s", c.dialect, c.team, diff)
		}
	}
}
