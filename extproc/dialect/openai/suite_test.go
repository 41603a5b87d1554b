package openai_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

var corpus = &canontest.Corpus{
	From: "anthropic",

	Loses: canontest.LostByOpenAI,
	Judge: judge,
	Heard: map[string]canontest.Heard{
		"streams/text":     {Finish: "stop", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{20, 9, 29, 4, 0}},
		"streams/thinking": {Finish: "stop", Blocks: []string{"text 2"}, Usage: [5]int64{20, 9, 29, 4, 4}},
		"streams/calls-one-of-them-empty-and-one-whole-at-once": {Finish: "tool_calls", Usage: [5]int64{20, 9, 29, 4, 0},
			Blocks: []string{"text let me", `function toolu_1 f {"a":1}`, `function toolu_2 g {}`, `function toolu_3 h {"b":"\"2\""}`}},
		"streams/ends-with-refusal":                           {Finish: "content_filter", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{20, 9, 29, 4, 0}},
		"streams/usage-grows-and-absent-fields-reset-nothing": {Finish: "stop", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{25, 9, 34, 4, 0}},

		"responses/text":     {Finish: "stop", Blocks: []string{"text Hi \"é\"\nthere"}, Usage: [5]int64{20, 9, 29, 4, 3}},
		"responses/thinking": {Finish: "stop", Blocks: []string{"text 2"}, Usage: [5]int64{20, 9, 29, 4, 3}},
		"responses/parallel-calls": {Finish: "tool_calls", Usage: [5]int64{20, 9, 29, 4, 3},
			Blocks: []string{"text let me", `function toolu_1 f {"a":"\"x\""}`, `function toolu_2 g {}`}},
		"responses/ends-with-max_tokens": {Finish: "length", Blocks: []string{"text x"}, Usage: [5]int64{20, 9, 29, 4, 3}},
	},
	Broken: []string{"a-block-out-of-order", "cut-before-the-delta", "cut-before-message_stop", "error-inside-a-200", "stop-without-a-reason", "malformed"},
	Cut:    "calls-one-of-them-empty-and-one-whole-at-once",
	Before: "event: message_stop",

	Aborted: `data: {"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}` + "\n\n",
	Faults: map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 503, canon.FaultTimeout: 504,
		canon.FaultContent: 400, canon.FaultQuota: 429,
	},

	Families:   []string{"openai-chat", "azure-chat", "deepseek", "mistral", "ollama", "openrouter"},
	Recordings: recordings,

	Seeds:  []string{"../anthropic/testdata"},
	Quirks: []quirk.Set{{NoImages: true, NoJSONSchema: true, ShortToolIDs: true, ReplayReasoning: true, History: quirk.DeepSeekHistory, NoUserAfterTool: true}, {History: quirk.GroqHistory}},
}

var recordings = map[string]canontest.Recording{
	"openai-chat-audio-to-text":                   {Usage: canon.Usage{Input: 27, AudioInput: 1, Output: 17}},
	"openai-chat-bad-request":                     {Fault: canon.FaultRequest, Param: "max_tokens", NotAsked: true},
	"openai-chat-basic":                           {Usage: canon.Usage{Input: 8, Output: 57, Reasoning: 320}},
	"openai-chat-detailed-usage":                  {Usage: canon.Usage{Input: 12, Reasoning: 100}},
	"openai-chat-image-to-text":                   {Usage: canon.Usage{Input: 22, Output: 15, Reasoning: 704}},
	"openai-chat-json-mode":                       {Usage: canon.Usage{Input: 21, Output: 24, Reasoning: 256}},
	"openai-chat-streaming":                       {},
	"openai-chat-tools":                           {Usage: canon.Usage{Input: 162, Output: 31, Reasoning: 256}},
	"azure-chat-basic":                            {Usage: canon.Usage{Input: 8, Output: 79, Reasoning: 192}},
	"deepseek-deferred-capability-with-thinking":  {Usage: canon.Usage{Input: 51, CacheRead: 512, Output: 56, Reasoning: 60}},
	"deepseek-model-thinking-part":                {Usage: canon.Usage{Input: 12, Output: 374, Reasoning: 415}},
	"mistral-history-uses-prompt-cache-last":      {Usage: canon.Usage{Input: 44, CacheRead: 224, Output: 5}},
	"ollama-local-native-output-uses-json-schema": {Usage: canon.Usage{Input: 136, Output: 15}},
	"openrouter-stream-error":                     {Usage: canon.Usage{Input: 43, Reasoning: 10}, Fault: canon.FaultRequest},
	"openrouter-streaming-reasoning":              {Usage: canon.Usage{Input: 43, Output: 23, Reasoning: 13}, NoFinish: true},
}

func TestDialect(t *testing.T) { canontest.Suite(t, openai.Dialect{}, corpus) }

func FuzzDecodeRequest(f *testing.F)   { canontest.FuzzRequest(f, openai.Dialect{}, corpus) }
func FuzzDecodeResponse(f *testing.F)  { canontest.FuzzAnswer(f, openai.Dialect{}, corpus) }
func FuzzTranslateStream(f *testing.F) { canontest.FuzzStream(f, openai.Dialect{}, corpus) }
func FuzzDecodeFault(f *testing.F)     { canontest.FuzzFault(f, openai.Dialect{}, corpus) }

func BenchmarkRequest(b *testing.B)     { canontest.BenchmarkRequest(b, openai.Dialect{}, corpus) }
func BenchmarkAnswer(b *testing.B)      { canontest.BenchmarkAnswer(b, openai.Dialect{}, corpus) }
func BenchmarkStreamEvent(b *testing.B) { canontest.BenchmarkStreamEvent(b, openai.Dialect{}, corpus) }
