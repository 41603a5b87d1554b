package anthropic_test

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/policy/quirk"
)

// used is what most of the golden answers cost.
var used = [5]int64{15, 5, 0, 7, 0}

var corpus = &canontest.Corpus{
	From: "openai",

	Lacks: map[string]string{"several-choices": "a message is one answer", "custom-call": "tools take an object"},
	Loses: canontest.LostByAnthropic,
	Judge: judge,
	Heard: map[string]canontest.Heard{
		"streams/text":                       {Finish: "end_turn", Blocks: []string{"text Hi \"é\"\n there"}, Usage: used},
		"streams/reasoning-then-text":        {Finish: "end_turn", Blocks: []string{"thinking hm ", "text 2"}, Usage: used},
		"streams/reasoning-with-a-signature": {Finish: "end_turn", Blocks: []string{"thinking hm c2ln", "text 2"}},
		"streams/one-call-after-text":        {Finish: "tool_use", Blocks: []string{"text let me", `call call_1 f {"a":"\"}"}`}, Usage: used},
		"streams/parallel-calls-in-turn":     {Finish: "tool_use", Blocks: []string{`call call_1 f {"a":1}`, "call call_2 g {}"}, Usage: used},
		"streams/refusal":                    {Finish: "refusal", Blocks: []string{"text I will not."}, Usage: used},
		"streams/calls-without-ids-stopped":  {Finish: "tool_use", Blocks: []string{"call call_chatcmpl-1_0 f {}", "call call_chatcmpl-1_1 g {}"}},
		"streams/interleaved-calls-wait-for-their-turn": {Finish: "tool_use", Usage: used,
			Blocks: []string{`call call_1 f {"a":"{"}`, `call call_2 g {"b":2}`, "call call_3 h {}", "text meanwhile"}},

		"responses/text":                       {Finish: "end_turn", Blocks: []string{"text Hi \"é\"\n"}, Usage: [5]int64{15, 5, 0, 7, 3}},
		"responses/reasoning-with-a-signature": {Finish: "end_turn", Blocks: []string{"thinking hm c2ln", "redacted ZGF0", "text 2"}, Usage: [5]int64{15, 5, 0, 7, 3}},
		"responses/parallel-calls": {Finish: "tool_use", Usage: [5]int64{15, 5, 0, 7, 3},
			Blocks: []string{`call call_1 f {"a":"\"x\""}`, "call hgid_b2RkIGlk g {}", `call c3 h {"invalid_arguments":"{\"a\":"}`}},
		"responses/refusal": {Finish: "refusal", Blocks: []string{"text I will not."}, Usage: [5]int64{15, 5, 0, 7, 3}},
		"responses/cache-writes-and-more-reasoning-than-output": {Finish: "end_turn", Blocks: []string{"text x"}, Usage: [5]int64{50, 30, 20, 10, 10}},
	},
	Broken: []string{"cut", "cut-inside-an-event", "error-first", "error-inside-a-200", "error-beside-usage-after-a-finish", "malformed", "nothing-but-done"},
	Cut:    "interleaved-calls-wait-for-their-turn",
	Before: `"finish_reason":"tool_calls"`,

	Aborted: "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}` + "\n\n",
	Faults: map[canon.FaultKind]int{
		canon.FaultRequest: 400, canon.FaultAuthentication: 401, canon.FaultBilling: 402, canon.FaultPermission: 403, canon.FaultNotFound: 404,
		canon.FaultTooLarge: 413, canon.FaultRateLimit: 429, canon.FaultServer: 500, canon.FaultOverloaded: 529, canon.FaultTimeout: 504,
	},
	NamesRequests: true,

	Families:   []string{"anthropic-"},
	Recordings: recordings,

	Seeds:  []string{"../openai/testdata"},
	Quirks: []quirk.Set{{NoImages: true, NoJSONSchema: true, ShortToolIDs: true, ReplayReasoning: true, SignedThinking: true, NoUserAfterTool: true, History: quirk.DeepSeekHistory}},
}

var recordings = map[string]canontest.Recording{
	"anthropic-cache-real-api":                    {Usage: canon.Usage{Input: 3, CacheRead: 1111, Output: 406}},
	"anthropic-code-execution-tool-stream":        {Usage: canon.Usage{Input: 4714, Output: 304}, NotThere: true},
	"anthropic-count-tokens-error":                {Fault: canon.FaultNotFound},
	"anthropic-count-tokens-with-native-tools":    {RequestOnly: true},
	"anthropic-image-url-input":                   {Usage: canon.Usage{Input: 296, Output: 91}},
	"anthropic-model-thinking-part-stream":        {Usage: canon.Usage{Input: 43, Output: 282}},
	"anthropic-multiple-parallel-tool-calls":      {Usage: canon.Usage{Input: 423, Output: 202}},
	"anthropic-multiple-parallel-tool-calls-last": {Usage: canon.Usage{Input: 771, Output: 77}},
	"anthropic-tool-with-thinking-last":           {Usage: canon.Usage{Input: 566, Output: 126}},
}

func TestDialect(t *testing.T) { canontest.Suite(t, anthropic.Dialect{}, corpus) }

func FuzzDecodeRequest(f *testing.F)   { canontest.FuzzRequest(f, anthropic.Dialect{}, corpus) }
func FuzzDecodeResponse(f *testing.F)  { canontest.FuzzAnswer(f, anthropic.Dialect{}, corpus) }
func FuzzTranslateStream(f *testing.F) { canontest.FuzzStream(f, anthropic.Dialect{}, corpus) }
func FuzzDecodeFault(f *testing.F)     { canontest.FuzzFault(f, anthropic.Dialect{}, corpus) }

func BenchmarkRequest(b *testing.B) { canontest.BenchmarkRequest(b, anthropic.Dialect{}, corpus) }
func BenchmarkAnswer(b *testing.B)  { canontest.BenchmarkAnswer(b, anthropic.Dialect{}, corpus) }
func BenchmarkStreamEvent(b *testing.B) {
	canontest.BenchmarkStreamEvent(b, anthropic.Dialect{}, corpus)
}
