package anthropic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
)

func requestOf(b testing.TB, body, dst []byte) []byte {
	r, err := openai.DecodeRequest(body)
	if err != nil {
		b.Fatal(err)
	}
	out, dropped, err := anthropic.EncodeRequest(dst[:0], r, target)
	if err != nil || len(dropped) > 0 {
		b.Fatalf("dropped %q, %v", dropped, err)
	}
	return out
}

func answerOf(b testing.TB, body, dst []byte) []byte {
	r, err := openai.DecodeResponse(body)
	if err != nil {
		b.Fatal(err)
	}
	return anthropic.EncodeResponse(dst[:0], r, client)
}

func answer(size int) []byte {
	return []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat(`some \"text\"\n`, size/14) +
		`","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":0}}}`)
}

func flow() *canontest.Flow {
	f := &canontest.Flow{Decoder: new(openai.StreamDecoder), Encoder: anthropic.NewStreamEncoder(client),
		Event: []byte("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"service_tier\":\"default\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" some \\\"text\\\"\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"abc\"}\n\n")}
	f.Start("data: {\"id\":\"chatcmpl-1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n")
	return f
}

// Allocations do not vary with the machine, so they are held here; the targets
// are those of one exchange, of which gRPC takes some 310.
func TestTranslationAllocatesLittle(t *testing.T) {
	small, large, out := canontest.Conversation(3, 300), canontest.Conversation(31, 1000), make([]byte, 0, 64<<10)
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
		body := canontest.Conversation(turns, 1000)
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
