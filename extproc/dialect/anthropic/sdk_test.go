package anthropic_test

import (
	"bytes"
	"encoding/json"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/scan"
)

// judge is the vendor's SDK.
var judge = &canontest.Judge{Answer: sdkAnswer, Stream: sdkStream, Request: canontest.Rewrite[sdk.MessageNewParams], Loosen: loosen}

func sdkAnswer(t testing.TB, body []byte) canontest.Heard {
	t.Helper()
	return heard(canontest.Read[sdk.Message](t, body))
}

// sdkStream is what the SDK accumulates of a stream. It also holds the stream against
// the order that clients rely on: one block open at a time.
func sdkStream(t testing.TB, stream []byte) (h canontest.Heard, stopped, failed bool) {
	t.Helper()
	var msg sdk.Message
	var s scan.Splitter
	s.Feed(stream)
	open := int64(-1)
	for {
		ev, err := s.Next()
		if err != nil || ev == nil {
			break
		}
		event := canontest.Read[sdk.MessageStreamEventUnion](t, ev.Data())
		if string(ev.Field("event")) != event.Type {
			t.Fatalf("event %q with data of %q", ev.Field("event"), event.Type)
		}
		switch event.Type {
		case "error":
			failed = true
			continue
		case "ping":
			continue
		}
		open = inOrder(t, event, open)
		stopped = stopped || event.Type == "message_stop"
		if err := msg.Accumulate(*event); err != nil {
			t.Fatalf("the SDK cannot accumulate %s: %v", ev, err)
		}
	}
	if len(s.Rest()) > 0 {
		t.Fatalf("no blank line after %q", s.Rest())
	}
	return heard(&msg), stopped, failed
}

// inOrder returns which block is open after an event; -1: none.
func inOrder(t testing.TB, event *sdk.MessageStreamEventUnion, open int64) int64 {
	t.Helper()
	switch event.Type {
	case "content_block_start":
		if open >= 0 {
			t.Fatalf("block %d starts inside block %d", event.Index, open)
		}
		return event.Index
	case "content_block_delta", "content_block_stop":
		if open != event.Index {
			t.Fatalf("%s of block %d, but %d is open", event.Type, event.Index, open)
		}
		if event.Type == "content_block_stop" {
			return -1
		}
	case "message_delta":
		if open >= 0 {
			t.Fatalf("message_delta inside block %d", open)
		}
	}
	return open
}

func heard(m *sdk.Message) canontest.Heard {
	h := canontest.Heard{Finish: string(m.StopReason)}
	for i := range m.Content {
		b := &m.Content[i]
		switch b.Type {
		case "text":
			h.Blocks = append(h.Blocks, "text "+b.Text)
		case "thinking":
			h.Blocks = append(h.Blocks, "thinking "+b.Thinking+" "+b.Signature)
		case "redacted_thinking":
			h.Blocks = append(h.Blocks, "redacted "+b.Data)
		case "tool_use":
			var args bytes.Buffer
			if json.Compact(&args, b.Input) != nil {
				args.WriteString("invalid: " + string(b.Input))
			}
			h.Blocks = append(h.Blocks, "call "+b.ID+" "+b.Name+" "+args.String())
		default:
			h.Blocks = append(h.Blocks, b.Type)
		}
	}
	u := &m.Usage
	h.Usage = [5]int64{u.InputTokens, u.CacheReadInputTokens, u.CacheCreationInputTokens, u.OutputTokens, u.OutputTokensDetails.ThinkingTokens}
	return h
}

// loosen writes contents as the SDK does, as lists of one text block instead of strings,
// and takes stream, which is the SDK's own to add.
func loosen(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		delete(v, "stream")
		for _, k := range []string{"content", "system"} {
			if s, ok := v[k].(string); ok {
				v[k] = []any{map[string]any{"type": "text", "text": s}}
			}
		}
		for _, m := range v {
			loosen(m)
		}
	case []any:
		for _, e := range v {
			loosen(e)
		}
	}
}
