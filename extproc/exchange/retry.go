package exchange

import (
	"net/http"
	"strconv"
	"time"
)

// maxWait is the longest wait that is believed: limits of a month exist.
const maxWait = 31 * 24 * time.Hour

// The headers in which providers say when they want to be asked again.
const (
	retryAfter   = "retry-after"
	retryAfterMS = "retry-after-ms"
)

// RetryAfter reads when a provider wants to be asked again: retry-after-ms, or
// retry-after in seconds or as a date. 0: it does not say, or nothing that is believed.
func RetryAfter(h Headers, now time.Time) time.Duration {
	for _, name := range []string{retryAfterMS, retryAfter} {
		if text := h.Get(name); text != nil {
			if d, ok := wait(name, text, now); ok && d > 0 {
				return d
			}
		}
	}
	return 0
}

// StrayRetries lists those of these headers that a client must not get: they cannot be read, or
// name more than 31 days.
func StrayRetries(h Headers, now time.Time) (names []string) {
	for _, name := range []string{retryAfter, retryAfterMS} {
		if text := h.Get(name); text != nil {
			if _, ok := wait(name, text, now); !ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// wait reads one header; false: it cannot be read, or is not believed.
func wait(name string, value []byte, now time.Time) (time.Duration, bool) {
	text := string(value)
	unit := time.Second
	if name == retryAfterMS {
		unit = time.Millisecond
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		if n >= 0 && n <= float64(maxWait/unit) {
			return time.Duration(n * float64(unit)), true
		}
		return 0, false
	}
	at, err := http.ParseTime(text)
	if err != nil || name == retryAfterMS || at.Sub(now) > maxWait {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}
