package sim

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/headgate/headgate/extproc/sim/anthropic"
	"github.com/headgate/headgate/extproc/sim/wire"
)

func anthropicClient(r *Running, opts ...option.RequestOption) sdk.Client {
	return sdk.NewClient(append([]option.RequestOption{
		option.WithBaseURL(r.URL), option.WithAPIKey("sk-ant-test"), option.WithMaxRetries(0),
	}, opts...)...)
}

func messageParams(model string) sdk.MessageNewParams {
	return sdk.MessageNewParams{
		Model: sdk.Model(model), MaxTokens: 4096,
		System:   []sdk.TextBlockParam{{Text: "Be brief."}},
		Messages: []sdk.MessageParam{sdk.NewUserMessage(sdk.NewTextBlock("Hello!"))},
	}
}

func TestAnthropicPlainAndCount(t *testing.T) {
	s, r := start(t, Options{})
	client := anthropicClient(r)
	got, err := client.Messages.New(timeout(t), messageParams("claude-sonnet-5+tokens=9"))
	if err != nil {
		t.Fatal(err)
	}
	const prompt = wire.PrimeTokens + 2*wire.FrameTokens + 3 + 2
	if got.Model != "claude-sonnet-5" || wire.CountTokens(got.Content[0].Text) != 9 || got.StopReason != "end_turn" {
		t.Errorf("got %s", got.RawJSON())
	}
	if got.Usage.InputTokens != prompt || got.Usage.OutputTokens != 9 {
		t.Errorf("usage %s", got.Usage.RawJSON())
	}
	if u := last(t, s, 1).Usage; u != (Usage{Input: prompt, Output: 9}) {
		t.Errorf("served %+v", u)
	}
	p := messageParams("claude-sonnet-5")
	count, err := client.Messages.CountTokens(timeout(t), sdk.MessageCountTokensParams{
		Model: p.Model, Messages: p.Messages, System: sdk.MessageCountTokensParamsSystemUnion{OfTextBlockArray: p.System},
	})
	if err != nil || count.InputTokens != prompt {
		t.Errorf("count: %v %v", err, count)
	}
	if u := last(t, s, 2).Usage; u != (Usage{}) {
		t.Errorf("counting cost %+v", u)
	}
}

// accumulate reads a stream to its end.
func accumulate(t *testing.T, client sdk.Client, params sdk.MessageNewParams) (sdk.Message, map[string]int) {
	t.Helper()
	stream := client.Messages.NewStreaming(timeout(t), params)
	message, kinds := sdk.Message{}, map[string]int{}
	for stream.Next() {
		event := stream.Current()
		kinds[event.Type]++
		if err := message.Accumulate(event); err != nil {
			t.Fatal(err)
		}
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	return message, kinds
}

func TestAnthropicStreamWithThinkingAndTools(t *testing.T) {
	s, r := start(t, Options{})
	client := anthropicClient(r)
	params := messageParams("claude-sonnet-4-5")
	params.Thinking = sdk.ThinkingConfigParamOfEnabled(1024)
	params.Tools = []sdk.ToolUnionParam{
		sdk.ToolUnionParamOfTool(sdk.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}}, "get_weather"),
		sdk.ToolUnionParamOfTool(sdk.ToolInputSchemaParam{Properties: map[string]any{}}, "now"),
	}
	params.Messages = []sdk.MessageParam{sdk.NewUserMessage(sdk.NewTextBlock("Weather, and the time? [[sim tools=2]]"))}
	message, kinds := accumulate(t, client, params)
	if len(message.Content) != 3 || message.Content[0].Type != "thinking" || message.StopReason != "tool_use" || kinds["message_stop"] != 1 {
		t.Fatalf("%v %s", kinds, message.RawJSON())
	}
	if args := string(message.Content[1].Input); args != `{"city":"café 中文 😀"}` || string(message.Content[2].Input) != "{}" {
		t.Errorf("inputs %s, %s", args, message.Content[2].Input)
	}
	u := last(t, s, 1).Usage
	if message.Usage.OutputTokens != int64(u.TotalOutput()) || u.Reasoning != anthropic.ThinkingTokens || message.Usage.InputTokens != int64(u.Input) {
		t.Errorf("usage %s, served %+v", message.Usage.RawJSON(), u)
	}
	params.Messages = append(params.Messages, message.ToParam(), sdk.NewUserMessage(
		sdk.NewToolResultBlock(message.Content[1].ID, "sunny", false), sdk.NewToolResultBlock(message.Content[2].ID, "noon", false)))
	if message, _ = accumulate(t, client, params); message.Content[1].Text != answerText || message.StopReason != "end_turn" {
		t.Errorf("after the results: %s", message.RawJSON())
	}
	// A thinking block that was changed is refused.
	thinking := params.Messages[1].Content[0].OfThinking
	thinking.Thinking += " But no."
	if _, err := client.Messages.New(timeout(t), params); status(err) != 400 {
		t.Errorf("changed thinking: %v", err)
	}
}

func status(err error) int {
	var e *sdk.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.StatusCode
}

func TestAnthropicTypedErrors(t *testing.T) {
	for sim, want := range map[string]struct {
		status     int
		typ, retry string
	}{
		"status=401":               {401, "authentication_error", ""},
		"status=402":               {402, "billing_error", ""},
		"status=403":               {403, "permission_error", ""},
		"status=404":               {404, "not_found_error", ""},
		"status=413":               {413, "request_too_large", ""},
		"status=429;retry-after=7": {429, "rate_limit_error", "7"},
		"status=500":               {500, "api_error", ""},
		"status=504":               {504, "timeout_error", ""},
		"status=529":               {529, "overloaded_error", ""},
	} {
		t.Run(sim, func(t *testing.T) {
			_, r := start(t, Options{})
			client := anthropicClient(r, option.WithHeader("X-Sim", sim))
			_, err := client.Messages.New(timeout(t), messageParams("claude-sonnet-5"))
			var e *sdk.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			var body struct {
				Type  string
				Error struct{ Type string }
			}
			if err := json.Unmarshal([]byte(e.RawJSON()), &body); err != nil {
				t.Fatal(err)
			}
			if e.StatusCode != want.status || body.Error.Type != want.typ || e.Response.Header.Get("Retry-After") != want.retry || e.RequestID == "" {
				t.Errorf("got %d %q %v", e.StatusCode, body.Error.Type, e.Response.Header)
			}
		})
	}
}

func TestAnthropicModels(t *testing.T) {
	_, r := start(t, Options{})
	client := anthropicClient(r)
	var names []string
	pager := client.Models.ListAutoPaging(timeout(t), sdk.ModelListParams{Limit: sdk.Int(2)})
	for pager.Next() {
		names = append(names, pager.Current().ID)
	}
	if pager.Err() != nil || len(names) != 4 || names[0] != "claude-opus-5" {
		t.Errorf("%v %v", pager.Err(), names)
	}
	if m, err := client.Models.Get(timeout(t), "claude-opus-5", sdk.ModelGetParams{}); err != nil || m.DisplayName == "" {
		t.Errorf("get: %v %+v", err, m)
	}
}

func TestAnthropicClientAborts(t *testing.T) {
	s, r := start(t, Options{Clock: realClock{}})
	ctx, cancel := context.WithCancel(timeout(t))
	client := anthropicClient(r)
	stream := client.Messages.NewStreaming(ctx, messageParams("claude-sonnet-5+tps=5+tokens=1000"))
	for range 4 {
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
	}
	cancel()
	stream.Close()
	if served := last(t, s, 1); served.Ended != EndedClientGone || served.Usage.Output > 20 || served.Usage.Input == 0 {
		t.Errorf("served %+v", served)
	}
}

func TestAnthropicErrorInsideAStream(t *testing.T) {
	_, r := start(t, Options{})
	client := anthropicClient(r, option.WithHeader("X-Sim", "error=4;status=429"))
	stream := client.Messages.NewStreaming(timeout(t), messageParams("claude-sonnet-5"))
	n := 0
	for stream.Next() {
		n++
	}
	if stream.Err() == nil || n == 0 {
		t.Errorf("%d events, error %v", n, stream.Err())
	}
}
