package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
)

// spoken is a stream of 200 events in a dialect, each a message of Envoy's.
func spoken(dialect string) (events []string) {
	if dialect == "anthropic" {
		events = append(events, `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":210,"output_tokens":1}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
		for i := range 195 {
			events = append(events, fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word%d"}}`, i))
		}
		events = append(events, `{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":180}}`, `{"type":"message_stop"}`)
	} else {
		const chunk = `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":%s,"logprobs":null,"finish_reason":%s}],"usage":null,"obfuscation":"abcdef"}`
		events = append(events, fmt.Sprintf(chunk, `{"role":"assistant","content":"","refusal":null}`, "null"))
		for i := range 196 {
			events = append(events, fmt.Sprintf(chunk, fmt.Sprintf(`{"content":" word%d"}`, i), "null"))
		}
		events = append(events, fmt.Sprintf(chunk, `{}`, `"stop"`), `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[],"usage":{"prompt_tokens":210,"completion_tokens":180,"total_tokens":390}}`, "[DONE]")
	}
	for i, data := range events {
		events[i] = "data: " + data + "\n\n"
	}
	return events
}

// foldAll makes the answer of a stream.
func foldAll(tb testing.TB, t *target, req *exchange.Request, events []string) []byte {
	f := newFold(t, req, false)
	for i, e := range events {
		f.Feed([]byte(e), i == len(events)-1)
	}
	body, fault := f.answer()
	if fault != nil {
		tb.Fatal(fault)
	}
	return body
}

// TestFoldingAllocatesLittle holds that an event of a stream which is made one answer costs
// what carries it, and next to nothing more.
func TestFoldingAllocatesLittle(t *testing.T) {
	for provider, dialect := range map[string]string{"openai": "openai", "anthropic": "anthropic"} {
		target, events := targetAt(t, provider, "m"), spoken(dialect)
		req := &exchange.Request{Operation: exchange.Chat}
		got := testing.AllocsPerRun(100, func() { foldAll(t, target, req, events) })
		// One for each event is that of this test.
		if per := (got - float64(len(events))) / float64(len(events)); per > 0.5 {
			t.Errorf("%s: %.0f allocations for %d events", dialect, got, len(events))
		}
	}
}

// BenchmarkFold200Events makes one answer of a stream of 200 events; whole reads the same
// answer as a server gives it unasked for a stream.
func BenchmarkFold200Events(b *testing.B) {
	for _, dialect := range []string{"openai", "anthropic"} {
		t, events := targetAt(b, dialect, "m"), spoken(dialect)
		req := &exchange.Request{Operation: exchange.Chat}
		b.Run(dialect, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(strings.Join(events, ""))))
			for b.Loop() {
				foldAll(b, t, req, events)
			}
		})
		b.Run(dialect+" whole", func(b *testing.B) {
			body := foldAll(b, t, req, events)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := t.dialect.ReadResponse(exchange.Chat, &exchange.Response{Body: body}, &canon.Usage{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
