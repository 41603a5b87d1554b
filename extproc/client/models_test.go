package client

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

// TestWhichModelsAreAskedAbout holds what the path and the query of a list of models say.
func TestWhichModelsAreAskedAbout(t *testing.T) {
	anthropic := exchange.Header{Name: "anthropic-version", Value: []byte("2023-06-01")}
	for _, c := range []struct {
		path   string
		openai bool
		model  string
		page   exchange.Page
		param  string // of a refusal
	}{
		{path: "/v1/models", openai: true},
		{path: "/v1/models?limit=2&after_id=x", openai: true},
		{path: "/v1/models/openai%2Fgpt-5", openai: true, model: "openai/gpt-5"},
		{path: "/v1/models/openai/gpt-5?x=1", openai: true, model: "openai/gpt-5"},
		{path: "/v1/models/a%zz", openai: true, model: "a%zz"},
		{path: "/v1/models/a%20b", openai: true, model: "a b"},
		{path: "/v1/models", page: exchange.Page{Limit: 20}},
		{path: "/v1/models?limit=1000&after_id=openai%2Fgpt-5", page: exchange.Page{Limit: 1000, After: "openai/gpt-5"}},
		{path: "/v1/models?limit=1&before_id=x", page: exchange.Page{Limit: 1, Before: "x"}},
		{path: "/v1/models/claude-opus-5?limit=x", model: "claude-opus-5"},
		{path: "/v1/models?limit=0", param: "limit"},
		{path: "/v1/models?limit=1001", param: "limit"},
		{path: "/v1/models?limit=x", param: "limit"},
		{path: "/v1/models?after_id=a&before_id=b", param: "before_id"},
	} {
		req := &exchange.Request{Method: "GET", Headers: exchange.Headers{{Name: ":path", Value: []byte(c.path)}}}
		if !c.openai {
			req.Headers = append(req.Headers, anthropic)
		}
		req.Path, _, _ = strings.Cut(c.path, "?")
		_, v := Classify(req)
		switch {
		case c.param != "" && (v.Status != 400 || v.Param != c.param):
			t.Errorf("%s: %+v", c.path, v)
		case c.param == "" && (v.Action != exchange.Pass || req.Model != c.model || req.Page != c.page || req.Operation != exchange.Models):
			t.Errorf("%s: model %q, page %+v, %+v", c.path, req.Model, req.Page, v)
		}
	}
}
