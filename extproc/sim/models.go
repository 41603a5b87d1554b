package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// commonModels are listed where Options names none.
var commonModels = []string{
	"claude-opus-5", "claude-sonnet-5", "claude-sonnet-4-20250514", "claude-haiku-4-5-20251001",
	"gpt-5.5", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1", "gpt-4o", "gpt-4o-mini",
	"text-embedding-3-small", "text-embedding-3-large",
}

const modelCreated = 1735689600 // 2025-01-01

// names returns the models that one dialect lists.
func (x *exchange) names() []string {
	if len(x.s.opt.Models) > 0 {
		return x.s.opt.Models
	}
	return slices.DeleteFunc(slices.Clone(commonModels), func(name string) bool {
		return strings.HasPrefix(name, "claude-") != (x.dialect == anthropic)
	})
}

// listModels answers GET /v1/models.
func (x *exchange) listModels() {
	if !x.begin(&call{}, nil) {
		return
	}
	names := x.names()
	if x.dialect == openAI {
		b := []byte(`{"object":"list","data":[`)
		x.reply(http.StatusOK, jsonType, append(x.appendModels(b, names), `]}`...), Usage{})
		return
	}
	page, more, err := page(names, x.r.URL.Query())
	if err != nil {
		x.fail(err)
		return
	}
	b := append(x.appendModels([]byte(`{"data":[`), page), `],"has_more":`...)
	b = strconv.AppendBool(b, more)
	firstID, lastID := "", ""
	if len(page) > 0 {
		firstID, lastID = page[0], page[len(page)-1]
	}
	b = appendNullable(append(b, `,"first_id":`...), firstID)
	b = appendNullable(append(b, `,"last_id":`...), lastID)
	x.reply(http.StatusOK, jsonType, append(b, '}'), Usage{})
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

// oneModel answers GET /v1/models/{id}.
func (x *exchange) oneModel() {
	c := &call{}
	c.setModel(strings.TrimPrefix(x.r.URL.Path, "/v1/models/"))
	if !x.begin(c, nil) {
		return
	}
	x.reply(http.StatusOK, jsonType, x.appendModels(nil, []string{c.model}), Usage{})
}

func (x *exchange) appendModels(b []byte, names []string) []byte {
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if x.dialect == anthropic {
			b = scan.AppendString(append(b, `{"type":"model","id":`...), name)
			b = scan.AppendString(append(b, `,"display_name":`...), name)
			b = append(b, `,"created_at":"2025-01-01T00:00:00Z"}`...)
			continue
		}
		b = scan.AppendString(append(b, `{"id":`...), name)
		b = appendCount(b, `,"object":"model","created":`, modelCreated)
		b = append(b, `,"owned_by":"system"}`...)
	}
	return b
}
