package exchange

import (
	"testing"
	"time"
)

func TestRetryAfterReadsEveryFormAndGuessesNone(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		seconds, millis string
		want            time.Duration
	}{
		{"7", "", 7 * time.Second},
		{"7", "100", 100 * time.Millisecond},
		{"", "1500.5", 1500*time.Millisecond + 500*time.Microsecond},
		{"0.5", "", 500 * time.Millisecond},
		{"7", "soon", 7 * time.Second},
		{"Tue, 24 Nov 2026 12:00:30 GMT", "", 30 * time.Second},
		{"Tue, 24 Nov 2026 11:59:30 GMT", "", 0},
		{"Fri, 24 Nov 2028 12:00:00 GMT", "", maxWait},
		{"287441", "", 287441 * time.Second},
		{"1e300", "", maxWait},
		{"", "Inf", maxWait},
		{"", "NaN", 0},
		{"NaN", "-5", 0},
		{"-5", "", 0},
		{"soon", "", 0},
		{"", "", 0},
	} {
		h := Headers{
			{Name: "retry-after", Value: []byte(c.seconds)},
			{Name: "retry-after-ms", Value: []byte(c.millis)},
		}
		if got := RetryAfter(h, now); got != c.want {
			t.Errorf("%q and %q ms: %v, want %v", c.seconds, c.millis, got, c.want)
		}
	}
}
