package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// codeHeaders are what Claude Code sends beside the body.
var codeHeaders = []string{
	"anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
	"authorization", "Bearer sk-client", "user-agent", "claude-cli/2.0.14 (external, cli)", "x-app", "cli",
	"x-stainless-lang", "js", "x-stainless-retry-count", "0", "anthropic-dangerous-direct-browser-access", "true",
}

// codeBody is a request as Claude Code makes it: system blocks and a conversation
// with cache breakpoints, many tools, thinking, an answer of a tool.
func codeBody(t *testing.T, model string, more map[string]any) string {
	t.Helper()
	cached := map[string]any{"type": "ephemeral"}
	tools := []any{}
	for i := range 16 {
		tools = append(tools, map[string]any{
			"name": fmt.Sprintf("Tool_%d", i), "description": strings.Repeat("Does what it says. ", 20),
			"input_schema": map[string]any{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
				"properties":           map[string]any{"path": map[string]any{"type": "string"}, "deep": map[string]any{"type": "object", "properties": map[string]any{"n": map[string]any{"type": "integer", "minimum": 0}}}},
				"required":             []string{"path"},
				"additionalProperties": false,
			},
		})
	}
	tools[15].(map[string]any)["cache_control"] = cached
	body := map[string]any{
		"model": model, "max_tokens": 32000, "temperature": 1,
		"metadata": map[string]any{"user_id": "user_0a1b_account__session_2c3d"},
		"system": []any{
			map[string]any{"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.", "cache_control": cached},
			map[string]any{"type": "text", "text": "Use the tools. <env>Linux</env> \u2028 \"quoted\"", "cache_control": cached},
		},
		"tools": tools,
		"messages": []any{
			map[string]any{"role": "user", "content": []any{
				map[string]any{"type": "text", "text": "<system-reminder>As you answer ...</system-reminder>"},
				map[string]any{"type": "text", "text": "Read the file."},
			}},
			map[string]any{"role": "assistant", "content": []any{
				map[string]any{"type": "thinking", "thinking": "Which file?", "signature": "EqQBCgIYAhIM1gbcDa9G"},
				map[string]any{"type": "text", "text": "I read it."},
				map[string]any{"type": "tool_use", "id": "toolu_01", "name": "Tool_0", "input": map[string]any{"path": "/a b"}},
				map[string]any{"type": "tool_use", "id": "toolu_02", "name": "Tool_1", "input": map[string]any{}},
			}},
			map[string]any{"role": "user", "content": []any{
				map[string]any{"type": "tool_result", "tool_use_id": "toolu_01", "content": []any{map[string]any{"type": "text", "text": "line 1\nline 2"}}},
				map[string]any{"type": "tool_result", "tool_use_id": "toolu_02", "content": "Error: no such tool", "is_error": true},
				map[string]any{"type": "text", "text": `And now? [[sim tools=2]]`, "cache_control": cached},
			}},
		},
	}
	for key, value := range more {
		body[key] = value
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestClaudeCode sends what Claude Code sends. At an Anthropic backend it arrives as
// it was but for the model's name, at another one it works.
func TestClaudeCode(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "  thinks: {chain: [sim/gpt-5-mini]}\n  mixed: {chain: [sim/gpt-5-mini, claude/plain-claude]}\n")
	path := "/v1/messages?beta=true"
	thinks := map[string]any{"stream": true, "thinking": map[string]any{"type": "enabled", "budget_tokens": 10000}}
	ask := func(model string) (gatewaytest.Answer, string) {
		body := codeBody(t, model, thinks)
		return g.Ask(gatewaytest.ChatRequest(path, body, "", append(codeHeaders, "anthropic-version", "2023-06-01")...)), body
	}
	t.Run("to Anthropic", func(t *testing.T) {
		a, body := ask("renamed-claude")
		got := codeMessage(t, a)
		served := p.With(t).Last(1)
		if want := strings.Replace(body, `"renamed-claude"`, `"plain-claude"`, 1); string(served.Body) != want {
			t.Errorf("it arrived as %s", served.Body)
		}
		if h := served.Header; h.Get("anthropic-beta") != codeHeaders[1] || h.Get("anthropic-version") != "2023-06-01" || h.Get("authorization") != "" || h.Get("x-app") != "" {
			t.Errorf("with the headers %v", h)
		}
		if len(got.Content) != 3 || got.Content[0].Signature == "" || got.Usage.CacheCreationInputTokens == 0 || a.Header.Get("x-headgate-dropped") != "" {
			t.Errorf("got %s", got.RawJSON())
		}
	})
	t.Run("to OpenAI", func(t *testing.T) {
		a, _ := ask("thinks")
		got := codeMessage(t, a)
		served := p.With(t).Last(2)
		sdk.CheckWords(t, "openai", served.Body)
		body := gatewaytest.Decoded(t, served.Body)
		if len(body["tools"].([]any)) != 16 || len(body["messages"].([]any)) != 6 || body["reasoning_effort"] != "high" || body["user"] != "user_0a1b_account__session_2c3d" {
			t.Errorf("it arrived as %s", served.Body)
		}
		for _, name := range []string{"anthropic-beta", "anthropic-version", "x-api-key", "authorization"} {
			if v := served.Header.Get(name); v != "" {
				t.Errorf("with the header %s: %q", name, v)
			}
		}
		u := got.Usage
		if len(got.Content) != 2 || u.InputTokens+u.CacheReadInputTokens != int64(served.Usage.TotalInput()) || u.OutputTokens != int64(served.Usage.TotalOutput()) {
			t.Errorf("got %s, served %+v", got.RawJSON(), served.Usage)
		}
		if d := a.Header.Get("x-headgate-dropped"); !strings.Contains(d, "cache_control") {
			t.Errorf("x-headgate-dropped %q", d)
		}
	})
	count := func(model string) gatewaytest.Answer {
		body := gatewaytest.Decoded(t, []byte(codeBody(t, model, nil)))
		for _, key := range []string{"max_tokens", "temperature", "metadata"} {
			delete(body, key)
		}
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return g.Ask(gatewaytest.ChatRequest("/v1/messages/count_tokens?beta=true", string(b), "", append(codeHeaders, "anthropic-version", "2023-06-01")...))
	}
	// By the first backend that can, else it is the gateway's estimate.
	for model, by := range map[string]string{"renamed-claude": "claude", "mixed": "", "thinks": ""} {
		t.Run("count tokens of "+model, func(t *testing.T) {
			a := count(model)
			var counted struct {
				Tokens int `json:"input_tokens"`
			}
			if err := json.Unmarshal([]byte(a.Body), &counted); err != nil || a.Status != http.StatusOK || counted.Tokens < 1000 {
				t.Errorf("%v: status %d, %s", err, a.Status, a.Body)
			}
			if b, estimated := a.Header.Get("x-headgate-backend"), a.Header.Get("x-headgate-estimated") == "true"; by != "" && b != by || estimated != (b == "") {
				t.Errorf("counted by %q, estimated %t", b, estimated)
			}
		})
	}
}

// codeMessage reads a stream with Anthropic's own types.
func codeMessage(t *testing.T, a gatewaytest.Answer) (m anthropic.Message) {
	t.Helper()
	gatewaytest.MustOK(t, a)
	for _, ev := range a.Events() {
		_, data, ok := strings.Cut(ev, "\ndata: ")
		if !ok {
			continue // a comment
		}
		var event anthropic.MessageStreamEventUnion
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			t.Fatalf("%v: %s", err, ev)
		}
		if event.Type == "ping" {
			continue
		}
		if err := m.Accumulate(event); err != nil {
			t.Fatalf("%v: %s", err, ev)
		}
	}
	if m.StopReason != "tool_use" || !gatewaytest.Ways[3].Ended(a) {
		t.Errorf("stopped by %q: %s", m.StopReason, a.Body)
	}
	return m
}
