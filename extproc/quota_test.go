package extproc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestARefusalByAQuota holds what a client of each dialect gets once its quota is used up.
func TestARefusalByAQuota(t *testing.T) {
	const quotas = `
tiers:
  requests: {rpm: 1}
  tokens: {tpm: 600}
  small: {tpm: 100}
  money: {usd_per_day: 0.0005}
anonymous_tier: `
	for _, tc := range []struct {
		tier, dialect string
		status        int
		body          []string
		headers       H
	}{
		{"requests", "openai", 429, []string{`"type":"requests"`, `"code":"rate_limit_exceeded"`, `"retry_after":60`, "1 requests per minute"},
			H{"x-ratelimit-limit-requests", "1", "x-ratelimit-remaining-requests", "0", "retry-after", "60", "x-headgate-refused-by", "gateway"}},
		{"requests", "anthropic", 429, []string{`"type":"rate_limit_error"`, `"code":"rate_limit_exceeded"`, `"retry_after":60`},
			H{"anthropic-ratelimit-requests-limit", "1", "anthropic-ratelimit-requests-remaining", "0", "retry-after", "60"}},
		{"tokens", "openai", 429, []string{`"type":"tokens"`, `"code":"rate_limit_exceeded"`},
			H{"x-ratelimit-limit-tokens", "600"}},
		{"small", "openai", 400, []string{`"type":"invalid_request_error"`, `"code":"request_exceeds_quota"`, "100 per minute"},
			H{"x-should-retry", "false", "x-ratelimit-remaining-tokens", "100"}},
		{"small", "anthropic", 413, []string{`"type":"request_too_large"`, `"code":"request_exceeds_quota"`},
			H{"x-should-retry", "false", "anthropic-ratelimit-tokens-remaining", "100"}},
		{"money", "openai", 429, []string{`"type":"insufficient_quota"`, `"code":"insufficient_quota"`, "0.0005 USD per day"},
			H{"x-should-retry", "false"}},
		{"money", "anthropic", 429, []string{`"type":"rate_limit_error"`, `"code":"insufficient_quota"`},
			H{"x-should-retry", "false"}},
	} {
		r := newRig(t, testPolicy+quotas+tc.tier+"\n")
		path, body := "/v1/chat/completions", `{"model":"gpt-4o-mini","max_tokens":500,"messages":[{"role":"user","content":"hi"}]}`
		if tc.dialect == "anthropic" {
			path, body = "/v1/messages", `{"model":"gpt-4o-mini","max_tokens":500,"messages":[{"role":"user","content":"hi"}]}`
		}
		reply := r.asks(path, body)
		if tc.tier != "small" {
			if reply.Immediate() != nil {
				t.Fatalf("%s, %s: the first is refused: %s", tc.tier, tc.dialect, reply.Immediate().Body)
			}
			reply = r.asks(path, body)
		}
		im := reply.Immediate()
		if im == nil {
			t.Fatalf("%s, %s: not refused", tc.tier, tc.dialect)
		}
		if int(im.Status.Code) != tc.status {
			t.Errorf("%s, %s: status %d, want %d", tc.tier, tc.dialect, im.Status.Code, tc.status)
		}
		for _, want := range tc.body {
			if !strings.Contains(string(im.Body), want) {
				t.Errorf("%s, %s: %s has no %s", tc.tier, tc.dialect, im.Body, want)
			}
		}
		for i := 0; i+1 < len(tc.headers); i += 2 {
			if got := reply.Set(tc.headers[i]); got != tc.headers[i+1] {
				t.Errorf("%s, %s: %s is %q, want %q", tc.tier, tc.dialect, tc.headers[i], got, tc.headers[i+1])
			}
		}
	}
}

// asks sends a request whose answer does not come.
func (r *rig) asks(path, body string) *Reply {
	r.t.Helper()
	s := r.Open("router")
	s.RequestHeaders(Post(path, "anthropic-version", "2023-06-01"), false)
	return s.RequestBody(body)
}

// TestAnAccountsLimitsAreNotShownToItsSharers holds whose limits a client is told of: its own,
// if it has any; those of the provider's account only where nobody else is known to use it.
func TestAnAccountsLimitsAreNotShownToItsSharers(t *testing.T) {
	const body = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}`
	account := H{"x-ratelimit-limit-requests", "5000", "x-ratelimit-remaining-tokens", "90000", "anthropic-ratelimit-requests-limit", "50", "ratelimit-policy", `"rpm";q=100;w=60`, "x-request-id", "r"}
	for name, tc := range map[string]struct {
		policy string
		want   map[string]string
	}{
		"nobody is named":    {"", headersOf(account)},
		"callers":            {"callers: {ci: {key: {env: OPENAI_API_KEY}}}\n", map[string]string{"x-request-id": "r"}},
		"callers of a quota": {"callers: {ci: {key: {env: OPENAI_API_KEY}, quota: {rpm: 7}}}\n", map[string]string{"x-request-id": "r", "x-ratelimit-limit-requests": "7"}},
		"a quota of all":     {"tiers: {t: {rpm: 7}}\nanonymous_tier: t\n", map[string]string{"x-request-id": "r", "x-ratelimit-limit-requests": "7"}},
	} {
		r := newRig(t, testPolicy+tc.policy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions", "authorization", "Bearer sk-backend-secret"), false)
		if im := s.RequestBody(body).Immediate(); im != nil {
			t.Fatalf("%s: refused: %s", name, im.Body)
		}
		s.ResponseHeaders(Answered("200", "application/json", account...), false)
		got := headersOf(account)
		s.ResponseBody(`{"id":"x","object":"chat.completion","model":"gpt-4o-mini","choices":[]}`, true).Apply(got)
		for name := range got {
			if _, sent := headersOf(account)[name]; !sent {
				delete(got, name)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
