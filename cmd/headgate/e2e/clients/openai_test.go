package clients

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

func TestOpenAIGo(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	client := sdk.OpenAI(g)
	want := gatewaytest.DirectAnswer(t, p)
	t.Run("plain", func(t *testing.T) {
		got, err := client.Chat.Completions.New(t.Context(), sdk.ChatParams("renamed", "go plain"))
		if err != nil || got.Choices[0].Message.Content != want || got.Model != "plain" {
			t.Fatalf("%v %+v", err, got)
		}
		if u := p.With(t).Find("go plain").Usage; got.Usage.PromptTokens != int64(u.TotalInput()) || got.Usage.CompletionTokens != int64(u.TotalOutput()) {
			t.Errorf("usage %s, served %+v", got.Usage.RawJSON(), u)
		}
	})
	t.Run("streamed", func(t *testing.T) {
		for _, usage := range []bool{false, true} {
			params := sdk.ChatParams("renamed", "go streamed")
			if usage {
				params.StreamOptions.IncludeUsage = openai.Bool(true)
			}
			acc, empty := sdk.Accumulate(t, client, params)
			if acc.Choices[0].Message.Content != want || (empty == 1) != usage || (acc.Usage.TotalTokens > 0) != usage {
				t.Errorf("usage %t: %d chunks without a choice, %+v", usage, empty, acc)
			}
		}
	})
	t.Run("tools", func(t *testing.T) { openAITools(t, client, want) })
	t.Run("embeddings", func(t *testing.T) { openAIEmbeddings(t, client) })
	t.Run("models", func(t *testing.T) {
		list, err := client.Models.List(t.Context())
		if err != nil || len(list.Data) == 0 || list.Data[0].ID != "fast" {
			t.Errorf("%v %+v", err, list)
		}
		one, err := client.Models.Get(t.Context(), "plain")
		if err != nil || one.ID != "plain" || one.OwnedBy != "headgate" {
			t.Errorf("%v %+v", err, one)
		}
	})
	t.Run("aborted stream", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		stream := client.Chat.Completions.NewStreaming(ctx, sdk.ChatParams("plain", "go aborts [[sim hang=4]]"))
		for range 4 {
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
		}
		cancel()
		if stream.Next() || !errors.Is(stream.Err(), context.Canceled) {
			t.Errorf("after the abort: %v", stream.Err())
		}
		if served := p.With(t).Find("go aborts"); served.Ended != sim.EndedHung || served.Events != 4 {
			t.Errorf("served %+v", served)
		}
	})
	t.Run("a stream that breaks off", func(t *testing.T) {
		stream := client.Chat.Completions.NewStreaming(t.Context(), sdk.ChatParams("plain", "go breaks [[sim cut=4 pause=20ms]]"))
		for stream.Next() {
		}
		if !errors.Is(stream.Err(), io.ErrUnexpectedEOF) {
			t.Errorf("it ended with %v", stream.Err())
		}
	})
}

// openAITools lets two calls be made at once, answers them and gets the text.
func openAITools(t *testing.T, client openai.Client, want string) {
	for _, streamed := range []bool{false, true} {
		params := sdk.ChatParams("renamed", "Weather in two towns? [[sim tools=2]]")
		params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: "get_weather", Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
		})}
		params.ParallelToolCalls = openai.Bool(true)
		var message openai.ChatCompletionMessage
		if streamed {
			acc, _ := sdk.Accumulate(t, client, params)
			message = acc.Choices[0].Message
		} else {
			got, err := client.Chat.Completions.New(t.Context(), params)
			if err != nil {
				t.Fatal(err)
			}
			message = got.Choices[0].Message
		}
		if len(message.ToolCalls) != 2 || message.ToolCalls[0].ID == message.ToolCalls[1].ID {
			t.Fatalf("calls %+v", message.ToolCalls)
		}
		params.Messages = append(params.Messages, message.ToParam())
		for _, call := range message.ToolCalls {
			if call.Function.Name != "get_weather" || !json.Valid([]byte(call.Function.Arguments)) {
				t.Errorf("call %+v", call)
			}
			params.Messages = append(params.Messages, openai.ToolMessage("sunny", call.ID))
		}
		got, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil || got.Choices[0].Message.Content != want {
			t.Errorf("after the results: %v %+v", err, got)
		}
	}
}

// openAIEmbeddings asks for the same vector in both encodings.
func openAIEmbeddings(t *testing.T, client openai.Client) {
	params := openai.EmbeddingNewParams{
		Model: "renamed", Dimensions: openai.Int(64), EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
		Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("the same words")},
	}
	plain, err := client.Embeddings.New(t.Context(), params)
	if err != nil || len(plain.Data) != 1 || len(plain.Data[0].Embedding) != 64 || plain.Usage.PromptTokens == 0 {
		t.Fatalf("%v %+v", err, plain)
	}
	var coded struct {
		Data []struct{ Embedding string }
	}
	params.EncodingFormat = openai.EmbeddingNewParamsEncodingFormatBase64
	if _, err := client.Embeddings.New(t.Context(), params, option.WithResponseBodyInto(&coded)); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(coded.Data[0].Embedding)
	if err != nil || len(raw) != 4*64 {
		t.Fatalf("%v, %d bytes", err, len(raw))
	}
	for i, want := range plain.Data[0].Embedding {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); math.Abs(float64(got)-want) > 1e-6 {
			t.Fatalf("value %d is %v in base64, %v as float", i, got, want)
		}
	}
}

// TestOpenAIGoErrors holds that the client raises its typed error, and that it
// tries again if, and only if, that can help.
func TestOpenAIGoErrors(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		model, sim string
		status     int
		code, kind string
		tries      int // at the provider, with one retry of the client's
	}{
		{"plain", "status=400", 400, "", "invalid_request_error", 1},
		{"keyed", "status=401", 401, "backend_credential_rejected", "authentication_error", 1},
		{"keyed", "status=403", 403, "backend_credential_rejected", "permission_error", 1},
		{"plain", "status=404", 404, "model_not_found", "invalid_request_error", 1},
		{"nothing", "status=400", 404, "model_not_found", "invalid_request_error", 0},
		{"plain", "status=429 retry-after-ms=200", 429, "rate_limit_exceeded", "requests", 2},
		{"once", "status=503", 503, "", "server_error", 2},
	} {
		t.Run(c.sim+" "+c.model, func(t *testing.T) {
			t.Parallel()
			p, mark := p.With(t), "raises "+c.model+" "+c.sim
			client := sdk.OpenAI(g, option.WithMaxRetries(1))
			began := time.Now()
			_, err := client.Chat.Completions.New(t.Context(), sdk.ChatParams(c.model, mark+" [[sim "+c.sim+"]]"))
			var e *openai.Error
			if !errors.As(err, &e) || e.StatusCode != c.status || e.Code != c.code || e.Type != c.kind || e.Message == "" {
				t.Fatalf("got %v", err)
			}
			if took := time.Since(began); c.status == 429 && took < 200*time.Millisecond {
				t.Errorf("the client did not wait: %v", took)
			}
			if c.tries > 0 {
				if all := p.FindAll(mark, c.tries); len(all) != c.tries {
					t.Errorf("%d requests at the provider, want %d", len(all), c.tries)
				}
			}
		})
	}
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		client := sdk.OpenAI(g, option.WithRequestTimeout(200*time.Millisecond))
		_, err := client.Chat.Completions.New(t.Context(), sdk.ChatParams("plain", "go waits [[sim hang=headers]]"))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
