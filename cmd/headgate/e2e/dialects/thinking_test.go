package dialects

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/shared"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

// reasoningDetail is an element of reasoning_details.
type reasoningDetail struct {
	Type      string `json:"type"`
	Text      string `json:"text,omitempty"`
	Signature string `json:"signature,omitempty"`
	Format    string `json:"format,omitempty"`
	Index     int    `json:"index"`
}

// TestSignedThinkingComesBack lets a client of OpenAI's dialect loop through a tool
// with Claude, which goes on only if its signed thinking comes back as it was:
// the provider checks the signature.
func TestSignedThinkingComesBack(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	want := gatewaytest.DirectAnswer(t, p)
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("stream %t", stream), func(t *testing.T) {
			p, client := p.With(t), sdk.OpenAI(g)
			params := askOpenAI(callsOne)
			params.Model, params.ReasoningEffort = "plain-claude", shared.ReasoningEffortLow
			params.Tools = []openai.ChatCompletionToolUnionParam{openAITool("weather")}
			before := len(p.Settled())
			first, details := thinking(t, client, params, stream)
			if len(details) != 1 || details[0].Text == "" || details[0].Signature == "" || len(first.Choices[0].Message.ToolCalls) != 1 {
				t.Fatalf("details %+v, answer %s", details, first.RawJSON())
			}
			if got := first.Usage.CompletionTokensDetails.ReasoningTokens; got != sim.ThinkingTokens {
				t.Errorf("%d reasoning tokens", got)
			}
			call := first.Choices[0].Message.ToolCalls[0]
			back := first.Choices[0].Message.ToParam()
			back.OfAssistant.SetExtraFields(map[string]any{"reasoning_details": details})
			params.Messages = append(params.Messages, back, openai.ToolMessage("sunny", call.ID))
			second, _ := thinking(t, client, params, stream)
			if got := second.Choices[0].Message.Content; got != want {
				t.Errorf("after the result: %q", got)
			}
			var body anthropic.MessageNewParams
			if err := json.Unmarshal(p.Last(before+2).Body, &body); err != nil {
				t.Fatal(err)
			}
			sent := body.Messages[1].Content
			if len(sent) != 2 || sent[0].OfThinking == nil || sent[0].OfThinking.Thinking != details[0].Text ||
				sent[0].OfThinking.Signature != details[0].Signature || sent[1].OfToolUse.ID != call.ID || body.Thinking.OfEnabled == nil {
				t.Errorf("the provider got %s", p.Last(before+2).Body)
			}
		})
	}
}

// thinking asks and gathers the reasoning, which the SDK keeps as fields that it does
// not know.
func thinking(t *testing.T, client openai.Client, params openai.ChatCompletionNewParams, stream bool) (openai.ChatCompletion, []reasoningDetail) {
	t.Helper()
	var all []reasoningDetail
	if !stream {
		c := openAIAnswer(t, client, params, false)
		if raw := c.Choices[0].Message.JSON.ExtraFields["reasoning_details"].Raw(); raw != "" {
			if err := json.Unmarshal([]byte(raw), &all); err != nil {
				t.Fatal(err)
			}
		}
		return c, all
	}
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	var acc openai.ChatCompletionAccumulator
	events := client.Chat.Completions.NewStreaming(t.Context(), params)
	for events.Next() {
		chunk := events.Current()
		acc.AddChunk(chunk)
		for _, choice := range chunk.Choices {
			var pieces []reasoningDetail
			if raw := choice.Delta.JSON.ExtraFields["reasoning_details"].Raw(); raw != "" {
				if err := json.Unmarshal([]byte(raw), &pieces); err != nil {
					t.Fatal(err)
				}
			}
			for _, piece := range pieces {
				if piece.Index == len(all) {
					all = append(all, reasoningDetail{Type: piece.Type, Format: piece.Format, Index: piece.Index})
				}
				at := &all[piece.Index]
				at.Text, at.Signature = at.Text+piece.Text, at.Signature+piece.Signature
			}
		}
	}
	if events.Err() != nil {
		t.Fatal(events.Err())
	}
	return acc.ChatCompletion, all
}

// TestReasoningOfOtherProviders lets a client of Anthropic's dialect loop through a
// tool with a server that shows its reasoning: its parts have no signature, are shown,
// and do not come back.
func TestReasoningOfOtherProviders(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "  thinks: sim/gpt-5-mini\n")
	want := gatewaytest.DirectAnswer(t, p)
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("stream %t", stream), func(t *testing.T) {
			p, client := p.With(t), sdk.Claude(g)
			params := sdk.MessageParams("thinks", "Think. [[sim reasoning=9 reasoning-content tool=weather]]")
			params.Thinking = anthropic.ThinkingConfigParamOfEnabled(2048)
			params.Tools = []anthropic.ToolUnionParam{claudeTool("weather")}
			before := len(p.Settled())
			first := claudeAnswer(t, client, params, stream)
			if len(first.Content) != 2 || first.Content[0].Thinking == "" || first.Content[0].Signature != "" || first.Content[1].Type != "tool_use" {
				t.Fatalf("got %s", first.RawJSON())
			}
			if u := p.Last(before + 1).Usage; u.Reasoning != 9 || first.Usage.OutputTokens != int64(u.TotalOutput()) {
				t.Errorf("usage %s, served %+v", first.Usage.RawJSON(), u)
			}
			params.Messages = append(params.Messages, first.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(first.Content[1].ID, "sunny", false)))
			second := claudeAnswer(t, client, params, stream)
			if got := claudeMeaning(second); got.Text != want || got.Finish != "stop" {
				t.Errorf("after the result: %+v", got)
			}
			body := gatewaytest.Decoded(t, p.Last(before+2).Body)
			asked, _ := body["messages"].([]any)[1].(map[string]any)
			if _, there := asked["reasoning_content"]; there || body["reasoning_effort"] != "low" || len(asked["tool_calls"].([]any)) != 1 {
				t.Errorf("the provider got %v", body)
			}
		})
	}
}

// TestFinishReasons holds the words for an end that one dialect has and the other
// has not.
func TestFinishReasons(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	for _, c := range []struct{ client, model, says, want string }{
		{"openai", "plain-claude", "refusal", "content_filter"},
		{"openai", "plain-claude", "pause_turn", "stop"},
		{"openai", "plain-claude", "model_context_window_exceeded", "length"},
		{"openai", "plain-claude", "compaction", "stop"},
		{"anthropic", "plain", "content_filter", "refusal"},
		{"anthropic", "plain", "length", "max_tokens"},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s for a client of %s, stream %t", c.says, c.client, stream), func(t *testing.T) {
				text, got := "Why? [[sim finish="+c.says+"]]", ""
				if c.client == "openai" {
					params := askOpenAI(text)
					params.Model = c.model
					got = openAIAnswer(t, sdk.OpenAI(g), params, stream).Choices[0].FinishReason
				} else {
					got = string(claudeAnswer(t, sdk.Claude(g), sdk.MessageParams(c.model, text), stream).StopReason)
				}
				if got != c.want {
					t.Errorf("finished by %q, want %q", got, c.want)
				}
			})
		}
	}
}
