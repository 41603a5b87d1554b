package provider

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon/leaftest"
)

// quiet are the members of requests that may change without a word, each with the reason,
// by the name of the request.
type quiet map[string]map[string]string

const (
	unsaid  = "it is so without a word"
	twice   = "something else says it too"
	ordered = "they stand in their order"
	obeyed  = "the client's end of the answer obeys it"
	next    = "a result without an id is of the first call that waits"
)

// quietToClaude are those of OpenAI's requests to another dialect.
var quietToClaude = quiet{
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
		"stream_options.include_usage":       obeyed,
		"response_format.json_schema.strict": "every answer is held to its schema",
	},
	"reasoning": {
		"reasoning.exclude":                     obeyed,
		"reasoning.enabled removed":             twice,
		"messages[].reasoning_content":          twice,
		"messages[].reasoning":                  twice,
		"messages[].reasoning_details[].id":     "nobody asks for it",
		"messages[].reasoning_details[].index":  ordered,
		"messages[].reasoning_details[].format": "what has no format is taken for Anthropic's",
	},
	"budget": {"reasoning.exclude": obeyed},
}

// quietToServers are those of requests to servers of the same dialect.
var quietToServers = quiet{
	"conversation": {
		"messages[].tool_calls[].index":   ordered,
		"messages[].tool_call_id removed": next,
		"messages[].tool_call_id emptied": next,
	},
	"legacy":   {"messages[].name removed": twice, "messages[].name emptied": twice},
	"parts":    {"messages[].tool_call_id removed": next, "messages[].tool_call_id emptied": next},
	"tools":    {"tools[].custom.format removed": unsaid},
	"settings": {"stream_options.include_usage": "usage is asked for whether the client wants it or not"},
}

// TestNothingOfAnOpenAIRequestIsLost changes each leaf of requests that together set all
// that chat completions know, their vendor's and those of compatible servers.
func TestNothingOfAnOpenAIRequestIsLost(t *testing.T) {
	servers := [...][2]string{
		{"openai", "gpt-4o"}, {"openai", "gpt-5.5"}, {"openai", "o3"}, {"mistral", "mistral-large-latest"}, {"deepseek", "deepseek-v4-pro"},
		{"groq", "openai/gpt-oss-120b"}, {"openrouter", "unknown"}, {"openai-compatible", "other"},
	}
	for name, request := range requestsOf(t, "openai") {
		claude, same := map[string]bool{}, map[string]bool{}
		for _, model := range [...]string{"claude-sonnet-4-6", "claude-opus-5-5", "claude-haiku-4-5-20251001", "unlisted"} {
			changeLeaves(t, name, request, [2]string{"anthropic", model}, quietToClaude, claude)
		}
		for _, to := range servers {
			changeLeaves(t, name, request, to, quietToServers, same)
		}
		leaftest.Excused(t, quietToClaude[name], claude)
		leaftest.Excused(t, quietToServers[name], same)
	}
}

func changeLeaves(t *testing.T, name string, request []byte, to [2]string, table quiet, used map[string]bool) {
	t.Run(name+" to "+to[1], func(t *testing.T) {
		own := map[string]string{"model": "the model is the target's own"}
		maps.Copy(own, table[name])
		maps.Copy(used, leaftest.Silent(t, request, becomes(t, "openai", targetAt(t, to[0], to[1])), own))
	})
}

// requestsOf are the requests of a dialect whose leaves are changed, by their names.
func requestsOf(t *testing.T, dialect string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/leaves/" + dialect + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[strings.TrimSuffix(filepath.Base(file), ".json")], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
