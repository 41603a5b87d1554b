package stages

import (
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicopt "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	openaiopt "github.com/openai/openai-go/v3/option"
)

// said is what an official SDK made of an answer.
type said struct {
	text, finish string
	in, out      int64
	err          error
}

// speak asks a model through the official SDK of a dialect.
func (r *rig) speak(t *testing.T, dialect, model, text string, stream bool) said {
	t.Helper()
	if dialect == "anthropic" {
		return r.speakAnthropic(t, model, text, stream)
	}
	return r.speakOpenAI(t, model, text, stream)
}

func (r *rig) speakOpenAI(t *testing.T, model, text string, stream bool) (s said) {
	c := openai.NewClient(openaiopt.WithBaseURL(r.URL+"/v1"), openaiopt.WithAPIKey("any"), openaiopt.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
	if !stream {
		got, err := c.Chat.Completions.New(t.Context(), params)
		if err != nil {
			return said{err: err}
		}
		return said{got.Choices[0].Message.Content, got.Choices[0].FinishReason, got.Usage.PromptTokens, got.Usage.CompletionTokens, nil}
	}
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	events := c.Chat.Completions.NewStreaming(t.Context(), params)
	for events.Next() {
		chunk := events.Current()
		for _, choice := range chunk.Choices {
			s.text += choice.Delta.Content
			if choice.FinishReason != "" {
				s.finish += choice.FinishReason
			}
		}
		if chunk.Usage.TotalTokens > 0 {
			s.in, s.out = chunk.Usage.PromptTokens, chunk.Usage.CompletionTokens
		}
	}
	s.err = events.Err()
	return s
}

func (r *rig) speakAnthropic(t *testing.T, model, text string, stream bool) (s said) {
	c := anthropic.NewClient(anthropicopt.WithBaseURL(r.URL), anthropicopt.WithAPIKey("any"), anthropicopt.WithMaxRetries(0))
	params := anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 200,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))}}
	var message anthropic.Message
	if !stream {
		got, err := c.Messages.New(t.Context(), params)
		if err != nil {
			return said{err: err}
		}
		message = *got
	} else {
		events := c.Messages.NewStreaming(t.Context(), params)
		for events.Next() {
			if err := message.Accumulate(events.Current()); err != nil {
				return said{err: err}
			}
		}
		s.err = events.Err()
	}
	for _, block := range message.Content {
		s.text += block.Text
	}
	s.finish, s.in, s.out = string(message.StopReason), message.Usage.InputTokens, message.Usage.OutputTokens
	return s
}
