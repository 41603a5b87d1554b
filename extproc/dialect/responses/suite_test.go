package responses_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/policy/quirk"
)

var corpus = &canontest.Corpus{
	From: "anthropic",

	Lacks: map[string]string{"several-choices": "a response is one answer"},
	Loses: canontest.LostByResponses,
	Unasked: func(r *canon.Request) {
		r.Stop = nil
		if r.MaxTokens > 0 {
			r.MaxTokens = max(r.MaxTokens, 16)
		}
	},
	Judge: judge,
	Heard: map[string]canontest.Heard{
		"streams/text":     {Finish: "completed", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{20, 9, 29, 4, 0}},
		"streams/thinking": {Finish: "completed", Blocks: []string{"summary hm", "encrypted hg1.anthropic.thinking.c2ln", "encrypted hg1.anthropic.redacted.ZGF0", "summary again", "text 2"}, Usage: [5]int64{20, 9, 29, 4, 4}},
		"streams/calls-one-of-them-empty-and-one-whole-at-once": {Finish: "completed", Usage: [5]int64{20, 9, 29, 4, 0},
			Blocks: []string{"text let me", `function toolu_1 f {"a":1}`, `function toolu_2 g {}`, `function toolu_3 h {"b":"\"2\""}`}},
		"streams/ends-with-refusal":                           {Finish: "incomplete content_filter", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{20, 9, 29, 4, 0}},
		"streams/usage-grows-and-absent-fields-reset-nothing": {Finish: "completed", Blocks: []string{"text Hi \"é\"\n there"}, Usage: [5]int64{25, 9, 34, 4, 0}},

		"responses/text":     {Finish: "completed", Blocks: []string{"text Hi \"é\"\n", "text there"}, Usage: [5]int64{20, 9, 29, 4, 3}},
		"responses/thinking": {Finish: "completed", Blocks: []string{"summary hm", "encrypted hg1.anthropic.thinking.c2ln", "encrypted hg1.anthropic.redacted.ZGF0", "text 2"}, Usage: [5]int64{20, 9, 29, 4, 3}},
		"responses/parallel-calls": {Finish: "completed", Usage: [5]int64{20, 9, 29, 4, 3},
			Blocks: []string{"text let me", `function toolu_1 f {"a":"\"x\""}`, `function toolu_2 g {}`}},
		"responses/ends-with-max_tokens": {Finish: "incomplete max_output_tokens", Blocks: []string{"text x"}, Usage: [5]int64{20, 9, 29, 4, 3}},
	},
	Broken: []string{"a-block-out-of-order", "cut-before-the-delta", "cut-before-message_stop", "error-inside-a-200", "stop-without-a-reason", "malformed"},
	Cut:    "calls-one-of-them-empty-and-one-whole-at-once",
	Before: "event: message_stop",

	Aborted: "event: error\n" + `data: {"type":"error","sequence_number":2,"code":"overloaded","message":"busy","param":null,"error":{"message":"busy","type":"server_error","param":null,"code":"overloaded"}}` + "\n\n" +
		"event: response.failed\n" + `data: {"type":"response.failed","sequence_number":3,"response":{"id":"resp_exchange-1","object":"response","created_at":1700000000,"model":"","status":"failed","error":{"code":"overloaded","message":"busy"},"incomplete_details":null,"output":[],"usage":null,` + unsaid + "}}\n\n",
	Faults: map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 503, canon.FaultTimeout: 504,
		canon.FaultContent: 400, canon.FaultQuota: 429,
	},

	Families:   []string{"openai-responses"},
	Recordings: recordings,

	Seeds:  []string{},
	Quirks: []quirk.Set{{NoImages: true}, {History: quirk.OpenAIHistory}},
}

// unsaid is what a response repeats of a request that says nothing.
const unsaid = `"instructions":null,"max_output_tokens":null,"previous_response_id":null,"store":false,"background":false,"parallel_tool_calls":true,"temperature":1.0,"top_p":1.0,` +
	`"truncation":"disabled","reasoning":{"effort":null,"summary":null},"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"metadata":{}`

var recordings = map[string]canontest.Recording{
	"openai-responses-count-tokens":     {RequestOnly: true, NotAsked: true},
	"openai-responses-model-http-error": {Fault: canon.FaultRequest, Param: "temperature"},
	"openai-responses-stream":           {Usage: canon.Usage{Input: 255, Output: 16}},
}

func TestDialect(t *testing.T) { canontest.Suite(t, responses.Dialect{}, corpus) }

func FuzzDecodeRequest(f *testing.F)   { canontest.FuzzRequest(f, responses.Dialect{}, corpus) }
func FuzzDecodeResponse(f *testing.F)  { canontest.FuzzAnswer(f, responses.Dialect{}, corpus) }
func FuzzTranslateStream(f *testing.F) { canontest.FuzzStream(f, responses.Dialect{}, corpus) }
func FuzzDecodeFault(f *testing.F)     { canontest.FuzzFault(f, responses.Dialect{}, corpus) }

func BenchmarkRequest(b *testing.B) { canontest.BenchmarkRequest(b, responses.Dialect{}, corpus) }
func BenchmarkAnswer(b *testing.B)  { canontest.BenchmarkAnswer(b, responses.Dialect{}, corpus) }
func BenchmarkStreamEvent(b *testing.B) {
	canontest.BenchmarkStreamEvent(b, responses.Dialect{}, corpus)
}
