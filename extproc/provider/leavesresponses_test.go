package provider

import (
	"maps"
	"testing"

	"github.com/headgate/headgate/extproc/canon/leaftest"
	"github.com/headgate/headgate/extproc/dialect"
)

// responsesAt is a model of OpenAI's that is asked for responses.
func responsesAt(t testing.TB, model string) *target {
	t.Helper()
	to := targetAt(t, "openai", model)
	to.dialect = dialect.ByName("responses")
	return to
}

// quietToResponses are the members of chat completions that may change without a word on
// their way to a server of responses.
var quietToResponses = quiet{
	"conversation": {
		"messages[].tool_calls[].type":    unsaid,
		"messages[].tool_calls[].index":   ordered,
		"messages[].tool_call_id removed": next,
		"messages[].tool_call_id emptied": next,
		"messages[].name removed":         twice,
		"messages[].name emptied":         twice,
	},
	"custom": {"response_format removed": unsaid},
	"legacy": {"messages[].name removed": twice, "messages[].name emptied": twice},
	"parts":  {"messages[].tool_call_id removed": next, "messages[].tool_call_id emptied": next},
	"tools":  {"tools[].function.strict removed": unsaid, "tools[].custom.format removed": unsaid},
	"settings": {
		"stream_options.include_usage":               obeyed,
		"response_format.json_schema.strict removed": "every answer is held to its schema",
		"response_format.json_schema.name removed":   "every answer has a name",
	},
	"reasoning": {
		"reasoning.enabled removed":    twice,
		"reasoning.effort removed":     "to reason is to reason with a low effort",
		"reasoning.effort emptied":     "to reason is to reason with a low effort",
		"messages[].reasoning_content": twice,
		"messages[].reasoning":         twice,
	},
	"budget":   {"reasoning.exclude removed": unsaid},
	"thinking": {"thinking.display": "what is shown is a summary, unless it is omitted"},
}

// TestNothingOfAChatIsLostAsAResponse changes each leaf of requests for chat completions
// that a server of responses gets.
func TestNothingOfAChatIsLostAsAResponse(t *testing.T) {
	for name, request := range requestsOf(t, "openai") {
		used := map[string]bool{}
		for _, model := range [...]string{"gpt-4o", "gpt-5.5", "o3", "unlisted"} {
			t.Run(name+" to "+model, func(t *testing.T) {
				own := map[string]string{"model": "the model is the target's own"}
				maps.Copy(own, quietToResponses[name])
				maps.Copy(used, leaftest.Silent(t, request, becomes(t, "openai", responsesAt(t, model)), own))
			})
		}
		leaftest.Excused(t, quietToResponses[name], used)
	}
}

// TestNothingOfAMessageIsLostAsAResponse changes each leaf of requests for messages of
// Anthropic's that a server of responses gets.
func TestNothingOfAMessageIsLostAsAResponse(t *testing.T) {
	for name, request := range requestsOf(t, "anthropic") {
		for _, model := range [...]string{"gpt-5.5", "o3", "unlisted"} {
			t.Run(name+" to "+model, func(t *testing.T) {
				own := map[string]string{"model": "the model is the target's own"}
				maps.Copy(own, requestsOfAnthropic[name])
				leaftest.NothingSilent(t, request, becomes(t, "anthropic", responsesAt(t, model)), own)
			})
		}
	}
}

// quietFromResponses are the members of requests for responses that may change without a
// word once they are translated.
var quietFromResponses = quiet{
	"conversation": {
		"input[].id":                            marked,
		"input[].status":                        marked,
		"input[].type removed":                  untyped,
		"input[].type emptied":                  untyped,
		"input[].type a number":                 untyped,
		"input[].call_id removed":               next,
		"input[].call_id emptied":               next,
		"input[].arguments removed":             "no arguments are empty ones",
		"input[].arguments emptied":             "no arguments are empty ones",
		"input[].content[].annotations removed": "there are none",
		"input[].content[].logprobs removed":    "there are none",
		"tools[].strict removed":                unsaid,
	},
	"settings": {
		"reasoning.summary":        shown,
		"reasoning.effort emptied": "to reason is to reason with a low effort",
		"text.format.strict":       "every answer is held to its schema",
	},
	"others": {
		"input[].id":                marked,
		"input[].status":            marked,
		"input[].type removed":      untyped,
		"input[].type emptied":      untyped,
		"input[].type a number":     untyped,
		"input[].call_id removed":   next,
		"input[].call_id emptied":   next,
		"input[].summary[]":         "it is a text",
		"input[].encrypted_content": "thinking is wanted back, and its signature is not",
		"text removed":              unsaid,
	},
}

const (
	marked  = "it means nothing beyond the server that gave it"
	untyped = "an item without a type is a message, and must have a role"
	shown   = "all reasoning that is shown comes as a summary"
)

// TestNothingOfARequestForAResponseIsLost changes each leaf of requests that together set
// what the Responses API knows.
func TestNothingOfARequestForAResponseIsLost(t *testing.T) {
	for name, request := range requestsOf(t, "responses") {
		used := map[string]bool{}
		for _, to := range [...][2]string{{"openai", "gpt-4o"}, {"openai", "gpt-5.5"}, {"mistral", "mistral-large-latest"}, {"deepseek", "deepseek-v4-pro"}, {"anthropic", "claude-sonnet-4-6"}, {"anthropic", "unlisted"}} {
			t.Run(name+" to "+to[1], func(t *testing.T) {
				own := map[string]string{"model": "the model is the target's own"}
				maps.Copy(own, quietFromResponses[name])
				maps.Copy(used, leaftest.Silent(t, request, becomes(t, "responses", targetAt(t, to[0], to[1])), own))
			})
		}
		leaftest.Excused(t, quietFromResponses[name], used)
	}
}
