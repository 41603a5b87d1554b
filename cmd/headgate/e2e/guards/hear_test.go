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
	edges                       int  // beginnings and ends of blocks, in Anthropic's dialect
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
		Index   int
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
	h.block(t, ev.Type, ev.Index)
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

// block holds that blocks come one after the other, and each whole.
func (h *heard) block(t *testing.T, kind string, index int) {
	t.Helper()
	open := h.edges%2 == 1
	switch kind {
	case "content_block_start":
		if open || index != h.edges/2 {
			t.Errorf("block %d begins after %d, of which the last is open: %v", index, h.edges/2, open)
		}
		h.edges++
	case "content_block_delta", "content_block_stop":
		if !open || index != h.edges/2 {
			t.Errorf("%s of block %d, open: %v", kind, index, open)
		}
		if kind == "content_block_stop" {
			h.edges++
		}
	case "message_stop":
		if open {
			t.Error("the last block is open at the end")
		}
	}
}
