package provider

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// limitHeaders are the headers that say what is left of a limit. What it is a limit of
// stands where the star is, and says under which name it is reset.
//
// OpenAI and those that imitate it name one limit or several of requests and tokens, such as
// Cerebras's "tokens-minute"; Anthropic's family has an order of its own
// (docs: platform.openai.com rate limits, docs.anthropic.com rate limits).
var limitHeaders = []struct {
	before, after string // of "remaining"
	reset, limit  [2]string
}{
	{"x-ratelimit-remaining-", "", [2]string{"x-ratelimit-reset-", ""}, [2]string{"x-ratelimit-limit-", ""}},
	{"anthropic-ratelimit-", "-remaining", [2]string{"anthropic-ratelimit-", "-reset"}, [2]string{"anthropic-ratelimit-", "-limit"}},
}

// counted begin what limits count that every request needs.
var counted = []string{"requests", "tokens", "input-tokens", "output-tokens"}

// usedUp returns for how long an answer says that nothing is left of a limit; 0: it does not
// say so, or not for how long. Of several limits the one counts that takes longest.
func usedUp(h exchange.Headers, now time.Time) (wait time.Duration) {
	for i := range h {
		if len(h[i].Value) != 1 || h[i].Value[0] != '0' {
			continue
		}
		for _, l := range limitHeaders {
			if of, ok := limitOf(h[i].Name, l.before, l.after); ok && string(h.Get(l.limit[0]+of+l.limit[1])) != "0" {
				wait = max(wait, resetIn(h.Get(l.reset[0]+of+l.reset[1]), now))
			}
		}
	}
	return wait
}

// limitOf returns what a header of a name says something about the limit of.
func limitOf(name, before, after string) (of string, ok bool) {
	if len(name) <= len(before)+len(after) || name[:len(before)] != before || name[len(name)-len(after):] != after {
		return "", false
	}
	of = name[len(before) : len(name)-len(after)]
	for _, c := range counted {
		if strings.HasPrefix(of, c) {
			return of, true
		}
	}
	return "", false
}

// Numbers from here on are times since 1970, in seconds or milliseconds, and not from now on.
const (
	epochSeconds = 1e9
	epochMillis  = 1e12
)

// resetIn reads when a limit is reset: a duration such as 1m30s, seconds from now or since
// 1970, or a date. 0: it cannot be read, or is over.
func resetIn(value []byte, now time.Time) time.Duration {
	text := string(value)
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		switch {
		case n >= epochMillis:
			return until(time.UnixMilli(int64(min(n, 1e15))), now)
		case n >= epochSeconds:
			return until(time.Unix(int64(n), 0), now)
		case n > 0:
			return time.Duration(n * float64(time.Second))
		}
		return 0
	}
	if d, err := time.ParseDuration(text); err == nil {
		return max(d, 0)
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return until(at, now)
	}
	return 0
}

func until(at, now time.Time) time.Duration { return max(at.Sub(now), 0) }
