package dialects

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
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDialectMatrix asks for each feature in each client's dialect, of a backend
// of each dialect, whole and streamed. The client's SDK must see the same, and the
// provider must get what its own SDK would have sent.
func TestDialectMatrix(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	golds := map[string]*golden{"openai": openGolden(t, "openai"), "anthropic": openGolden(t, "anthropic")}
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			for _, f := range features {
				for backend, model := range map[string]string{"openai": "plain", "anthropic": "plain-claude"} {
					t.Run(f.name+" to "+backend, func(t *testing.T) {
						p := p.With(t)
						ask := askAs(&f, w, model)
						if ask == nil {
							t.Skip("this client has no words for it")
						}
						before := len(p.Settled())
						got, used, id := ask(t, g)
						if d := cmp.Diff(f.want, got, cmpopts.EquateEmpty()); d != "" {
							t.Errorf("meaning (-want +got):\n%s", d)
						}
						served := p.Last(before + 1)
						if u := served.Usage; used != [2]int64{int64(u.TotalInput()), int64(u.TotalOutput())} {
							t.Errorf("usage %v, served %+v", used, u)
						}
						gatewaytest.CheckUsage(t, g.With(t).Row(id), served.Usage)
						sdk.CheckWords(t, backend, served.Body)
						if backend != w.Dialect {
							golds[w.Dialect].check(t, f.name, served.Body)
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

// askAs returns how the SDK of a way asks for a feature; nil if it cannot.
func askAs(f *feature, w gatewaytest.Way, model string) asking {
	if w.Claude() {
		if f.claude == nil {
			return nil
		}
		params := anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 4096}
		f.claude(&params)
		return func(t *testing.T, g *gatewaytest.Gateway) (meaning, [2]int64, string) {
			var resp *http.Response
			m := claudeAnswer(t, sdk.Claude(g, claudeoption.WithResponseInto(&resp)), params, w.Stream)
			u := m.Usage
			return claudeMeaning(m), [2]int64{u.InputTokens + u.CacheReadInputTokens + u.CacheCreationInputTokens, u.OutputTokens}, resp.Header.Get(record.ExchangeHeader)
		}
	}
	params := openai.ChatCompletionNewParams{}
	f.openai(&params)
	params.Model = model
	return func(t *testing.T, g *gatewaytest.Gateway) (meaning, [2]int64, string) {
		var resp *http.Response
		c := openAIAnswer(t, sdk.OpenAI(g, option.WithResponseInto(&resp)), params, w.Stream)
		return openAIMeaning(c), [2]int64{c.Usage.PromptTokens, c.Usage.CompletionTokens}, resp.Header.Get(record.ExchangeHeader)
	}
}

func openAIAnswer(t *testing.T, client openai.Client, params openai.ChatCompletionNewParams, stream bool) openai.ChatCompletion {
	t.Helper()
	if stream {
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		acc, _ := sdk.Accumulate(t, client, params)
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
		return sdk.Message(t, client, params)
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
	got := gatewaytest.Decoded(t, body)
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
