package limits

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestEveryAnswerSaysWhatIsLeft holds so of answers, streams, folded streams, errors, refusals
// and lists, in the words of the client's dialect; nothing that the provider says of its own
// limits stands beside it.
func TestEveryAnswerSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := start(t, "  folded: {chain: [sim/plain], ask: stream}\n  chain: {chain: [sim/plain, claude/plain-claude]}\n", "",
		map[string]string{"ann": "{rpm: 1000000, tpm: 100000000}", "bob": "{rpm: 1}", "free": "{}"})
	for name, c := range map[string]struct {
		ask    func(model, caller string) gatewaytest.Answer
		caller string
		model  string
		status int
		limit  string // of requests
	}{
		"an answer":     {r.json, "ann", "plain", 200, "1000000"},
		"a stream":      {r.stream, "ann", "plain", 200, "1000000"},
		"translated":    {r.json, "ann", "plain-claude", 200, "1000000"},
		"folded":        {r.json, "ann", "folded", 200, "1000000"},
		"of a chain":    {r.stream, "ann", "chain", 200, "1000000"},
		"an error":      {r.failing, "ann", "once", 500, "1000000"},
		"a refusal":     {r.json, "bob", "plain", 429, "1"},
		"without quota": {r.json, "free", "plain", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.ask(c.model, c.caller)
			if c.caller == "bob" {
				a = c.ask(c.model, c.caller)
			}
			if a.Status != c.status || a.Header.Get("x-ratelimit-limit-requests") != c.limit {
				t.Errorf("status %d, %v", a.Status, limitHeaders(a))
			}
			if c.limit == "" && len(limitHeaders(a)) > 0 {
				t.Errorf("somebody's limits are shown: %v", limitHeaders(a))
			}
		})
	}
}

func (r *rig) json(model, caller string) gatewaytest.Answer { return r.chat(caller, model, "") }

func (r *rig) stream(model, caller string) gatewaytest.Answer {
	return r.Chat(gatewaytest.ChatBody(model, "hello", true), "", "authorization", "Bearer "+key(caller))
}

func (r *rig) failing(model, caller string) gatewaytest.Answer {
	return r.chat(caller, model, "status=500")
}

// TestRefusalsInFull holds all that a client of each dialect gets of limits, as it is refused.
func TestRefusalsInFull(t *testing.T) {
	t.Parallel()
	r := start(t, "", "", map[string]string{"ann": "{rpm: 1, tpm: 600000}", "bob": "{rpm: 1, tpm: 600000}"})
	r.chat("ann", "plain", "")
	a := r.chat("ann", "plain", "")
	got := limitHeaders(a)
	for _, name := range []string{"retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"} {
		if got[name] == "" {
			t.Errorf("there is no %s: %v", name, got)
		}
		delete(got, name)
	}
	want := map[string]string{"x-ratelimit-limit-requests": "1", "x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-tokens": "600000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a.Header.Get("x-headgate-refused-by") != "gateway" || !strings.Contains(a.Body, `"type":"requests"`) {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	if row := r.Row(a.Exchange()); row.Reason != "rate_limit_exceeded" || row.Detail != "key ann requests" || *row.LeftRequests != 0 {
		t.Errorf("row %+v", row)
	}
	for range 2 {
		a = r.Messages(gatewaytest.MessageBody("plain", "hello", false), "", "x-api-key", key("bob"))
	}
	got = limitHeaders(a)
	for _, name := range []string{"retry-after", "retry-after-ms", "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"} {
		if got[name] == "" {
			t.Errorf("there is no %s: %v", name, got)
		}
		delete(got, name)
	}
	want = map[string]string{"anthropic-ratelimit-requests-limit": "1", "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-tokens-limit": "600000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(a.Body, `"type":"rate_limit_error"`) {
		t.Error(a.Body)
	}
}
