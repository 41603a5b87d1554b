package guards

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// heard is what an answer of either dialect says.
type heard struct {
	Text, Refusal, Args, Finish string
	Ended                       bool // a stream has its end
}

// hear reads an answer.
func hear(t *testing.T, w gatewaytest.Way, a *gatewaytest.Answer) (h heard) {
	t.Helper()
	if !w.Stream {
		h.whole(t, a.Body)
		return h
	}
	for _, ev := range a.Events() {
		for line := range strings.SplitSeq(ev, "\n") {
			data, ok := strings.CutPrefix(line, "data: ")
			switch {
			case !ok:
			case data == "[DONE]":
				h.Ended = true
			default:
				h.event(t, data)
			}
		}
	}
	return h
}

// spoken is a message of OpenAI's dialect, or a piece of one.
type spoken struct {
	Content, Refusal string
	ToolCalls        []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
}

func (h *heard) add(m *spoken, finish string) {
	h.Text, h.Refusal, h.Finish = h.Text+m.Content, h.Refusal+m.Refusal, h.Finish+finish
	for _, call := range m.ToolCalls {
		h.Args += call.Function.Arguments
	}
}

func (h *heard) event(t *testing.T, data string) {
	t.Helper()
	var ev struct {
		Type    string
		Choices []struct {
			Delta        spoken
			FinishReason string `json:"finish_reason"`
		}
		Delta struct {
			Text       string
			JSON       string `json:"partial_json"`
			StopReason string `json:"stop_reason"`
		}
	}
	if err := json.Unmarshal([]byte(data), &ev); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	h.Text, h.Args, h.Finish = h.Text+ev.Delta.Text, h.Args+ev.Delta.JSON, h.Finish+ev.Delta.StopReason
	h.Ended = h.Ended || ev.Type == "message_stop"
	for i := range ev.Choices {
		h.add(&ev.Choices[i].Delta, ev.Choices[i].FinishReason)
	}
}

func (h *heard) whole(t *testing.T, body string) {
	t.Helper()
	var a struct {
		Choices []struct {
			Message      spoken
			FinishReason string `json:"finish_reason"`
		}
		Content []struct {
			Text  string
			Input json.RawMessage
		}
		StopReason string `json:"stop_reason"`
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	h.Finish = a.StopReason
	for _, block := range a.Content {
		h.Text, h.Args = h.Text+block.Text, h.Args+string(block.Input)
	}
	for i := range a.Choices {
		h.add(&a.Choices[i].Message, a.Choices[i].FinishReason)
	}
}
