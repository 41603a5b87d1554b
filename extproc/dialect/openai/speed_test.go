package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

func requestOf(b testing.TB, body, dst []byte) []byte {
	r, err := anthropic.DecodeRequest(body)
	if err != nil {
		b.Fatal(err)
	}
	out, dropped, err := openai.EncodeRequest(dst[:0], r, target)
	if err != nil || len(dropped) > 0 {
		b.Fatalf("dropped %q, %v", dropped, err)
	}
	return out
}

func answerOf(b testing.TB, body, dst []byte) []byte {
	r, err := anthropic.DecodeResponse(body)
	if err != nil {
		b.Fatal(err)
	}
	return openai.EncodeResponse(dst[:0], r, client)
}

func answer(size int) []byte {
	return []byte(`{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"` + strings.Repeat(`some \"text\"\n`, size/14) +
		`"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":9}}`)
}

func flow() *canontest.Flow {
	f := &canontest.Flow{Decoder: new(anthropic.StreamDecoder), Encoder: openai.NewStreamEncoder(client),
		Event: []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" some \\\"text\\\"\"}}\n\n")}
	f.Start("data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n",
		"data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n")
	return f
}

// Allocations do not vary with the machine, so they are held here; the targets
// are those of one exchange, of which gRPC takes some 310.
func TestTranslationAllocatesLittle(t *testing.T) {
	small, large, out := canontest.MessagesConversation(3, 300), canontest.MessagesConversation(31, 1000), make([]byte, 0, 64<<10)
	body, stream := answer(1000), flow()
	for _, c := range []struct {
		name string
		most float64
		run  func()
	}{
		{"a request of 1 KB", 8, func() { requestOf(t, small, out) }},
		{"a request of 32 KB", 8, func() { requestOf(t, large, out) }},
		{"an answer of 1 KB", 4, func() { answerOf(t, body, out) }},
		{"an event of a stream", 0, func() { stream.Once() }},
	} {
		if got := testing.AllocsPerRun(100, c.run); got > c.most {
			t.Errorf("%s: %.0f allocations, at most %.0f", c.name, got, c.most)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, turns := range []int{3, 31} {
		body := canontest.MessagesConversation(turns, 1000)
		b.Run(fmt.Sprintf("%d-bytes", len(body)), func(b *testing.B) {
			out := make([]byte, 0, 2*len(body))
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				out = requestOf(b, body, out)
			}
		})
	}
}

func BenchmarkAnswer(b *testing.B) {
	for _, size := range []int{1000, 4000} {
		body := answer(size)
		b.Run(fmt.Sprintf("%d-bytes", len(body)), func(b *testing.B) {
			out := make([]byte, 0, 2*len(body))
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				out = answerOf(b, body, out)
			}
		})
	}
}

func BenchmarkStreamEvent(b *testing.B) {
	f := flow()
	b.ReportAllocs()
	b.SetBytes(int64(len(f.Event)))
	for b.Loop() {
		if f.Once() == 0 {
			b.Fatal("the stream is over")
		}
	}
}
