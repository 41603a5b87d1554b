package openai_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/extproc/canon/canontest"
)

// judge is the vendor's SDK.
var judge = &canontest.Judge{Answer: sdkAnswer, Stream: sdkStream, Request: canontest.Rewrite[sdk.ChatCompletionNewParams], Loosen: loosen}

func sdkAnswer(t testing.TB, body []byte) canontest.Heard {
	t.Helper()
	return heard(canontest.Read[sdk.ChatCompletion](t, body))
}

// sdkStream is what the SDK accumulates of a stream.
func sdkStream(t testing.TB, stream []byte) (h canontest.Heard, done, failed bool) {
	t.Helper()
	var acc sdk.ChatCompletionAccumulator
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
			continue
		case data == "[DONE]":
			done = true
			continue
		case strings.HasPrefix(data, `{"error"`):
			failed = true
			continue
		}
		if !acc.AddChunk(*canontest.Read[sdk.ChatCompletionChunk](t, []byte(data))) {
			t.Fatalf("the SDK cannot accumulate %s", data)
		}
	}
	return heard(&acc.ChatCompletion), done, failed
}

func heard(c *sdk.ChatCompletion) (h canontest.Heard) {
	if len(c.Choices) > 0 {
		m := &c.Choices[0].Message
		h.Finish = c.Choices[0].FinishReason
		if m.Content != "" {
			h.Blocks = append(h.Blocks, "text "+m.Content)
		}
		if m.Refusal != "" {
			h.Blocks = append(h.Blocks, "refusal "+m.Refusal)
		}
		for _, call := range m.ToolCalls {
			var args bytes.Buffer
			if json.Compact(&args, []byte(call.Function.Arguments)) != nil {
				args.WriteString("invalid: " + call.Function.Arguments)
			}
			h.Blocks = append(h.Blocks, call.Type+" "+call.ID+" "+call.Function.Name+" "+args.String())
		}
	}
	u := &c.Usage
	h.Usage = [5]int64{u.PromptTokens, u.CompletionTokens, u.TotalTokens, u.PromptTokensDetails.CachedTokens, u.CompletionTokensDetails.ReasoningTokens}
	return h
}

// loosen takes the members that the SDK does not write: nulls, stream, which it adds
// itself, the extensions of compatible servers, and a named tool choice, of which its
// union keeps the type only.
func loosen(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for k, m := range v {
			_, named := m.(map[string]any)
			if m == nil || k == "tool_choice" && named || k == "stream" || k == "reasoning_content" || k == "reasoning_details" {
				delete(v, k)
			}
			loosen(m)
		}
	case []any:
		for _, e := range v {
			loosen(e)
		}
	}
}
