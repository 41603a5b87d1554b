package limit

import (
	"slices"
	"strconv"
	"time"

	"github.com/headgate/headgate/extproc/exchange"
)

// names are the headers of one unit in a dialect: what is allowed, what is left of it, and when
// all of it is back.
type names struct{ limit, remaining, reset string }

// dialects name the headers of requests and of tokens as the providers of each dialect do
// (platform.openai.com/docs/guides/rate-limits, docs.anthropic.com/en/api/rate-limits).
var dialects = map[string][2]names{
	"openai":    openAI,
	"responses": openAI,
	"anthropic": {
		{"anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"},
		{"anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"},
	},
}

var openAI = [2]names{
	{"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"},
	{"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"},
}

// headers sets what is left on an answer. A provider's own words about its account's limits do
// not stand beside it.
func (v *visit) headers(resp *exchange.Response) {
	resp.Out.Set = v.append(resp.Out.Set)
}

// list is what is left, as headers.
func (v *visit) list() exchange.Headers { return v.append(make(exchange.Headers, 0, 6)) }

// append appends what is left of requests and of tokens: of several limits the least.
func (v *visit) append(to exchange.Headers) exchange.Headers {
	text := make([]byte, 0, 128)
	put := func(name string, from int) {
		to = append(to, exchange.Header{Name: name, Value: text[from:len(text):len(text)]})
	}
	for u, n := range dialects[v.ex.Dialect] {
		i := v.tightest(unit(u))
		if i < 0 {
			continue
		}
		b, left := v.bounds[i], &v.balances[i]
		at := len(text)
		text = strconv.AppendInt(text, b.Max, 10)
		put(n.limit, at)
		at = len(text)
		text = strconv.AppendInt(text, max(left.Left, 0), 10)
		put(n.remaining, at)
		at = len(text)
		text = v.appendReset(text, left.Reset)
		put(n.reset, at)
	}
	return to
}

// appendReset writes when a limit is unused again: OpenAI says in how long, Anthropic at which
// time.
func (v *visit) appendReset(text []byte, d time.Duration) []byte {
	if v.ex.Dialect == "anthropic" {
		at := v.stage.kind.now().Add(d).UTC()
		return at.Add(time.Second-time.Nanosecond).AppendFormat(text, time.RFC3339)
	}
	return append(text, (d + time.Millisecond - 1).Truncate(time.Millisecond).String()...)
}

// tightest is the limit of a unit that has least left; -1: there is none that refuses.
func (v *visit) tightest(units ...unit) int {
	least := -1
	for i, b := range v.bounds {
		if slices.Contains(units, b.unit) && !b.Shadow && (least < 0 || v.balances[i].Left < v.balances[least].Left) {
			least = i
		}
	}
	return least
}
