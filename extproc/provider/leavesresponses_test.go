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
