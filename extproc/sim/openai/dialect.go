// Package openai is the OpenAI dialect of the simulated provider: chat completions,
// embeddings, moderations and models, with the validation, the errors and the accounting of the real API.
package openai

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Dialect is the dialect of OpenAI's chat completions, embeddings, moderations and models.
type Dialect struct{}

// Operations implements wire.Dialect.
func (Dialect) Operations() []wire.Operation { return operations }

var operations = []wire.Operation{
	{Path: "/v1/chat/completions", Read: readChat},
	{Path: "/v1/embeddings", Read: readEmbeddingCall, Answer: embeddings},
	{Path: "/v1/moderations", Read: readModerationCall, Answer: moderations},
}

// Claims implements wire.Dialect.
func (Dialect) Claims(http.Header) bool { return true }

// Key implements wire.Dialect.
func (Dialect) Key(h http.Header) string {
	key, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return key
}

// Keyless implements wire.Dialect.
func (Dialect) Keyless() *wire.Error {
	return &wire.Error{Status: 401, Type: "invalid_request_error", Message: "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."}
}

// Check implements wire.Dialect.
func (Dialect) Check(http.Header) *wire.Error { return nil }

// Possible implements wire.Dialect.
func (Dialect) Possible(do *wire.Behaviour) error {
	switch {
	case do.CacheWrite != nil && do.Usage != wire.UsageLiteLLM, do.CacheWrite1h != nil:
		return errors.New("cache-write: this dialect does not report it, but for usage=litellm")
	case do.Pings:
		return errors.New("pings: this dialect has none; use comments")
	}
	return checkFlags(do.Flag)
}

// RequestID implements wire.Dialect.
func (Dialect) RequestID(ids wire.IDs, seq int64) string { return "req_" + ids.Hex(seq) }

// AnswerID implements wire.Dialect.
func (Dialect) AnswerID(ids wire.IDs, seq int64) string {
	return string(ids.Text([]byte("chatcmpl-"), 29, seq, 1))
}

// CallID implements wire.Dialect.
func (Dialect) CallID(ids wire.IDs, seq int64, n int) string {
	return string(ids.Text([]byte("call_"), 24, seq, n))
}

// SaysRefusals implements wire.Dialect.
func (Dialect) SaysRefusals() bool { return true }

// MarksCache implements wire.Dialect.
func (Dialect) MarksCache() bool { return false }

// Head implements wire.Dialect.
func (Dialect) Head(h http.Header, t *wire.Turn, limited bool) {
	h["X-Request-ID"] = []string{t.RequestID}
	h["Openai-Version"] = []string{"2020-10-01"}
	h["Openai-Processing-Ms"] = []string{strconv.FormatInt(t.Took.Milliseconds(), 10)}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if t.Call == nil {
		return
	}
	asked := min(wire.TokenLimit, t.Call.Prompt.Tokens+t.Call.Limit)
	requests, tokens := wire.RequestLimit-1, wire.TokenLimit-asked
	reset := 120 * time.Millisecond
	if limited || t.Do.UsedUp > 0 {
		requests, reset = 0, cmp.Or(t.Do.UsedUp, reset)
	}
	h["X-Ratelimit-Limit-Requests"] = []string{strconv.Itoa(wire.RequestLimit)}
	h["X-Ratelimit-Limit-Tokens"] = []string{strconv.Itoa(wire.TokenLimit)}
	h["X-Ratelimit-Remaining-Requests"] = []string{strconv.Itoa(requests)}
	h["X-Ratelimit-Remaining-Tokens"] = []string{strconv.Itoa(tokens)}
	h["X-Ratelimit-Reset-Requests"] = []string{reset.String()}
	h["X-Ratelimit-Reset-Tokens"] = []string{refill(wire.TokenLimit - tokens).String()}
}

// refill returns how long the per-minute limit takes to grow by n tokens.
func refill(n int) time.Duration {
	return (time.Duration(n) * time.Minute / wire.TokenLimit).Round(time.Millisecond)
}

const modelCreated = 1735689600 // 2025-01-01

// Offers implements wire.Dialect.
func (Dialect) Offers(model string) bool { return !strings.HasPrefix(model, "claude-") }

// Models implements wire.Dialect.
func (d Dialect) Models(names []string, _ url.Values) ([]byte, *wire.Error) {
	b := []byte(`{"object":"list","data":[`)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.Model(name)...)
	}
	return append(b, `]}`...), nil
}

// Model implements wire.Dialect.
func (Dialect) Model(name string) []byte {
	b := scan.AppendString([]byte(`{"id":`), name)
	b = wire.AppendCount(b, `,"object":"model","created":`, modelCreated)
	return append(b, `,"owned_by":"system"}`...)
}
