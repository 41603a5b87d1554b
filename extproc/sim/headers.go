package sim

import (
	"net/http"
	"strconv"
	"time"
)

const (
	jsonType   = "application/json"
	streamType = "text/event-stream; charset=utf-8"
	htmlType   = "text/html"
)

// The limits that the rate-limit headers tell of. Nothing enforces them: a 429
// is scripted. What remains is the limit less this request alone.
const (
	requestLimit = 500
	tokenLimit   = 200_000
)

// head sets the headers of an answer as the provider sends them.
func (x *exchange) head(contentType string) {
	h := x.w.Header()
	h["Content-Type"] = []string{contentType}
	if x.do.Close {
		h["Connection"] = []string{"close"}
	}
	if x.do.Gzip {
		h["Content-Encoding"] = []string{"gzip"}
	}
	if contentType == streamType {
		h["Cache-Control"] = []string{"no-cache"}
	}
	if x.do.RetryAfter != "" {
		h["Retry-After"] = []string{x.do.RetryAfter}
	}
	if x.do.RetryAfterMS != nil {
		h["Retry-After-Ms"] = []string{strconv.Itoa(*x.do.RetryAfterMS)}
	}
	limited := x.do.Error == nil && (x.do.Status == http.StatusTooManyRequests || x.do.Quota)
	if x.dialect == anthropic {
		x.anthropicHead(h, limited)
	} else {
		x.openAIHead(h, limited)
	}
}

// asked returns what a request takes from the token limit.
func (x *exchange) asked() int {
	if x.call == nil {
		return 0
	}
	return min(tokenLimit, x.call.prompt.tokens+x.call.limit)
}

func (x *exchange) openAIHead(h http.Header, limited bool) {
	h["X-Request-Id"] = []string{x.served.RequestID}
	h["Openai-Version"] = []string{"2020-10-01"}
	h["Openai-Processing-Ms"] = []string{strconv.FormatInt(x.s.now().Sub(x.arrived).Milliseconds(), 10)}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if x.call == nil {
		return
	}
	requests, tokens := requestLimit-1, tokenLimit-x.asked()
	if limited {
		requests = 0
	}
	h["X-Ratelimit-Limit-Requests"] = []string{strconv.Itoa(requestLimit)}
	h["X-Ratelimit-Limit-Tokens"] = []string{strconv.Itoa(tokenLimit)}
	h["X-Ratelimit-Remaining-Requests"] = []string{strconv.Itoa(requests)}
	h["X-Ratelimit-Remaining-Tokens"] = []string{strconv.Itoa(tokens)}
	h["X-Ratelimit-Reset-Requests"] = []string{"120ms"}
	h["X-Ratelimit-Reset-Tokens"] = []string{refill(tokenLimit - tokens).String()}
}

func (x *exchange) anthropicHead(h http.Header, limited bool) {
	h["Request-Id"] = []string{x.served.RequestID}
	h["Anthropic-Organization-Id"] = []string{"5117a7ed-0000-4000-8000-000000000000"}
	if x.call == nil {
		return
	}
	requests, input := requestLimit-1, tokenLimit-min(tokenLimit, x.call.prompt.tokens)
	output := tokenLimit - min(tokenLimit, x.call.limit)
	if limited {
		requests = 0
	}
	for _, l := range []struct {
		name             string
		limit, remaining int
	}{
		{"Requests", requestLimit, requests},
		{"Input-Tokens", tokenLimit, input},
		{"Output-Tokens", tokenLimit, output},
		{"Tokens", 2 * tokenLimit, input + output},
	} {
		at := x.arrived.UTC().Truncate(time.Second)
		if l.remaining < l.limit {
			at = at.Add(time.Second)
		}
		prefix := "Anthropic-Ratelimit-" + l.name
		h[prefix+"-Limit"] = []string{strconv.Itoa(l.limit)}
		h[prefix+"-Remaining"] = []string{strconv.Itoa(l.remaining)}
		h[prefix+"-Reset"] = []string{at.Format(time.RFC3339)}
	}
}

// refill returns how long the per-minute limit takes to grow by n tokens.
func refill(n int) time.Duration {
	return (time.Duration(n) * time.Minute / tokenLimit).Round(time.Millisecond)
}
