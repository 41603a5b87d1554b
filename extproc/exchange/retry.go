package exchange

import (
	"net/http"
	"strconv"
	"time"
)

// maxWait bounds a wait that a provider names: limits of a month exist.
const maxWait = 31 * 24 * time.Hour

// RetryAfter reads when a provider wants to be asked again: retry-after-ms, or
// retry-after in seconds or as a date. 0: it does not say.
func RetryAfter(h Headers, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(string(h.Get("retry-after-ms")), 64); err == nil && ms > 0 {
		return min(time.Duration(min(ms, maxWait.Seconds()*1000)*float64(time.Millisecond)), maxWait)
	}
	text := string(h.Get("retry-after"))
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 {
		return time.Duration(min(s, maxWait.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return min(at.Sub(now), maxWait)
	}
	return 0
}
