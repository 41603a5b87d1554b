package main_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	claudeoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDialectMatrix asks for each feature in each client's dialect, of a backend
// of each dialect, whole and streamed. The client's SDK must see the same, and the
// provider must get what its own SDK would have sent.
func TestDialectMatrix(t *testing.T) {
	t.Parallel()
	g, p := serve(t, "")
	golds := map[string]*golden{"openai": openGolden(t, "openai"), "anthropic": openGolden(t, "anthropic")}
	for _, w := range ways {
		t.Run(w.String(), func(t *testing.T) {
			for _, f := range features {
				for backend, model := range map[string]string{"openai": "plain", "anthropic": "plain-claude"} {
					t.Run(f.name+" to "+backend, func(t *testing.T) {
						p := p.With(t)
						ask := askAs(&f, w, model)
						if ask == nil {
							t.Skip("this client has no words for it")
						}
						before := len(p.Served())
						got, used, id := ask(t, g)
						if d := cmp.Diff(f.want, got, cmpopts.EquateEmpty()); d != "" {
							t.Errorf("meaning (-want +got):\n%s", d)
						}
						served := p.Last(before + 1)
						if u := served.Usage; used != [2]int64{int64(u.TotalInput()), int64(u.TotalOutput())} {
							t.Errorf("usage %v, served %+v", used, u)
						}
						checkUsage(t, g.With(t).Row(id), served.Usage)
						checkWords(t, backend, served.Body)
						if backend != w.dialect {
							golds[w.dialect].check(t, f.name, served.Body)
						}
					})
				}
			}
		})
	}
}

// asking asks for a feature. It returns what the SDK makes of the answer, its input
// and output tokens, and the exchange's id.
type asking func(*testing.T, *gatewaytest.Gateway) (m meaning, used [2]int64, id string)

// askAs returns how the SDK of a way asks for a feature; nil where it cannot.
func askAs(f *feature, w way, model string) asking {
	if w.claude() {
		if f.claude == nil {
			return nil
		}
		params := anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 4096}
		f.claude(&params)
		return func(t *testing.T, g *gatewaytest.Gateway) (meaning, [2]int64, string) {
			var resp *http.Response
			m := claudeAnswer(t, claude(g, claudeoption.WithResponseInto(&resp)), params, w.stream)
			u := m.Usage
			return claudeMeaning(m), [2]int64{u.InputTokens + u.CacheReadInputTokens + u.CacheCreationInputTokens, u.OutputTokens}, resp.Header.Get(record.ExchangeHeader)
		}
	}
	params := openai.ChatCompletionNewParams{}
	f.openai(&params)
	params.Model = model
	return func(t *testing.T, g *gatewaytest.Gateway) (meaning, [2]int64, string) {
		var resp *http.Response
		c := openAIAnswer(t, openAI(g, option.WithResponseInto(&resp)), params, w.stream)
		return openAIMeaning(c), [2]int64{c.Usage.PromptTokens, c.Usage.CompletionTokens}, resp.Header.Get(record.ExchangeHeader)
	}
}

func openAIAnswer(t *testing.T, client openai.Client, params openai.ChatCompletionNewParams, stream bool) openai.ChatCompletion {
	t.Helper()
	if stream {
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		acc, _ := accumulate(t, client, params)
		return acc.ChatCompletion
	}
	c, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

func claudeAnswer(t *testing.T, client anthropic.Client, params anthropic.MessageNewParams, stream bool) anthropic.Message {
	t.Helper()
	if stream {
		return message(t, client, params)
	}
	m, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

func openAIMeaning(c openai.ChatCompletion) (m meaning) {
	for _, choice := range c.Choices {
		m.Text, m.Finish = choice.Message.Content, choice.FinishReason
		for _, call := range choice.Message.ToolCalls {
			m.Calls = append(m.Calls, toolCall{call.Function.Name, call.Function.Arguments})
		}
		_ = json.Unmarshal([]byte(choice.Message.JSON.ExtraFields["reasoning_content"].Raw()), &m.Thought)
	}
	return m
}

// claudeMeaning reads a message. The words for its end are the finish reasons that
// mean the same.
func claudeMeaning(msg anthropic.Message) (m meaning) {
	for _, block := range msg.Content {
		m.Text += block.Text
		m.Thought += block.Thinking
		if block.Type == "tool_use" {
			m.Calls = append(m.Calls, toolCall{block.Name, string(block.Input)})
		}
	}
	m.Finish = map[anthropic.StopReason]string{
		"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls", "refusal": "content_filter",
	}[msg.StopReason]
	return m
}

// checkWords holds that a provider's own types know every word of a request: read
// into them and written again it says the same.
func checkWords(t *testing.T, dialect string, body []byte) {
	t.Helper()
	want := decoded(t, body)
	got := reread[openai.ChatCompletionNewParams](t, body)
	if dialect == "anthropic" {
		got = reread[anthropic.MessageNewParams](t, body)
		inBlocks(want)
	} else if choice, ok := want["tool_choice"].(map[string]any); ok {
		// Inside its union the SDK reads it as another choice of the same form.
		b, err := json.Marshal(choice)
		if err != nil {
			t.Fatal(err)
		}
		got["tool_choice"] = reread[openai.ChatCompletionNamedToolChoiceParam](t, b)
	}
	delete(want, "stream") // the SDKs add it by themselves, outside these types
	if d := cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(_ string, v any) bool { return v == nil })); d != "" {
		t.Errorf("sent, and as the provider's own types have it (-sent +read):\n%s", d)
	}
}

// reread reads JSON into a type and writes it again.
func reread[T any](t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%T: %v: %s", v, err, body)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, again)
}

// inBlocks writes texts as the lists of one block that Anthropic's types make of
// them.
func inBlocks(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"content", "system"} {
			if text, ok := v[key].(string); ok {
				v[key] = []any{map[string]any{"type": "text", "text": text}}
			}
		}
		for _, member := range v {
			inBlocks(member)
		}
	case []any:
		for _, element := range v {
			inBlocks(element)
		}
	}
}

func decoded(t *testing.T, body []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return m
}

// golden holds what reaches the backends of the other dialect, by feature. A
// stream differs in that it says so.
type golden struct {
	path string
	all  map[string]any
}

func openGolden(t *testing.T, dialect string) *golden {
	t.Helper()
	g := &golden{path: filepath.Join("testdata", "from-"+dialect+".json"), all: map[string]any{}}
	if *update {
		t.Cleanup(func() {
			b, err := json.MarshalIndent(g.all, "", " ")
			if err == nil {
				err = os.WriteFile(g.path, append(b, '\n'), 0o644)
			}
			if err != nil {
				t.Error(err)
			}
		})
		return g
	}
	b, err := os.ReadFile(g.path)
	if err == nil {
		err = json.Unmarshal(b, &g.all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *golden) check(t *testing.T, name string, body []byte) {
	t.Helper()
	got := decoded(t, body)
	delete(got, "stream")
	delete(got, "stream_options")
	if *update {
		g.all[name] = got
		return
	}
	if d := cmp.Diff(g.all[name], any(got)); d != "" {
		t.Errorf("what reached the provider (-golden +got):\n%s", d)
	}
}
