package provider

import (
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

func TestUsedUpReadsEveryFamilyAndForm(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		headers []string // name and value in turn
		wait    time.Duration
	}{
		{"nothing said", nil, 0},
		{"something left", []string{"x-ratelimit-remaining-requests", "1", "x-ratelimit-reset-requests", "120ms"}, 0},
		{"a duration", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "1m30s"}, 90 * time.Second},
		{"milliseconds", []string{"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "120ms"}, 120 * time.Millisecond},
		{"a fraction", []string{"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "7.66s"}, 7660 * time.Millisecond},
		{"seconds", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "30"}, 30 * time.Second},
		{"seconds since 1970", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "1795521605"}, 5 * time.Second},
		{"milliseconds since 1970", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-reset-requests", "1795521600250"}, 250 * time.Millisecond},
		{"a limit of its own", []string{"x-ratelimit-remaining-tokens-minute", "0", "x-ratelimit-reset-tokens-minute", "12.5"}, 12500 * time.Millisecond},
		{"no reset", []string{"x-ratelimit-remaining-tokens", "0"}, 0},
		{"a reset that is over", []string{"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset", "2026-11-24T11:59:00Z"}, 0},
		{"a reset of nonsense", []string{"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "NaN"}, 0},
		{"a date", []string{"anthropic-ratelimit-input-tokens-remaining", "0", "anthropic-ratelimit-input-tokens-reset", "2026-11-24T12:00:41Z"}, 41 * time.Second},
		{"the longer of two", []string{
			"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset", "2026-11-24T12:00:01Z",
			"anthropic-ratelimit-output-tokens-remaining", "0", "anthropic-ratelimit-output-tokens-reset", "2026-11-24T12:00:09Z",
		}, 9 * time.Second},
		{"another tier", []string{"anthropic-priority-input-tokens-remaining", "0"}, 0},
		{"what few requests need", []string{"x-ratelimit-remaining-input-audio", "0"}, 0},
		{"no limit at all", []string{"x-ratelimit-remaining-requests", "0", "x-ratelimit-limit-requests", "0"}, 0},
		{"no family", []string{"x-ratelimit-remaining-", "0", "anthropic-ratelimit-remaining", "0", "x-ratelimit-remaining", "0"}, 0},
	} {
		var h exchange.Headers
		for i := 0; i < len(c.headers); i += 2 {
			h = append(h, exchange.Header{Name: c.headers[i], Value: []byte(c.headers[i+1])})
		}
		if wait := usedUp(h, now); wait != c.wait {
			t.Errorf("%s: %v, want %v", c.name, wait, c.wait)
		}
	}
}
