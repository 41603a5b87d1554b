// Package sdk is the official clients of providers, pointed at a gateway.
package sdk

import (
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// Claude is the official client with nothing changed but its base URL.
func Claude(g *gatewaytest.Gateway, opts ...option.RequestOption) anthropic.Client {
	return anthropic.NewClient(append([]option.RequestOption{
		option.WithBaseURL(g.URL), option.WithAPIKey("sk-client"), option.WithMaxRetries(0),
	}, opts...)...)
}

// MessageParams ask a model with one text.
func MessageParams(model, text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: anthropic.Model(model), MaxTokens: 4096,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

// Message reads a stream to its end.
func Message(t *testing.T, client anthropic.Client, params anthropic.MessageNewParams) (m anthropic.Message) {
	t.Helper()
	stream := client.Messages.NewStreaming(t.Context(), params)
	for stream.Next() {
		if err := m.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if stream.Err() != nil {
		t.Fatal(stream.Err())
	}
	return m
}
