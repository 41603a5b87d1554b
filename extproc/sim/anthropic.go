package sim

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/extproc/scan"
)

// anthropic is the dialect of Anthropic's Messages.
type anthropic struct{}

func (anthropic) operations() map[string]operation {
	return map[string]operation{
		"/v1/messages":              {read: func(body []byte) (*call, *apiError) { return readMessagesCall(body, false) }},
		"/v1/messages/count_tokens": {read: func(body []byte) (*call, *apiError) { return readMessagesCall(body, true) }, answer: countTokens},
	}
}

// countTokens answers a request to count, which is free.
func countTokens(t *turn) ([]byte, Usage) {
	return append(appendCount(nil, `{"input_tokens":`, t.call.prompt.tokens), '}'), Usage{}
}

func (anthropic) claims(h http.Header) bool { return h.Get("Anthropic-Version") != "" }

func (anthropic) key(h http.Header) string {
	key := h.Get("X-Api-Key")
	if bearer, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok && key == "" {
		return bearer
	}
	return key
}

func (anthropic) keyless() *apiError {
	return &apiError{status: 401, typ: "authentication_error", message: "x-api-key header is required"}
}

func (anthropic) check(h http.Header) *apiError {
	if h.Get("Anthropic-Version") == "" {
		return unfit("anthropic-version: header is required")
	}
	return nil
}

func (anthropic) possible(do *Behaviour) error {
	switch {
	case do.Audio != nil || do.AudioOut != nil:
		return errors.New("audio: this dialect has none")
	case do.ReasoningContent:
		return errors.New("reasoning-content: this dialect shows thinking where the request enables it")
	}
	return nil
}

func (anthropic) requestID(ids idSource, seq int64) string {
	return string(ids.text([]byte("req_011C"), 21, seq, 0))
}

func (anthropic) answerID(ids idSource, seq int64) string {
	return string(ids.text([]byte("msg_01"), 22, seq, 1))
}

func (anthropic) callID(ids idSource, seq int64, n int) string {
	return string(ids.text([]byte("toolu_01"), 22, seq, n))
}

func (anthropic) saysRefusals() bool { return false }

func (anthropic) marksCache() bool { return true }

func (anthropic) head(h http.Header, t *turn, limited bool) {
	h["Request-Id"] = []string{t.requestID}
	h["Anthropic-Organization-Id"] = []string{"5117a7ed-0000-4000-8000-000000000000"}
	if t.call == nil {
		return
	}
	requests, input := requestLimit-1, tokenLimit-min(tokenLimit, t.call.prompt.tokens)
	output := tokenLimit - min(tokenLimit, t.call.limit)
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
		at := t.arrived.UTC().Truncate(time.Second)
		if l.remaining < l.limit {
			at = at.Add(time.Second)
		}
		prefix := "Anthropic-Ratelimit-" + l.name
		h[prefix+"-Limit"] = []string{strconv.Itoa(l.limit)}
		h[prefix+"-Remaining"] = []string{strconv.Itoa(l.remaining)}
		h[prefix+"-Reset"] = []string{at.Format(time.RFC3339)}
	}
}

func (anthropic) offers(model string) bool { return strings.HasPrefix(model, "claude-") }

func (d anthropic) models(names []string, q url.Values) ([]byte, *apiError) {
	page, more, err := page(names, q)
	if err != nil {
		return nil, err
	}
	b := []byte(`{"data":[`)
	for i, name := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, d.model(name)...)
	}
	b = strconv.AppendBool(append(b, `],"has_more":`...), more)
	firstID, lastID := "", ""
	if len(page) > 0 {
		firstID, lastID = page[0], page[len(page)-1]
	}
	b = appendNullable(append(b, `,"first_id":`...), firstID)
	b = appendNullable(append(b, `,"last_id":`...), lastID)
	return append(b, '}'), nil
}

func (anthropic) model(name string) []byte {
	b := scan.AppendString([]byte(`{"type":"model","id":`), name)
	b = scan.AppendString(append(b, `,"display_name":`...), name)
	return append(b, `,"created_at":"2025-01-01T00:00:00Z"}`...)
}

// page cuts Anthropic's page out of a list.
func page(names []string, q url.Values) (part []string, more bool, err *apiError) {
	limit := 20
	if v := q.Get("limit"); v != "" {
		if setInt(&limit, v, 1, 1000) != nil {
			return nil, false, unfit("limit: Input should be a valid integer from 1 to 1000")
		}
	}
	if id := q.Get("after_id"); id != "" {
		i := slices.Index(names, id)
		if i < 0 {
			return nil, false, unfit("after_id: model not found: %s", id)
		}
		names = names[i+1:]
	}
	if id := q.Get("before_id"); id != "" {
		i := slices.Index(names, id)
		if i < 0 {
			return nil, false, unfit("before_id: model not found: %s", id)
		}
		return names[max(0, i-limit):i], i > limit, nil
	}
	return names[:min(limit, len(names))], len(names) > limit, nil
}
