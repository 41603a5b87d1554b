package sim

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/scan"
)

// openAI is the dialect of OpenAI's chat completions, embeddings and models.
type openAI struct{}

func (openAI) operations() map[string]operation {
	return map[string]operation{
		"/v1/chat/completions": {read: readChat},
		"/v1/embeddings":       {read: readEmbeddingCall, answer: embeddings},
	}
}

func (openAI) claims(http.Header) bool { return true }

func (openAI) key(h http.Header) string {
	key, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return key
}

func (openAI) keyless() *apiError {
	return &apiError{status: 401, typ: "invalid_request_error", message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."}
}

func (openAI) check(http.Header) *apiError { return nil }

func (openAI) possible(do *Behaviour) error {
	if do.CacheWrite != nil || do.CacheWrite1h != nil {
		return errors.New("cache-write: this dialect does not report it")
	}
	return nil
}

func (openAI) requestID(ids idSource, seq int64) string { return "req_" + ids.hex(seq) }

func (openAI) answerID(ids idSource, seq int64) string {
	return string(ids.text([]byte("chatcmpl-"), 29, seq, 1))
}

func (openAI) callID(ids idSource, seq int64, n int) string {
	return string(ids.text([]byte("call_"), 24, seq, n))
}

func (openAI) saysRefusals() bool { return true }

func (openAI) marksCache() bool { return false }

func (openAI) head(h http.Header, t *turn, limited bool) {
	h["X-Request-Id"] = []string{t.requestID}
	h["Openai-Version"] = []string{"2020-10-01"}
	h["Openai-Processing-Ms"] = []string{strconv.FormatInt(t.took.Milliseconds(), 10)}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if t.call == nil {
		return
	}
	asked := min(tokenLimit, t.call.prompt.tokens+t.call.limit)
	requests, tokens := requestLimit-1, tokenLimit-asked
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

// refill returns how long the per-minute limit takes to grow by n tokens.
func refill(n int) time.Duration {
	return (time.Duration(n) * time.Minute / tokenLimit).Round(time.Millisecond)
}

const modelCreated = 1735689600 // 2025-01-01

func (openAI) offers(model string) bool { return !strings.HasPrefix(model, "claude-") }

func (d openAI) models(names []string, _ url.Values) ([]byte, *apiError) {
	b := []byte(`{"object":"list","data":[`)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.model(name)...)
	}
	return append(b, `]}`...), nil
}

func (openAI) model(name string) []byte {
	b := scan.AppendString([]byte(`{"id":`), name)
	b = appendCount(b, `,"object":"model","created":`, modelCreated)
	return append(b, `,"owned_by":"system"}`...)
}
