package cache

import (
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestHitsTakeARequestAndNothingElse holds what an answer that is given again takes of its caller's
// quota: a place among the requests, and neither tokens nor money; and that a quota which is used
// up refuses it, too.
func TestHitsTakeARequestAndNothingElse(t *testing.T) {
	t.Parallel()
	r := start(t, "  again: {chain: [sim/plain], cache: {semantic: {threshold: 0.8}}}\n", "tiers: {small: {rpm: 4}}\n", map[string]string{
		"rpm": "quota: {rpm: 3}", "tpm": "quota: {tpm: 700}", "usd": "quota: {usd_per_day: 0.0004}", "tier": "tier: small",
	})
	ask := func(caller, text, sim string, bound int) gatewaytest.Answer {
		body := strings.Replace(gatewaytest.ChatBody("again", text, false), "{", `{"max_tokens":`+strconv.Itoa(bound)+`,`, 1)
		return r.Chat(body, sim, as(caller)...)
	}
	t.Run("requests", func(t *testing.T) {
		r := r.with(t)
		for i, want := range []string{"miss unknown", "hit", "semantic-hit"} {
			a := ask("rpm", []string{"Where is my order?", "Where is my order?", "Where is my order please?"}[i], "tokens=3", 9)
			wants(t, a, want)
			if left := a.Header.Get("x-ratelimit-remaining-requests"); left != strconv.Itoa(2-i) {
				t.Errorf("%s requests are left after %d", left, i+1)
			}
			r.used(t, a)
		}
		if a := ask("rpm", "Where is my order?", "", 9); a.Status != 429 || a.Header.Get("x-headgate-cache") != "" {
			t.Errorf("status %d %v", a.Status, a.Header)
		}
	})
	t.Run("requests of a tier", func(t *testing.T) {
		for range 4 {
			r.with(t).used(t, ask("tier", "Where is my order?", "tokens=3", 9))
		}
		if a := ask("tier", "Where is my order?", "", 9); a.Status != 429 {
			t.Errorf("status %d", a.Status)
		}
	})
	t.Run("tokens", func(t *testing.T) {
		r := r.with(t)
		r.stored(t, ask("tpm", "How much?", "tokens=3", 600)) // one alone claims most of a minute's tokens
		for range 5 {
			a := ask("tpm", "How much?", "", 600)
			wants(t, a, "hit")
			r.used(t, a) // its claim has been given back
		}
		wants(t, ask("tpm", "Where is my order?", "tokens=3", 600), "miss dissimilar")
	})
	t.Run("money", func(t *testing.T) {
		r := r.with(t)
		r.stored(t, ask("usd", "What does it cost?", "tokens=3", 30))
		left := r.left(t, "usd")
		for range 5 {
			a := ask("usd", "What does it cost?", "", 30)
			wants(t, a, "hit")
			r.used(t, a)
		}
		if now := r.left(t, "usd"); now != left {
			t.Errorf("%d nano-USD are left after hits, %d before", now, left)
		}
		r.stored(t, ask("usd", "Who can fly an aeroplane?", "tokens=44", 44))
		if a := ask("usd", "What does it cost?", "", 30); a.Status != 429 || !strings.Contains(a.Body, "insufficient_quota") {
			t.Errorf("a budget that is used up: %d %s", a.Status, a.Body)
		}
	})
}

// left is how many nano-USD are left to a caller, as the row of a list of models says.
func (r *rig) left(t *testing.T, caller string) int64 {
	t.Helper()
	a := r.Ask(gatewaytest.Request{Method: "GET", Path: "/v1/models", Header: map[string]string{"authorization": "Bearer " + keyOf(caller)}})
	row := r.Gateway.With(t).Row(a.Exchange())
	if row.LeftNano == nil {
		t.Fatalf("the row does not say what is left: %+v", row)
	}
	return *row.LeftNano
}
