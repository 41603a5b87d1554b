package extproc

import (
	"fmt"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

// TestTheProvidersOwnCostCountsIfNoPriceIsKnown holds so of answers and streams of each dialect,
// passed and translated, and that a known price counts whatever the provider says.
func TestTheProvidersOwnCostCountsIfNoPriceIsKnown(t *testing.T) {
	const (
		document = `
version: 1
unpriced: flag
backends:
  chat: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  both: {provider: openai-compatible, url: "http://127.0.0.1:1/v1", responses: true}
  messages: {provider: openai-compatible, url: "http://127.0.0.1:1/v1", dialect: anthropic}
models:
  chat: chat/m
  both: both/m
  messages: messages/m
  priced: chat/priced
prices:
  priced: {input: 1, output: 2}
`
		asksChat      = `{"model":%q,"max_tokens":9,"stream":%t,"messages":[{"role":"user","content":"hi"}]}`
		asksResponses = `{"model":%q,"max_output_tokens":19,"stream":%t,"store":false,"input":"hi"}`
		chat          = `{"id":"c","model":"m","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"cost":1.4e-05}}`
		ticks         = `{"id":"c","model":"m","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"cost_in_usd_ticks":140000}}`
		absurd        = `{"id":"c","model":"m","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100,"cost":-3}}`
		chatStream    = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"estimated_cost\":0.000014}}\n\ndata: [DONE]\n\n"
		message       = `{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100,"cost":"0.000014"}}`
		messageStream = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1000,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n" +
			"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":100,\"cost\":0.000014}}\n\n" +
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
		response       = `{"id":"r","object":"response","model":"m","status":"completed","output":[{"id":"i","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100,"cost_in_usd_ticks":140000}}`
		responseStream = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r\",\"object\":\"response\",\"model\":\"m\",\"status\":\"in_progress\",\"output\":[]}}\n\n" +
			"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":1,\"response\":" + response + "}\n\n"
		own = 14_000 // nano-USD
	)
	toChat, toMessages, toResponses := "/v1/chat/completions", "/v1/messages", "/v1/responses"
	for _, tc := range []struct {
		name, path, model, answer string
		stream                    bool
		nano                      int64
		price                     string
	}{
		{"chat", toChat, "chat", chat, false, own, "provider"},
		{"chat in ticks", toChat, "chat", ticks, false, own, "provider"},
		{"a stream of chat", toChat, "chat", chatStream, true, own, "provider"},
		{"chat, translated", toMessages, "chat", chat, false, own, "provider"},
		{"a stream of chat, translated", toMessages, "chat", chatStream, true, own, "provider"},
		{"chat for Responses", toResponses, "chat", chat, false, own, "provider"},
		{"messages", toMessages, "messages", message, false, own, "provider"},
		{"a stream of messages", toMessages, "messages", messageStream, true, own, "provider"},
		{"messages, translated", toChat, "messages", message, false, own, "provider"},
		{"a stream of messages, translated", toChat, "messages", messageStream, true, own, "provider"},
		{"a response", toResponses, "both", response, false, own, "provider"},
		{"a stream of a response", toResponses, "both", responseStream, true, own, "provider"},
		{"a known price", toChat, "priced", chat, false, 1_200_000, "policy:priced"},
		{"what cannot be", toChat, "chat", absurd, false, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, document)
			s := r.Open("router")
			s.RequestHeaders(Post(tc.path), false)
			asks := asksChat
			if tc.path == toResponses {
				asks = asksResponses
			}
			s.RequestBody(fmt.Sprintf(asks, tc.model, tc.stream))
			s.ResponseHeaders(Answered("200", map[bool]string{false: "application/json", true: "text/event-stream"}[tc.stream]), false)
			s.ResponseBody(tc.answer, true)
			s.Cancel()
			row := r.row()
			if tc.price == "" {
				if !row.Unpriced || row.CostNano != nil || row.ByProvider != nil {
					t.Errorf("cost %v, provider's %v", row.CostNano, row.ByProvider)
				}
				return
			}
			if row.CostNano == nil || *row.CostNano != tc.nano || row.Price != tc.price || row.ByProvider == nil || *row.ByProvider != own || row.Tokens.Input != 1000 {
				t.Errorf("cost %v by %q, the provider's own %v, %+v", row.CostUSD, row.Price, row.ByProvider, row.Tokens)
			}
		})
	}
}
