package sdk

import (
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// OpenAI is the official client with nothing changed but its base URL.
func OpenAI(g *gatewaytest.Gateway, opts ...option.RequestOption) openai.Client {
	return openai.NewClient(append([]option.RequestOption{
		option.WithBaseURL(g.URL + "/v1"), option.WithAPIKey("sk-client"), option.WithMaxRetries(0),
	}, opts...)...)
}

// ChatParams ask a model with one text.
func ChatParams(model, text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// Accumulate reads a stream to its end and counts the chunks without a choice.
func Accumulate(t *testing.T, client openai.Client, params openai.ChatCompletionNewParams) (acc openai.ChatCompletionAccumulator, empty int) {
	t.Helper()
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	for stream.Next() {
		chunk := stream.Current()
		if !acc.AddChunk(chunk) {
			t.Fatalf("chunk does not fit: %s", chunk.RawJSON())
		}
		if len(chunk.Choices) == 0 {
			empty++
		}
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	return acc, empty
}
