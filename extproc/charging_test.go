package extproc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	. "github.com/headgate/headgate/extproc/extproctest"
)

func TestHostileUsageIsBoundedAndNeverNegative(t *testing.T) {
	for _, usage := range []string{
		`{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":9223372036854775807}}`,
		`{"prompt_tokens":-5,"completion_tokens":1e400,"prompt_tokens_details":{"cached_tokens":-9}}`,
		`{"prompt_tokens":"7","completion_tokens":[],"prompt_tokens_details":3}`,
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered("200", "application/json"), false)
		s.ResponseBody(`{"id":"x","object":"chat.completion","model":"gpt-4o-mini","choices":[],"usage":`+usage+`}`, true)
		s.Cancel()
		row := r.row()
		if row.CostNano == nil || *row.CostNano < 0 || row.Tokens.Input < 0 || row.Tokens.Input > canon.MaxBucket || row.Tokens.Output < 0 || row.Tokens.Reasoning > canon.MaxBucket {
			t.Errorf("%s: cost %v, tokens %+v", usage, row.CostNano, row.Tokens)
		}
	}
}

func TestAnAnswerWithoutUsageIsEstimatedAndNotFree(t *testing.T) {
	const (
		text      = `"0123456789abcdef"`
		openai    = `{"object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":` + text + `},"finish_reason":"stop"}]`
		anthropic = `{"type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"type":"text","text":` + text + `}],"stop_reason":"end_turn"`
		vectors   = `{"object":"list","model":"text-embedding-3-small","data":[]`
		claude    = `{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`
	)
	for _, tc := range []struct {
		name, path, request, answer string
		output                      int64
	}{
		{"none", "/v1/chat/completions", chatBody, openai + `}`, 4},
		{"an empty one", "/v1/chat/completions", chatBody, openai + `,"usage":{}}`, 4},
		{"no numbers", "/v1/chat/completions", chatBody, openai + `,"usage":{"prompt_tokens":"9"}}`, 4},
		{"Anthropic, none", "/v1/messages", claude, anthropic + `}`, 4},
		{"Anthropic, an empty one", "/v1/messages", claude, anthropic + `,"usage":{}}`, 4},
		{"translated", "/v1/messages", strings.Replace(claude, "claude", "gpt-4o-mini", 1), openai + `}`, 4},
		{"embeddings", "/v1/embeddings", `{"model":"assistant","input":"hi"}`, vectors + `}`, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			s.RequestHeaders(Post(tc.path), false)
			s.RequestBody(tc.request)
			s.ResponseHeaders(Answered("200", "application/json"), false)
			reply := s.ResponseBody(tc.answer, true)
			s.Cancel()
			row := r.row()
			if row.Outcome != "ok" || row.UsageSource != "estimated" || row.Tokens == nil || row.Tokens.Input == 0 || row.Tokens.Output != tc.output {
				t.Fatalf("%s %s %+v", row.Outcome, row.UsageSource, row.Tokens)
			}
			if row.CostNano == nil || *row.CostNano == 0 || reply.Set("x-headgate-cost-usd") == "" {
				t.Errorf("cost %v", row.CostNano)
			}
		})
	}
}

func TestAnErrorInA200ResponseIsNoSuccess(t *testing.T) {
	for path, answer := range map[string]string{
		"/v1/chat/completions": `{"error":{"message":"no","code":502}}`,
		"/v1/messages":         `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`,
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post(path), false)
		s.RequestBody(`{"model":"` + map[bool]string{true: "claude", false: "assistant"}[path == "/v1/messages"] + `","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
		s.ResponseHeaders(Answered("200", "application/json"), false)
		reply := s.ResponseBody(answer, true)
		if body, _ := reply.Body(); !strings.Contains(body, `"message":"no"`) || (reply.Set(":status") != "502" && reply.Set(":status") != "529") {
			t.Errorf("%s: the client gets %s %s", path, reply.Set(":status"), body)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "provider_error" || row.Tokens != nil {
			t.Errorf("%s: %s %+v", path, row.Outcome, row.Tokens)
		}
	}
}

func TestABrokenOffAnswerIsMeteredThoughItIsNotTranslated(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/messages"), false)
	s.RequestBody(`{"model":"assistant","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
	s.ResponseHeaders(Answered("200", "application/json"), false)
	s.ResponseBody(`{"model":"gpt-4o-mini","choices":[{"index":0,"message":{"content":"he"},"finish_reason":"error"}],"usage":{"prompt_tokens":1000,"completion_tokens":50}}`, true)
	s.Cancel()
	if row := r.row(); row.Outcome != "provider_error" || row.Tokens == nil || row.Tokens.Input != 1000 || row.CostNano == nil || *row.CostNano != 180000 {
		t.Errorf("%s %+v", row.Outcome, row.Tokens)
	}
}

func TestTheOperatorsPriceOfADeploymentCounts(t *testing.T) {
	const priced = `
version: 1
backends:
  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}
models:
  gpt-4o-mini: gpt/our-deployment
prices:
  our-deployment: {input: 100, output: 200}
`
	r := newRig(t, priced)
	s := r.Open("router")
	playToHeaders(s)
	s.ResponseBody(chatAnswer, true)
	s.Cancel()
	if row := r.row(); row.Served != "gpt-4o-mini-2024-07-18" || row.CostUSD != "0.11" {
		t.Errorf("served %s at %s for %s", row.Served, row.Price, row.CostUSD)
	}
}

// TestWhatIsChargedBesideTokens holds that the tier that was given and searches of the
// web count, read from answers and streams of both dialects, translated or not.
func TestWhatIsChargedBesideTokens(t *testing.T) {
	const (
		gpt      = `{"id":"c","model":"gpt-4o-mini","object":"chat.completion","choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100},"service_tier":"%s"}`
		claude   = `{"id":"m","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"service_tier":"standard","server_tool_use":{"web_search_requests":3}}}`
		stream   = "data: {\"id\":\"c\",\"model\":\"gpt-4o-mini\",\"service_tier\":\"%s\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\ndata: [DONE]\n\n"
		asks     = `{"model":%q,"max_tokens":9,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`
		ordinary = 210_000   // 1,000 at 0.15 and 100 at 0.60 USD per million, in nano-USD
		priority = 350_000   // the same at 0.25 and 1.00
		haiku    = 1_500_000 // 1,000 at 1 and 100 at 5 USD per million
	)
	for _, tc := range []struct {
		name, path, model, answer string
		stream                    bool
		nano, searches            int64
		tier                      string
	}{
		{"default", "/v1/chat/completions", "assistant", fmt.Sprintf(gpt, "default"), false, ordinary, 0, "default"},
		{"flex", "/v1/chat/completions", "assistant", fmt.Sprintf(gpt, "flex"), false, ordinary / 2, 0, "flex"},
		{"priority", "/v1/chat/completions", "assistant", fmt.Sprintf(gpt, "priority"), false, priority, 0, "priority"},
		{"a stream", "/v1/chat/completions", "assistant", fmt.Sprintf(stream, "flex"), true, ordinary / 2, 0, "flex"},
		{"a translated answer", "/v1/messages", "assistant", fmt.Sprintf(gpt, "flex"), false, ordinary / 2, 0, "flex"},
		{"a translated stream", "/v1/messages", "assistant", fmt.Sprintf(stream, "priority"), true, priority, 0, "priority"},
		{"searches", "/v1/messages", "claude", claude, false, haiku + 30_000_000, 3, "standard"},
		{"searches in a translated answer", "/v1/chat/completions", "claude", claude, false, haiku + 30_000_000, 3, "standard"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			s.RequestHeaders(Post(tc.path), false)
			s.RequestBody(fmt.Sprintf(asks, tc.model, tc.stream))
			s.ResponseHeaders(Answered("200", map[bool]string{false: "application/json", true: "text/event-stream"}[tc.stream]), false)
			s.ResponseBody(tc.answer, true)
			s.Cancel()
			row := r.row()
			if row.CostNano == nil || *row.CostNano != tc.nano || row.Searches != tc.searches || row.ServiceTier != tc.tier || row.UsageSource != "provider" {
				t.Errorf("cost %v, %+v", row.CostUSD, row)
			}
		})
	}
}
