package meter_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/policy"
)

// charged is what a provider's report costs.
type charged struct {
	Input, Output, Nano int64
	Price               string
}

// TestWhatProvidersReportIsChargedAsTheyBill holds what reports cost that are more than a few
// counts: of iterations, tiers, speeds and regions.
func TestWhatProvidersReportIsChargedAsTheyBill(t *testing.T) {
	const day = "@2026-11-19"
	const tokens = `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`
	tier := func(name string) string { return `,"service_tier":"` + name + `"` }
	for _, c := range []struct {
		name, provider, model string
		usage, beside         string // of the answer
		want                  charged
	}{
		{"a compaction is beside the counts", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"compaction","input_tokens":50000,"output_tokens":500},{"type":"message","input_tokens":10,"output_tokens":4}]}`, "",
			charged{50010, 504, 157_590_000, "anthropic/claude-sonnet-4-6@2026-03-13"}},
		{"advice is billed as its own model", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"message","input_tokens":4,"output_tokens":1},{"type":"advisor_message","model":"claude-opus-4-8","input_tokens":2000,"output_tokens":100},{"type":"message","input_tokens":6,"output_tokens":3}]}`, "",
			charged{2010, 104, 12_590_000, "anthropic/claude-sonnet-4-6@2026-03-13"}},
		{"advice of a model without a price", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"message","input_tokens":10,"output_tokens":4},{"type":"advisor_message","model":"nobody","input_tokens":2000,"output_tokens":100}]}`, "",
			charged{2010, 104, 0, ""}},
		{"a loop of tools is no long context", "anthropic", "claude-sonnet-4-5-20250929",
			`{"input_tokens":300000,"output_tokens":4,"server_tool_use":{"web_search_requests":5}}`, "",
			charged{300000, 4, 950_060_000, "anthropic/claude-sonnet-4-5-20250929@2026-04-30"}},
		{"a long context", "anthropic", "claude-haiku-5-5", `{"input_tokens":100001,"output_tokens":1000}`, "",
			charged{100001, 1000, 52_500_500, "anthropic/claude-haiku-5-5" + day}}, // 100,001 × 0.5 + 1,000 × 2.5
		{"iterations that are short each", "anthropic", "claude-haiku-5-5",
			`{"input_tokens":120000,"output_tokens":1000,"iterations":[{"type":"message","input_tokens":60000,"output_tokens":500},{"type":"message","input_tokens":60000,"output_tokens":500}]}`, "",
			charged{120000, 1000, 12_500_000, "anthropic/claude-haiku-5-5" + day}}, // 120,000 × 0.1 + 1,000 × 0.5
		{"what is kept for an hour", "anthropic", "claude-sonnet-5",
			`{"input_tokens":3,"cache_creation_input_tokens":1000,"cache_read_input_tokens":500,"output_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":400,"ephemeral_1h_input_tokens":600}}`, "",
			charged{1503, 10, 3_606_000, "anthropic/claude-sonnet-5" + day}}, // 6 + 1,000 + 100 + 2,400 + 100 micro-USD
		{"fast", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"speed":"fast"}`, "",
			charged{10, 4, 900_000, "anthropic/claude-opus-4-6@2026-03-13+fast"}},
		{"fast, of a model that has no such price", "anthropic", "claude-sonnet-4-6", `{"input_tokens":10,"output_tokens":4,"speed":"fast"}`, "",
			charged{10, 4, 90_000, "anthropic/claude-sonnet-4-6@2026-03-13+fast?"}},
		{"in one country", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"inference_geo":"us"}`, "",
			charged{10, 4, 165_000, "anthropic/claude-opus-4-6@2026-03-13+us"}},
		{"in one country at no other price", "anthropic", "claude-haiku-4-5-20251001", `{"input_tokens":10,"output_tokens":4,"inference_geo":"us"}`, "",
			charged{10, 4, 30_000, "anthropic/claude-haiku-4-5-20251001" + day}},
		{"anywhere", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"inference_geo":"global","speed":"standard","service_tier":"standard"}`, "",
			charged{10, 4, 150_000, "anthropic/claude-opus-4-6@2026-03-13"}},
		{"in a batch", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"service_tier":"batch","server_tool_use":{"web_search_requests":1}}`, "",
			charged{10, 4, 10_075_000, "anthropic/claude-opus-4-6@2026-03-13+batch"}},
		{"with what was committed to", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"service_tier":"priority"}`, "",
			charged{10, 4, 150_000, "anthropic/claude-opus-4-6@2026-03-13+priority?"}},
		{"searches beside what is fast", "anthropic", "claude-opus-5", `{"input_tokens":1000,"output_tokens":100,"speed":"fast","server_tool_use":{"web_search_requests":2}}`, "",
			charged{1000, 100, 35_000_000, "anthropic/claude-opus-5" + day + "+fast"}},
		{"a tier with prices of its own", "openai", "gpt-4.1", tokens, tier("priority"),
			charged{1000, 100, 4_900_000, "openai/gpt-4.1" + day + "+priority"}},
		{"the same tier by its newer name", "openai", "gpt-4.1", tokens, tier("fast"),
			charged{1000, 100, 4_900_000, "openai/gpt-4.1" + day + "+fast"}},
		{"a tier of a small model", "openai", "gpt-5-mini", tokens, tier("priority"),
			charged{1000, 100, 810_000, "openai/gpt-5-mini" + day + "+priority"}},
		{"a tier that is no neat factor", "openai", "gpt-4o-mini", tokens, tier("priority"),
			charged{1000, 100, 350_000, "openai/gpt-4o-mini" + day + "+priority"}},
		{"a snapshot with a price of its own", "openai", "gpt-4o-2024-05-13", tokens, tier("default"),
			charged{1000, 100, 6_500_000, "openai/gpt-4o-2024-05-13" + day}},
		{"a tier that the list rounds", "openai", "o4-mini", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":500}}`, tier("flex"),
			charged{1000, 100, 564_000, "openai/o4-mini" + day + "+flex"}}, // 500 × 0.55 + 500 × 0.138 + 100 × 2.2
		{"a tier with the provider's rule", "openai", "gpt-4.1", tokens, tier("flex"),
			charged{1000, 100, 1_400_000, "openai/gpt-4.1" + day + "+flex"}},
		{"a tier that the model does not have", "openai", "gpt-5-nano", tokens, tier("priority"),
			charged{1000, 100, 180_000, "openai/gpt-5-nano" + day + "+priority?"}},
		{"a tier that was bought", "openai", "gpt-4.1", tokens, tier("scale"),
			charged{1000, 100, 2_800_000, "openai/gpt-4.1" + day + "+scale?"}},
		{"a tier nobody has heard of", "openai", "gpt-4.1", tokens, tier("a word of thirty-two bytes and more"),
			charged{1000, 100, 2_800_000, "openai/gpt-4.1" + day + "+a word of thirty-two bytes and m?"}},
		{"the fastest", "openai", "gpt-6-astra", tokens, tier("ultrafast"),
			charged{1000, 100, 90_000_000, "openai/gpt-6-astra" + day + "+ultrafast"}},
		{"sound", "openai", "gpt-audio", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"audio_tokens":400},"completion_tokens_details":{"audio_tokens":60}}`, "",
			charged{1000, 100, 18_540_000, "openai/gpt-audio" + day}}, // 600 × 2.5 + 400 × 32 + 40 × 10 + 60 × 64
		{"written to OpenAI's cache", "openai", "gpt-6.1-sol", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":200,"cache_write_tokens":300}}`, "",
			charged{1000, 100, 2_770_000, "openai/gpt-6.1-sol" + day}}, // 500 × 2 + 200 × 0.1 + 300 × 2.5 + 100 × 10
		{"as the provider says, of a model without a price", "openai", "nobody", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"cost":0.00123}`, "",
			charged{1000, 100, 1_230_000, "provider"}},
		{"by the known price, whatever the provider says", "openai", "gpt-4.1", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"cost_in_usd_ticks":5}`, "",
			charged{1000, 100, 2_800_000, "openai/gpt-4.1" + day}},
		{"what cannot be is ignored", "openai", "nobody", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"cost":-1}`, "",
			charged{1000, 100, 0, ""}},
		{"as the provider says, in another dialect", "anthropic", "nobody", `{"input_tokens":10,"output_tokens":4,"cost":"0.5"}`, "",
			charged{10, 4, 500_000_000, "provider"}},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %t", c.name, stream), func(t *testing.T) {
				ex := answered(t, c.provider, c.model, c.usage, c.beside, stream)
				got := charged{ex.Usage.TotalInput(), ex.Usage.TotalOutput(), ex.Cost.Nano, ex.Cost.PriceID}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// answered meters an answer with this usage, whole or as a stream that passes.
func answered(t *testing.T, provider, model, usage, beside string, stream bool) *exchange.Exchange {
	t.Helper()
	set, err := policy.Parse("policy.yaml", fmt.Appendf(nil, `{version: 1, unpriced: flag, backends: {b: {provider: %s, credential: {env: KEY}}}, models: {m: b/%s}}`, provider, model))
	if err != nil {
		t.Fatal(err)
	}
	stage, err := meter.NewKind(func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }, prometheus.NewRegistry()).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	ex := exchangetest.Ask(t, provider, fmt.Sprintf(`{"model":"m","max_tokens":9,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`, stream))
	ex.Route = exchange.Route{Backend: "b", Provider: provider, Serves: model, Single: true}
	v := exchangetest.Join(t, stage, ex)
	v.Request()
	d := dialect.ByName(provider)
	if !stream {
		ex.Response.Body = whole(provider, model, usage, beside)
		if err := d.ReadResponse(exchange.Chat, &ex.Response, &ex.Usage); err != nil {
			t.Fatal(err)
		}
		v.Respond(200, string(ex.Response.Body))
	} else {
		skim := d.Skim(&ex.Request, &ex.Response, &ex.Usage)
		for _, frame := range frames(provider, model, usage, beside) {
			skim.Frame([]byte(frame))
		}
		ex.Response.Stream = true
	}
	if ex.Usage.Source != canon.UsageProvider {
		t.Fatalf("counted by %q", ex.Usage.Source)
	}
	v.End(exchange.Outcome{Result: exchange.OK})
	return ex
}

func whole(provider, model, usage, beside string) []byte {
	if provider == "anthropic" {
		return fmt.Appendf(nil, `{"id":"1","type":"message","role":"assistant","model":%q,"content":[{"type":"text","text":"T"}],"stop_reason":"end_turn","usage":%s%s}`, model, usage, beside)
	}
	return fmt.Appendf(nil, `{"id":"1","object":"chat.completion","model":%q,"choices":[{"index":0,"message":{"role":"assistant","content":"T"},"finish_reason":"stop"}],"usage":%s%s}`, model, usage, beside)
}

func frames(provider, model, usage, beside string) []string {
	if provider == "anthropic" {
		return []string{
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"1\",\"model\":\"" + model + "\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":" + usage + "}\n\n",
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
		}
	}
	return []string{ // the usage comes before the end, and nothing marks that
		"data: {\"id\":\"1\",\"model\":\"" + model + "\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"T\"}}],\"usage\":" + usage + beside + "}\n\n",
		"data: {\"id\":\"1\",\"model\":\"" + model + "\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]" + beside + "}\n\n",
	}
}
