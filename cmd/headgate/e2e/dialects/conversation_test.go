package dialects

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// talkLinks are the links that take turns, by the names of their chains. The simulated
// provider refuses of each what its vendor refuses, and all show their reasoning.
var talkLinks = []struct{ name, use, api string }{
	{"talk-gpt", "gpt/gpt-5-mini+reasoning=9+reasoning-content", "auto"},
	{"talk-claude", "claude45/claude-sonnet-4-5", "auto"},
	{"talk-seek", "seek/deepseek-v4-pro+reasoning=9+reasoning-content", "auto"},
	{"talk-groq", "groq/openai/gpt-oss-120b+reasoning=9+reasoning-content", "auto"},
	{"talk-mistral", "mistral/mistral-large-2512+reasoning=9+reasoning-content", "auto"},
	{"talk-o", "gpt/o4-mini+reasoning=9", "responses"}, // is asked for responses by clients of all dialects
}

// talkPolicy returns a provider and a gateway with a chain for each link, that begins
// with it.
func talkPolicy(t *testing.T) (*gatewaytest.Gateway, *gatewaytest.Provider) {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text := "version: 1\nunpriced: flag\nbackends:\n"
	for _, b := range []struct{ name, provider string }{
		{"gpt", "openai"}, {"claude45", "anthropic"}, {"seek", "deepseek"}, {"groq", "groq"}, {"mistral", "mistral"},
	} {
		text += fmt.Sprintf("  %s: {provider: %s, url: %q, credential: {env: %s}}\n", b.name, b.provider, p.URL, gatewaytest.BackendKeyName)
	}
	text += "models:\n"
	for i := range talkLinks {
		chain := ""
		for k := range talkLinks {
			chain += talkLinks[(i+k)%len(talkLinks)].use + ", "
		}
		text += fmt.Sprintf("  %s: {chain: [%s], retries: 0, api: %s}\n", talkLinks[i].name, chain[:len(chain)-2], talkLinks[i].api)
	}
	return gatewaytest.Start(t, text, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}), p
}

const (
	talkTurns = 10
	talkAsks  = "Go on. [[sim tool=weather]]"
)

// TestConversationsThroughChangingLinks plays ten turns, each with a tool call and
// thinking. Each answer comes from another link than the one before, in every order of
// two, also between a call and its result; clients send answers back as they came.
func TestConversationsThroughChangingLinks(t *testing.T) {
	t.Parallel()
	g, p := talkPolicy(t)
	for stride := 1; stride < len(talkLinks); stride++ {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("OpenAI, stride %d, stream %t", stride, stream), func(t *testing.T) {
				openAITalk(t, g, p.With(t), stride, stream)
			})
			t.Run(fmt.Sprintf("Anthropic, stride %d, stream %t", stride, stream), func(t *testing.T) {
				claudeTalk(t, g, p.With(t), stride, stream)
			})
			t.Run(fmt.Sprintf("Responses, stride %d, stream %t", stride, stream), func(t *testing.T) {
				responsesTalk(t, g, p.With(t), stride, stream)
			})
		}
	}
}

func openAITalk(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, stride int, stream bool) {
	client := sdk.OpenAI(g)
	params := openai.ChatCompletionNewParams{Tools: []openai.ChatCompletionToolUnionParam{openAITool("weather")}}
	n := 0
	answer := func() openai.ChatCompletionMessage {
		link := talkLinks[n*stride%len(talkLinks)]
		n++
		params.Model, params.ReasoningEffort = link.name, shared.ReasoningEffortLow
		if link.name == "talk-mistral" {
			params.ReasoningEffort = ""
		}
		before := len(p.Settled())
		c, back := asItCame(t, client, params, stream)
		answered(t, p, before, link.use)
		params.Messages = append(params.Messages, back)
		return c.Choices[0].Message
	}
	for turn := range talkTurns {
		params.Messages = append(params.Messages, openai.UserMessage(talkAsks))
		m := answer()
		if len(m.ToolCalls) != 1 {
			t.Fatalf("turn %d: %s", turn, m.RawJSON())
		}
		params.Messages = append(params.Messages, openai.ToolMessage("sunny", m.ToolCalls[0].ID))
		if turn%3 == 2 { // a client may speak before the model does
			params.Messages = append(params.Messages, openai.UserMessage("And tomorrow?"))
		}
		if m = answer(); m.Content == "" {
			t.Fatalf("turn %d: %s", turn, m.RawJSON())
		}
	}
}

// asItCame asks and returns the answer with the message that a client appends: what the
// server wrote in a whole answer, what the SDK has gathered and the reasoning of a
// stream.
func asItCame(t *testing.T, client openai.Client, params openai.ChatCompletionNewParams, stream bool) (openai.ChatCompletion, openai.ChatCompletionMessageParamUnion) {
	t.Helper()
	c, details := thinking(t, client, params, stream)
	if !stream {
		raw := json.RawMessage(c.Choices[0].Message.RawJSON())
		return c, param.Override[openai.ChatCompletionMessageParamUnion](raw)
	}
	back := c.Choices[0].Message.ToParam()
	more := map[string]any{"annotations": []any{}, "reasoning_content": "hm"}
	if details != nil {
		more["reasoning_details"] = details
	}
	back.OfAssistant.SetExtraFields(more)
	return c, back
}

// answered holds that the request went to this link, and no other had to help.
func answered(t *testing.T, p *gatewaytest.Provider, before int, use string) {
	t.Helper()
	served := p.Settled()[before:]
	if len(served) != 1 || served[0].Status != 200 {
		t.Fatalf("%d attempts for %s", len(served), use)
	}
	body := gatewaytest.Decoded(t, served[0].Body)
	if _, model, _ := strings.Cut(use, "/"); body["model"] != model {
		t.Fatalf("%v answered for %s", body["model"], use)
	}
}

func claudeTalk(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider, stride int, stream bool) {
	client := sdk.Claude(g)
	params := sdk.MessageParams("", talkAsks)
	params.Messages = nil
	params.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
	n := 0
	answer := func() anthropic.Message {
		link := talkLinks[n*stride%len(talkLinks)]
		n++
		params.Model, params.Thinking = anthropic.Model(link.name), anthropic.ThinkingConfigParamOfEnabled(2048)
		if link.name == "talk-mistral" {
			params.Thinking = anthropic.ThinkingConfigParamUnion{}
		}
		before := len(p.Settled())
		m := claudeAnswer(t, client, params, stream)
		answered(t, p, before, link.use)
		params.Messages = append(params.Messages, m.ToParam())
		return m
	}
	for turn := range talkTurns {
		params.Messages = append(params.Messages, anthropic.NewUserMessage(anthropic.NewTextBlock(talkAsks)))
		m := answer()
		last := m.Content[len(m.Content)-1]
		if last.Type != "tool_use" {
			t.Fatalf("turn %d: %s", turn, m.RawJSON())
		}
		result := []anthropic.ContentBlockParamUnion{anthropic.NewToolResultBlock(last.ID, "sunny", false)}
		if turn%3 == 2 {
			result = append(result, anthropic.NewTextBlock("And tomorrow?"))
		}
		params.Messages = append(params.Messages, anthropic.NewUserMessage(result...))
		if m = answer(); len(m.Content) == 0 || m.Content[len(m.Content)-1].Type != "text" {
			t.Fatalf("turn %d: %s", turn, m.RawJSON())
		}
	}
}
