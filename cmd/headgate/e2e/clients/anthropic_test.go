package clients

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

func TestAnthropicGo(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	client := sdk.Claude(g)
	want := gatewaytest.DirectAnswer(t, p)
	t.Run("plain", func(t *testing.T) {
		got, err := client.Messages.New(t.Context(), sdk.MessageParams("renamed-claude", "go plain"))
		if err != nil || got.Content[0].Text != want || got.Model != "plain-claude" {
			t.Fatalf("%v %+v", err, got)
		}
		if u := p.With(t).Find("go plain").Usage; got.Usage.InputTokens != int64(u.Input) || got.Usage.OutputTokens != int64(u.TotalOutput()) {
			t.Errorf("usage %s, served %+v", got.Usage.RawJSON(), u)
		}
	})
	t.Run("streamed", func(t *testing.T) {
		if got := sdk.Message(t, client, sdk.MessageParams("renamed-claude", "go streamed")); got.Content[0].Text != want || got.StopReason != "end_turn" {
			t.Errorf("got %s", got.RawJSON())
		}
	})
	t.Run("tools", func(t *testing.T) { anthropicTools(t, client, want) })
	t.Run("count tokens", func(t *testing.T) {
		params := sdk.MessageParams("renamed-claude", "count these words")
		got, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: params.Model, Messages: params.Messages})
		if err != nil || got.InputTokens != sim.PrimeTokens+sim.FrameTokens+3 {
			t.Errorf("%v %+v", err, got)
		}
	})
	t.Run("models", func(t *testing.T) {
		list, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
		if err != nil || len(list.Data) == 0 || list.Data[0].ID != "fast" {
			t.Errorf("%v %+v", err, list)
		}
		one, err := client.Models.Get(t.Context(), "plain-claude", anthropic.ModelGetParams{})
		if err != nil || one.ID != "plain-claude" {
			t.Errorf("%v %+v", err, one)
		}
	})
	t.Run("aborted stream", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stream := client.Messages.NewStreaming(ctx, sdk.MessageParams("plain-claude", "go aborts [[sim hang=4]]"))
		for range 3 { // the client hides the ping
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
		}
		cancel()
		for stream.Next() {
		}
		if !errors.Is(stream.Err(), context.Canceled) {
			t.Errorf("after the abort: %v", stream.Err())
		}
		if served := p.With(t).Find("go aborts"); served.Ended != sim.EndedHung {
			t.Errorf("served %+v", served)
		}
	})
	t.Run("a stream that breaks off", func(t *testing.T) {
		stream := client.Messages.NewStreaming(t.Context(), sdk.MessageParams("plain-claude", "go breaks [[sim cut=5 pause=20ms]]"))
		for stream.Next() {
		}
		if !errors.Is(stream.Err(), io.ErrUnexpectedEOF) {
			t.Errorf("it ended with %v", stream.Err())
		}
	})
}

// anthropicTools lets two calls be made at once, answers them and gets the text.
func anthropicTools(t *testing.T, client anthropic.Client, want string) {
	for _, streamed := range []bool{false, true} {
		params := sdk.MessageParams("renamed-claude", "Weather in two towns? [[sim tools=2]]")
		params.Tools = []anthropic.ToolUnionParam{
			anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}}, "get_weather"),
		}
		var got anthropic.Message
		if streamed {
			got = sdk.Message(t, client, params)
		} else {
			m, err := client.Messages.New(t.Context(), params)
			if err != nil {
				t.Fatal(err)
			}
			got = *m
		}
		var results []anthropic.ContentBlockParamUnion
		for _, block := range got.Content {
			if block.Type == "tool_use" && block.Name == "get_weather" && json.Valid(block.Input) {
				results = append(results, anthropic.NewToolResultBlock(block.ID, "sunny", false))
			}
		}
		if len(results) != 2 || got.StopReason != "tool_use" {
			t.Fatalf("got %s", got.RawJSON())
		}
		params.Messages = append(params.Messages, got.ToParam(), anthropic.NewUserMessage(results...))
		after, err := client.Messages.New(t.Context(), params)
		if err != nil || after.Content[0].Text != want {
			t.Errorf("after the results: %v %+v", err, after)
		}
	}
}

// TestAnthropicGoErrors holds that the client raises its typed error, and that it
// tries again if, and only if, that can help.
func TestAnthropicGoErrors(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		model, sim string
		status     int
		kind       string
		tries      int // at the provider, with one retry of the client's
	}{
		{"plain-claude", "status=400", 400, "invalid_request_error", 1},
		{"plain-claude", "status=401", 401, "authentication_error", 1},
		{"plain-claude", "status=403", 403, "permission_error", 1},
		{"plain-claude", "status=404", 404, "not_found_error", 1},
		{"nothing", "status=400", 404, "not_found_error", 0},
		{"plain-claude", "status=429 retry-after-ms=200", 429, "rate_limit_error", 2},
		{"once-claude", "status=529", 529, "overloaded_error", 2},
	} {
		t.Run(c.sim+" "+c.model, func(t *testing.T) {
			t.Parallel()
			p, mark := p.With(t), "raises "+c.model+" "+c.sim
			client := sdk.Claude(g, option.WithMaxRetries(1))
			_, err := client.Messages.New(t.Context(), sdk.MessageParams(c.model, mark+" [[sim "+c.sim+"]]"))
			var e *anthropic.Error
			if !errors.As(err, &e) || e.StatusCode != c.status {
				t.Fatalf("got %v", err)
			}
			var body gatewaytest.Refusal
			if err := json.Unmarshal([]byte(e.RawJSON()), &body); err != nil || body.Type != "error" || body.Error.Type != c.kind || body.Error.Message == "" {
				t.Errorf("%v: %s", err, e.RawJSON())
			}
			if c.tries > 0 {
				if all := p.FindAll(mark, c.tries); len(all) != c.tries {
					t.Errorf("%d requests at the provider, want %d", len(all), c.tries)
				}
			}
		})
	}
}
