package sdk

import (
	"encoding/json"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// CheckWords holds that a provider's own types know every word of a request: read
// into them and written again it says the same.
func CheckWords(t *testing.T, dialect string, body []byte) {
	t.Helper()
	want := gatewaytest.Decoded(t, body)
	got := reread[openai.ChatCompletionNewParams](t, body)
	if dialect == "anthropic" {
		got = reread[anthropic.MessageNewParams](t, body)
		inBlocks(want)
	} else if choice, ok := want["tool_choice"].(map[string]any); ok {
		// Inside its union the SDK reads it as another choice of the same form.
		b, err := json.Marshal(choice)
		if err != nil {
			t.Fatal(err)
		}
		got["tool_choice"] = reread[openai.ChatCompletionNamedToolChoiceParam](t, b)
	}
	delete(want, "stream") // the SDKs add it by themselves, outside these types
	if d := cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(_ string, v any) bool { return v == nil })); d != "" {
		t.Errorf("sent, and as the provider's own types have it (-sent +read):\n%s", d)
	}
}

// reread reads JSON into a type and writes it again.
func reread[T any](t *testing.T, body []byte) map[string]any {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%T: %v: %s", v, err, body)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return gatewaytest.Decoded(t, again)
}

// inBlocks writes texts as the lists of one block that Anthropic's types make of
// them.
func inBlocks(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range []string{"content", "system"} {
			if text, ok := v[key].(string); ok {
				v[key] = []any{map[string]any{"type": "text", "text": text}}
			}
		}
		for _, member := range v {
			inBlocks(member)
		}
	case []any:
		for _, element := range v {
			inBlocks(element)
		}
	}
}
