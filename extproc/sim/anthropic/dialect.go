// Package anthropic is the Anthropic dialect of the simulated provider: messages, threads,
// token counts and models, with the validation, the errors and the accounting of the real
// API.
package anthropic

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// Dialect is the dialect of Anthropic's Messages.
type Dialect struct {
	threads    *threads
	operations []wire.Operation
}

// New returns a dialect that holds no conversation yet.
func New() Dialect {
	d := Dialect{threads: &threads{kept: map[string]*thread{}}}
	d.operations = []wire.Operation{
		{Path: "/v1/messages", Read: func(r *wire.Request) (*wire.Call, *wire.Error) { return d.readMessages(r, false) }},
		{Path: "/v1/messages/count_tokens", Read: func(r *wire.Request) (*wire.Call, *wire.Error) { return d.readMessages(r, true) }, Answer: countTokens},
	}
	return d
}

// Operations implements wire.Dialect.
func (d Dialect) Operations() []wire.Operation { return d.operations }

// countTokens answers a request to count, which is free.
func countTokens(t *wire.Turn) ([]byte, wire.Usage) {
	return append(wire.AppendCount(nil, `{"input_tokens":`, t.Call.Prompt.Tokens), '}'), wire.Usage{}
}

// Claims implements wire.Dialect.
func (Dialect) Claims(h http.Header) bool { return h.Get("Anthropic-Version") != "" }

// Key implements wire.Dialect.
func (Dialect) Key(h http.Header) string {
	key := h.Get("X-Api-Key")
	if bearer, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok && key == "" {
		return bearer
	}
	return key
}

// Keyless implements wire.Dialect.
func (Dialect) Keyless() *wire.Error {
	return &wire.Error{Status: 401, Type: "authentication_error", Message: "x-api-key header is required"}
}

// Check implements wire.Dialect.
func (Dialect) Check(h http.Header) *wire.Error {
	if h.Get("Anthropic-Version") == "" {
		return invalid("anthropic-version: header is required")
	}
	return nil
}

// Possible implements wire.Dialect.
func (Dialect) Possible(do *wire.Behaviour) error {
	switch {
	case do.Audio != nil || do.AudioOut != nil:
		return errors.New("audio: this dialect has none")
	case do.ReasoningContent:
		return errors.New("reasoning-content: this dialect shows thinking where the request enables it")
	case do.Usage != "":
		return errors.New("usage: this dialect has counts of one shape")
	}
	return nil
}

// RequestID implements wire.Dialect.
func (Dialect) RequestID(ids wire.IDs, seq int64) string {
	return string(ids.Text([]byte("req_011C"), 21, seq, 0))
}

// AnswerID implements wire.Dialect.
func (Dialect) AnswerID(ids wire.IDs, seq int64) string {
	return string(ids.Text([]byte("msg_01"), 22, seq, 1))
}

// CallID implements wire.Dialect.
func (Dialect) CallID(ids wire.IDs, seq int64, n int) string {
	return string(ids.Text([]byte("toolu_01"), 22, seq, n))
}

// SaysRefusals implements wire.Dialect.
func (Dialect) SaysRefusals() bool { return false }

// MarksCache implements wire.Dialect.
func (Dialect) MarksCache() bool { return true }

// Head implements wire.Dialect.
func (Dialect) Head(h http.Header, t *wire.Turn, limited bool) {
	h["Request-ID"] = []string{t.RequestID}
	h["Anthropic-Organization-ID"] = []string{"5117a7ed-0000-4000-8000-000000000000"}
	if t.Call == nil {
		return
	}
	requests, input := wire.RequestLimit-1, wire.TokenLimit-min(wire.TokenLimit, t.Call.Prompt.Tokens)
	output := wire.TokenLimit - min(wire.TokenLimit, t.Call.Limit)
	if limited || t.Do.UsedUp > 0 {
		requests = 0
	}
	for _, l := range []struct {
		name             string
		limit, remaining int
	}{
		{"Requests", wire.RequestLimit, requests},
		{"Input-Tokens", wire.TokenLimit, input},
		{"Output-Tokens", wire.TokenLimit, output},
		{"Tokens", 2 * wire.TokenLimit, input + output},
	} {
		at := t.Arrived.UTC().Truncate(time.Second)
		if l.remaining < l.limit {
			at = at.Add(time.Second)
		}
		if l.name == "Requests" && t.Do.UsedUp > 0 {
			at = t.Arrived.UTC().Add(t.Do.UsedUp)
		}
		prefix := "Anthropic-Ratelimit-" + l.name
		h[prefix+"-Limit"] = []string{strconv.Itoa(l.limit)}
		h[prefix+"-Remaining"] = []string{strconv.Itoa(l.remaining)}
		h[prefix+"-Reset"] = []string{at.Format(time.RFC3339)}
	}
}

// Offers implements wire.Dialect.
func (Dialect) Offers(model string) bool { return strings.HasPrefix(model, "claude-") }

// Models implements wire.Dialect.
func (d Dialect) Models(names []string, q url.Values) ([]byte, *wire.Error) {
	page, more, err := page(names, q)
	if err != nil {
		return nil, err
	}
	b := []byte(`{"data":[`)
	for i, name := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.Model(name)...)
	}
	b = strconv.AppendBool(append(b, `],"has_more":`...), more)
	firstID, lastID := "", ""
	if len(page) > 0 {
		firstID, lastID = page[0], page[len(page)-1]
	}
	b = wire.AppendNullable(append(b, `,"first_id":`...), firstID)
	b = wire.AppendNullable(append(b, `,"last_id":`...), lastID)
	return append(b, '}'), nil
}

// Model implements wire.Dialect.
func (Dialect) Model(name string) []byte {
	b := scan.AppendString([]byte(`{"type":"model","id":`), name)
	b = scan.AppendString(append(b, `,"display_name":`...), name)
	return append(b, `,"created_at":"2025-01-01T00:00:00Z"}`...)
}

// page cuts Anthropic's page out of a list.
func page(names []string, q url.Values) (part []string, more bool, err *wire.Error) {
	limit := 20
	if v := q.Get("limit"); v != "" {
		if wire.SetInt(&limit, v, 1, 1000) != nil {
			return nil, false, invalid("limit: Input should be a valid integer from 1 to 1000")
		}
	}
	if id := q.Get("after_id"); id != "" {
		i := slices.Index(names, id)
		if i < 0 {
			return nil, false, invalid("after_id: model not found: %s", id)
		}
		names = names[i+1:]
	}
	if id := q.Get("before_id"); id != "" {
		i := slices.Index(names, id)
		if i < 0 {
			return nil, false, invalid("before_id: model not found: %s", id)
		}
		return names[max(0, i-limit):i], i > limit, nil
	}
	return names[:min(limit, len(names))], len(names) > limit, nil
}
