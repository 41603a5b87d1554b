package meter_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	const day = "@2026-07-24"
	for _, c := range []struct {
		name, provider, model string
		usage, beside         string // of the answer
		want                  charged
	}{
		{"a compaction is beside the counts", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"compaction","input_tokens":50000,"output_tokens":500},{"type":"message","input_tokens":10,"output_tokens":4}]}`, "",
			charged{50010, 504, 157_590_000, "anthropic/claude-sonnet-4-6" + day}},
		{"advice is billed as its own model", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"message","input_tokens":4,"output_tokens":1},{"type":"advisor_message","model":"claude-opus-4-8","input_tokens":2000,"output_tokens":100},{"type":"message","input_tokens":6,"output_tokens":3}]}`, "",
			charged{2010, 104, 12_590_000, "anthropic/claude-sonnet-4-6" + day}},
		{"advice of a model without a price", "anthropic", "claude-sonnet-4-6",
			`{"input_tokens":10,"output_tokens":4,"iterations":[{"type":"message","input_tokens":10,"output_tokens":4},{"type":"advisor_message","model":"nobody","input_tokens":2000,"output_tokens":100}]}`, "",
			charged{2010, 104, 0, ""}},
		{"fast", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"speed":"fast"}`, "",
			charged{10, 4, 900_000, "anthropic/claude-opus-4-6" + day + "+fast"}},
		{"in one country", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"inference_geo":"us"}`, "",
			charged{10, 4, 165_000, "anthropic/claude-opus-4-6" + day + "+us"}},
		{"anywhere", "anthropic", "claude-opus-4-6", `{"input_tokens":10,"output_tokens":4,"inference_geo":"global","speed":"standard","service_tier":"standard"}`, "",
			charged{10, 4, 150_000, "anthropic/claude-opus-4-6" + day}},
		{"searches beside what is fast", "anthropic", "claude-opus-5", `{"input_tokens":1000,"output_tokens":100,"speed":"fast","server_tool_use":{"web_search_requests":2}}`, "",
			charged{1000, 100, 35_000_000, "anthropic/claude-opus-5" + day + "+fast"}},
		{"a tier with prices of its own", "openai", "gpt-4.1", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`, `,"service_tier":"priority"`,
			charged{1000, 100, 4_900_000, "openai/gpt-4.1" + day + "+priority"}},
		{"a tier with the provider's factor", "openai", "gpt-4.1", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`, `,"service_tier":"flex"`,
			charged{1000, 100, 1_400_000, "openai/gpt-4.1" + day}},
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
	stage, err := meter.NewKind(func() time.Time { return time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC) }).Compile(set)
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
