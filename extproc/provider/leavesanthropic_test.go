package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/extproc/canon/leaftest"
)

// requestsOfAnthropic together set all that the Messages API knows, each with what of it
// may change without a word once it is translated.
var requestsOfAnthropic = map[string]map[string]string{
	"everything": {
		"messages[].content[].tool_use_id removed":                 "a result without an id is of the next call without one",
		"messages[].content[].tool_use_id emptied":                 "a result without an id is of the next call without one",
		"messages[].content[].source.media_type removed":           "there is one type of text",
		"messages[].content[].content[].source.media_type removed": "there is one type of text",
		"tools[].type removed":                                     "it is custom without a word",
	},
	"agent": {
		"messages[].content[].tool_use_id removed": "a result without an id is of the next call without one",
		"messages[].content[].tool_use_id emptied": "a result without an id is of the next call without one",
	},
	"empty": {
		"stream removed":       "it is false without a word",
		"service_tier removed": "it is auto without a word",
		"tool_choice.disable_parallel_tool_use removed": "it is false without a word",
		"tools[].type removed":                          "it is custom without a word",
		"tools[].input_schema.type removed":             "arguments are an object",
		"messages[].content[].input removed":            "no arguments are empty ones",
		"messages[].content[].tool_use_id removed":      "a result without an id is of the next call without one",
		"messages[].content[].tool_use_id emptied":      "a result without an id is of the next call without one",
		"messages[].content[].content removed":          "a tool that says nothing says so",
		"messages[].content[].is_error removed":         "it is false without a word",
	},
	"quiet":  {"tools[].input_schema.type removed": "arguments are an object"},
	"forced": {"tools[].input_schema.type removed": "arguments are an object"},
	"budget": {},
	"choice": {},
}

// TestNothingOfAnAnthropicRequestIsLost changes each leaf of these requests on their way
// to models that differ in what they take.
func TestNothingOfAnAnthropicRequestIsLost(t *testing.T) {
	for name, quiet := range requestsOfAnthropic {
		request, err := os.ReadFile(filepath.Join("testdata/leaves/anthropic", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		quiet["model"] = "the model is the target's own"
		for _, to := range [...][2]string{
			{"openai", "gpt-5.5"}, {"openai", "o3"}, {"openrouter", "unknown"}, {"mistral", "mistral-large-latest"},
			{"deepseek", "deepseek-v4-pro"}, {"groq", "openai/gpt-oss-120b"},
		} {
			t.Run(name+" to "+to[1], func(t *testing.T) {
				leaftest.NothingSilent(t, request, becomes(t, "anthropic", targetAt(t, to[0], to[1])), quiet)
			})
		}
		for _, model := range []string{"claude-sonnet-4-6", "claude-opus-5-5", "claude-haiku-4-5-20251001"} {
			t.Run(name+" to "+model, func(t *testing.T) {
				leaftest.NothingSilent(t, request, becomes(t, "anthropic", targetAt(t, "anthropic", model)), map[string]string{"model": quiet["model"]})
			})
		}
	}
}
