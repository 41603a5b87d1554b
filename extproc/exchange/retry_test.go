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
		{"Fri, 24 Nov 2028 12:00:00 GMT", "", 0},
		{"2678400", "", maxWait},
		{"2764800", "", 0},
		{"287441", "", 287441 * time.Second},
		{"1e300", "", 0},
		{"", "Inf", 0},
		{"7", "Inf", 7 * time.Second},
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

func TestStrayRetriesAreThoseThatSayNothing(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for value, stray := range map[string]bool{
		"0": false, "7": false, "604800": false, "2678400": false, "Tue, 24 Nov 2026 11:59:30 GMT": false, "Tue, 01 Dec 2026 12:00:00 GMT": false,
		"": true, "soon": true, "-5": true, "NaN": true, "2764800": true, "Sat, 26 Dec 2026 12:00:01 GMT": true,
	} {
		got := StrayRetries(Headers{{Name: "retry-after", Value: []byte(value)}, {Name: "retry-after-ms", Value: []byte("100")}}, now)
		if stray != (len(got) == 1 && got[0] == "retry-after") {
			t.Errorf("%q: %q", value, got)
		}
	}
	if got := StrayRetries(nil, now); got != nil {
		t.Errorf("without headers: %q", got)
	}
	if got := StrayRetries(Headers{{Name: "retry-after-ms", Value: []byte("Tue, 24 Nov 2026 12:00:30 GMT")}}, now); len(got) != 1 {
		t.Errorf("a date in milliseconds: %q", got)
	}
}
