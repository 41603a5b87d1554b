package provider

import (
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

const (
	hello  = `{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}`
	finish = `{"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	counts = `{"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7}}`
	done   = `[DONE]`
)

// chatUsage is what an OpenAI server reports in these tests, of this tier.
func chatUsage(tier string, source canon.UsageSource) canon.Usage {
	return canon.Usage{Input: 20, Output: 7, ServiceTier: tier, Source: source, Seen: canon.BucketInput | canon.BucketCacheRead | canon.BucketCacheWrite5m |
		canon.BucketCacheWrite1h | canon.BucketAudioInput | canon.BucketOutput | canon.BucketReasoning | canon.BucketAudioOutput}
}

func TestBothReadersKnowTheWaysOfOpenAIServers(t *testing.T) {
	ended := heard{ID: "c", Model: "m", Ended: true}
	failed := heard{ID: "c", Model: "m", Failed: true}
	counted := heard{ID: "c", Model: "m", Ended: true, Usage: chatUsage("", canon.UsageProvider)}
	failedCounted := heard{ID: "c", Model: "m", Failed: true, Usage: chatUsage("", canon.UsageEstimated)}
	tier := counted
	tier.Usage.ServiceTier = "flex"
	cut := heard{ID: "c", Model: "m"}
	playOdd(t, "openai", []oddStream{
		{name: "as the dialect says", events: []string{hello, finish, counts, done}, want: counted},
		{name: "usage in Groq's member", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":20,"completion_tokens":7}}}`, done}, want: counted},
		{name: "usage in every chunk", events: []string{
			`{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"h"}}],"usage":{"prompt_tokens":20,"completion_tokens":1}}`,
			`{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}],"usage":{"completion_tokens":7}}`}, want: counted},
		{name: "usage before the finish, and no end marker", events: []string{hello, counts, finish},
			want: counted},
		{name: "text after the usage, and no end marker", events: []string{hello, counts, hello, finish},
			want: counted, passes: func(h *heard) { h.Usage.Source = canon.UsageEstimated }}, // what was said since is not in it
		{name: "usage null", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`, done}, want: ended},
		{name: "tier at the start", events: []string{`{"id":"c","model":"m","service_tier":"flex","choices":[{"index":0,"delta":{"content":"hi"}}]}`, finish, counts, done}, want: tier},
		{name: "tier at the end", events: []string{hello, finish, `{"service_tier":"flex","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7}}`, done}, want: tier},
		{name: "Azure's first chunk", events: []string{`{"id":"","model":"","choices":[],"prompt_filter_results":[]}`, hello, finish, done}, want: ended},
		{name: "a first chunk with a name only", events: []string{`{"id":"c","model":"m","choices":[]}`, `{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}`}, want: ended},
		{name: "no end marker", events: []string{hello, finish}, want: ended},
		{name: "no finish", events: []string{hello, done}, want: ended},
		{name: "a finish that is empty", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":""}]}`}, want: cut},
		{name: "an unknown finish", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"done"}]}`}, want: ended},
		{name: "neither finish nor end marker", events: []string{hello}, want: cut},
		{name: "two choices, one without a finish", choices: 2, events: []string{hello, `{"choices":[{"index":1,"delta":{"content":"ho"},"finish_reason":"stop"}]}`}, want: cut},
		{name: "two choices, finished", choices: 2, events: []string{hello, `{"choices":[{"index":1,"delta":{"content":"ho"},"finish_reason":"stop"}]}`, finish}, want: ended},
		{name: "two choices, one never seen", choices: 2, events: []string{hello, finish},
			want: ended, passes: func(h *heard) { h.Ended = false }}, // a decoder does not know how many were asked for: none translates several
		{name: "an error", events: []string{hello, `{"error":{"message":"x"}}`}, want: failed},
		{name: "an error first", events: []string{`{"id":"c","model":"m","error":{"message":"x"}}`}, want: failed},
		{name: "an error that is a text", events: []string{hello, `{"error":"x"}`}, want: failed},
		{name: "an error in Groq's member", events: []string{hello, `{"x_groq":{"error":"x"}}`}, want: failed},
		{name: "an error by its object", events: []string{hello, `{"object":"error","message":"x"}`}, want: failed},
		{name: "an error by its name", events: []string{hello, `error {"message":"x"}`}, want: failed},
		{name: "an error without data", events: []string{hello, `error `},
			want: cut, passes: func(h *heard) { h.Failed = true }}, // to a decoder an event without data is none
		{name: "a choice that ends twice", choices: 2, events: []string{hello, finish, `{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}`, done}, want: ended},
		{name: "an error beside usage", events: []string{hello, `{"error":{"code":400},"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7}}`}, want: failedCounted},
		{name: "an error before the end marker", events: []string{hello, `{"error":"x"}`, done}, want: failed, passes: readsOn},
		{name: "an error after the end marker", events: []string{hello, finish, done, `{"error":"x"}`},
			want: ended, passes: func(h *heard) { h.Failed = true }}, // the client gets it too; a translated answer is over
		{name: "an error that is none", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"error":null}`, `{"choices":[],"error":""}`, `{"choices":[],"error":false}`, done}, want: ended},
		{name: "a provider that broke off", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"insufficient_system_resource"}]}`}, want: failed},
		{name: "a provider that broke off, beside usage", events: []string{hello, `{"choices":[{"index":0,"delta":{},"finish_reason":"error"}],"usage":{"prompt_tokens":20,"completion_tokens":7}}`}, want: failedCounted, passes: countsAtOnce},
		{name: "blanks around the data", events: []string{" " + hello, " " + finish + " ", " " + counts, " " + done + " "}, want: counted},
	})
}

const (
	begin  = `message_start {"type":"message_start","message":{"id":"c","model":"m","usage":{"input_tokens":20,"output_tokens":1}}}`
	open   = `content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	delta  = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}`
	ending = `message_delta {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}`
	stop   = `message_stop {"type":"message_stop"}`
)

func TestBothReadersKnowTheWaysOfAnthropicServers(t *testing.T) {
	usage := func(output int64, source canon.UsageSource) canon.Usage {
		return canon.Usage{Input: 20, Output: output, Source: source, Seen: canon.BucketInput | canon.BucketOutput}
	}
	counted := heard{ID: "c", Model: "m", Ended: true, Usage: usage(7, canon.UsageProvider)}
	failed := heard{ID: "c", Model: "m", Failed: true, Usage: usage(1, canon.UsageEstimated)}
	cut := heard{ID: "c", Model: "m", Usage: usage(1, canon.UsageEstimated)}
	started := counted
	started.Usage.Output = 1
	tier := counted
	tier.Usage.ServiceTier = "priority"
	playOdd(t, "anthropic", []oddStream{
		{name: "as the dialect says", events: []string{begin, open, delta, ending, stop}, want: counted},
		{name: "events without names", events: []string{nameless(begin), nameless(open), nameless(delta), nameless(ending), nameless(stop)}, want: counted},
		{name: "events without types", events: []string{
			`message_start {"message":{"id":"c","model":"m","usage":{"input_tokens":20,"output_tokens":1}}}`, open, delta,
			`message_delta {"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}`, `message_stop {}`}, want: counted},
		{name: "events of one name", events: []string{"message " + nameless(begin), "message " + nameless(ending), "message " + nameless(stop)}, want: counted},
		{name: "tier at the start", events: []string{`{"type":"message_start","message":{"id":"c","model":"m","usage":{"input_tokens":20,"service_tier":"priority"}}}`, ending, stop}, want: tier},
		{name: "a delta without usage", events: []string{begin, `{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, stop}, want: started},
		{name: "a cut", events: []string{begin, open, delta}, want: cut},
		{name: "an error", events: []string{begin, `error {"type":"error","error":{"type":"overloaded_error","message":"x"}}`}, want: failed},
		{name: "an error by its name", events: []string{begin, `error {"type":"overloaded_error","message":"x"}`}, want: failed},
		{name: "an error by its type", events: []string{begin, `{"type":"error"}`}, want: failed},
		{name: "an error by its member", events: []string{begin, `{"error":{"message":"x"}}`}, want: failed},
		{name: "an error without data", events: []string{begin, `error `}, want: cut, passes: func(h *heard) { h.Failed = true }}, // to a decoder an event without data is none
		{name: "an error that is none", events: []string{begin, `{"error":null}`, `{"type":"ping","error":{}}`, ending, stop}, want: counted},
		{name: "an error after a delta", events: []string{begin, ending, `{"type":"error"}`},
			want: heard{ID: "c", Model: "m", Failed: true, Usage: usage(7, canon.UsageEstimated)}, passes: countsAtOnce},
	})
}

// nameless returns an event without its name.
func nameless(ev string) string {
	for i := range ev {
		if ev[i] == '{' {
			return ev[i:]
		}
	}
	return ev
}

// TestOnlyTheUsageEventIsKeptFromTheClient holds that what servers report unasked
// passes: a client that takes it without Headgate takes it with Headgate too.
func TestOnlyTheUsageEventIsKeptFromTheClient(t *testing.T) {
	groq := `{"choices":[],"x_groq":{"usage":{"prompt_tokens":20,"completion_tokens":7}}}`
	beside := `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":7}}`
	failed := `{"error":{"message":"no"},"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7}}`
	got := pass(t, "openai", &exchange.Exchange{}, sse(hello, beside, counts, groq, failed, done))
	if want := sse(hello, beside, groq, failed, done); string(got) != string(want) {
		t.Errorf("the client gets %q", got)
	}
}
