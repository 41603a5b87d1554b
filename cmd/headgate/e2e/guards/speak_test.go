package guards

import (
	"errors"
	"net/http"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	claudeoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// said is what an official SDK made of an answer.
type said struct {
	text, refusal, finish string
	out                   int64 // tokens
	header                http.Header
	status                int   // of the error that it raised
	err                   error // of a stream that has begun, or of no HTTP status
}

// speak asks a model through the official SDK of a way's dialect, with a directive for the
// provider.
func (r *rig) speak(t *testing.T, w gatewaytest.Way, model, text, sim string) said {
	t.Helper()
	var resp *http.Response
	var s said
	var err error
	if w.Claude() {
		s, err = r.speakClaude(t, w, model, text, claudeoption.WithResponseInto(&resp), claudeoption.WithHeader("x-sim", sim))
	} else {
		s, err = r.speakOpenAI(t, w, model, text, option.WithResponseInto(&resp), option.WithHeader("x-sim", sim))
	}
	var o *openai.Error
	var a *anthropic.Error
	switch {
	case errors.As(err, &o):
		s.status, resp = o.StatusCode, o.Response
	case errors.As(err, &a):
		s.status, resp = a.StatusCode, a.Response
	default:
		s.err = err
	}
	if resp == nil {
		t.Fatal(err)
	}
	s.header = resp.Header
	return s
}

func (r *rig) speakOpenAI(t *testing.T, w gatewaytest.Way, model, text string, opts ...option.RequestOption) (s said, err error) {
	t.Helper()
	client, params := sdk.OpenAI(r.Gateway, opts...), sdk.ChatParams(model, text)
	if !w.Stream {
		c, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil {
			return said{}, err
		}
		m := c.Choices[0].Message
		return said{text: m.Content, refusal: m.Refusal, finish: c.Choices[0].FinishReason, out: c.Usage.CompletionTokens}, nil
	}
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	events := client.Chat.Completions.NewStreaming(t.Context(), params)
	for events.Next() {
		chunk := events.Current()
		for i := range chunk.Choices {
			c := &chunk.Choices[i]
			s.text, s.refusal, s.finish = s.text+c.Delta.Content, s.refusal+c.Delta.Refusal, s.finish+c.FinishReason
		}
		s.out += chunk.Usage.CompletionTokens
	}
	return s, events.Err()
}

// finishes are the words of Anthropic's ends that mean those of OpenAI.
var finishes = map[anthropic.StopReason]string{"end_turn": "stop", "tool_use": "tool_calls", "refusal": "content_filter"}

func (r *rig) speakClaude(t *testing.T, w gatewaytest.Way, model, text string, opts ...claudeoption.RequestOption) (s said, err error) {
	t.Helper()
	client, params := sdk.Claude(r.Gateway, opts...), sdk.MessageParams(model, text)
	m := &anthropic.Message{}
	if w.Stream {
		events := client.Messages.NewStreaming(t.Context(), params)
		for events.Next() {
			if err := m.Accumulate(events.Current()); err != nil {
				return said{}, err
			}
		}
		err = events.Err()
	} else {
		m, err = client.Messages.New(t.Context(), params)
	}
	if m == nil {
		return said{}, err
	}
	for i := range m.Content {
		s.text += m.Content[i].Text
	}
	s.finish, s.out = finishes[m.StopReason], m.Usage.OutputTokens
	return s, err
}
