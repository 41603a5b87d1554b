package canontest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect"
	"github.com/headgate/headgate/extproc/scan"
)

// sample is what real exchanges in a dialect look like, for measuring.
type sample struct {
	conversation func(turns, size int) []byte
	answer       string   // TEXT stands for the text
	before       []string // what comes of a stream before event
	event        string   // from the middle of a stream
}

// samples are those of the dialects that golden inputs are written in.
var samples = map[string]sample{
	"openai": {
		conversation: Conversation,
		answer: `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"TEXT","refusal":null},"logprobs":null,"finish_reason":"stop"}],` +
			`"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":0}}}`,
		before: []string{"data: {\"id\":\"chatcmpl-1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"},
		event:  "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"service_tier\":\"default\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" some \\\"text\\\"\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"abc\"}\n\n",
	},
	"anthropic": {
		conversation: MessagesConversation,
		answer: `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"TEXT"}],` +
			`"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":9}}`,
		before: []string{"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\n",
			"data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"},
		event: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" some \\\"text\\\"\"}}\n\n",
	},
}

// words is text of about so many bytes, with something to escape.
func words(size int) string { return strings.Repeat(`some \"text\"\n`, max(1, size/14)) }

// Conversation returns an OpenAI request of so many turns with so many bytes each.
func Conversation(turns, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"assistant","temperature":0.5,"max_completion_tokens":512,"messages":[{"role":"system","content":"Be brief."}`)
	for i := range turns {
		role := [...]string{"user", "assistant"}[i%2]
		fmt.Fprintf(&b, `,{"role":%q,"content":"%s"}`, role, words(size))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// MessagesConversation is the same for Anthropic.
func MessagesConversation(turns, size int) []byte {
	b := Conversation(turns, size)
	b = bytes.Replace(b, []byte("max_completion_tokens"), []byte("max_tokens"), 1)
	b = bytes.Replace(b, []byte(`"messages":[{"role":"system","content":"Be brief."},`), []byte(`"system":"Be brief.","messages":[`), 1)
	return b
}

// speed translates samples from one dialect to another: what an exchange costs.
type speed struct {
	testing.TB
	from, to dialect.Dialect
	sample   sample
}

// speeds are those of both directions: to the dialect, and back from it.
func (u *under) speeds(t testing.TB) (to, back speed) {
	t.Helper()
	s, ok := samples[u.From]
	if !ok {
		t.Fatalf("there is no sample of %s", u.From)
	}
	to = speed{t, u.from, u.Dialect, s}
	back = speed{t, u.Dialect, u.from, sample{conversation: func(turns, size int) []byte {
		return bytes.Clone(to.request(s.conversation(turns, size), nil))
	}}}
	back.sample.answer = string(to.response([]byte(s.answer), nil))
	events := []canon.Event{{Kind: canon.EventStart, ID: scan.Value(`"id"`), Model: scan.Value(`"m"`)}, {Kind: canon.EventText, Text: scan.Value(`"a"`)}, {Kind: canon.EventText, Text: scan.Value(`" some \"text\""`)}}
	e := u.Encoder(canon.Client{})
	for i := range events {
		back.sample.before = append(back.sample.before, string(e.Append(nil, &events[i])))
	}
	last := len(back.sample.before) - 1
	back.sample.event, back.sample.before = back.sample.before[last], back.sample.before[:last]
	return to, back
}

func (s *speed) request(body, dst []byte) []byte {
	r, err := s.from.Decode(body)
	if err != nil {
		s.Fatal(err)
	}
	out, dropped, err := s.to.Encode(dst[:0], r, target)
	if err != nil || len(dropped) > 0 {
		s.Fatalf("dropped %q, %v", dropped, err)
	}
	return out
}

func (s *speed) response(body, dst []byte) []byte {
	r, err := s.from.DecodeAnswer(body)
	if err != nil {
		s.Fatal(err)
	}
	return s.to.EncodeAnswer(dst[:0], r, asker)
}

func (s *speed) answer(size int) []byte {
	return []byte(strings.Replace(s.sample.answer, "TEXT", words(size), 1))
}

// flow translates the middle of a stream over and over: what a chunk costs.
type flow struct {
	decoder canon.StreamDecoder
	encoder canon.StreamEncoder
	event   scan.Event
	out     []byte
}

func (s *speed) flow() *flow {
	f := &flow{decoder: s.from.Decoder(false), encoder: s.to.Encoder(asker), event: scan.Event(s.sample.event)}
	var split scan.Splitter
	split.Feed([]byte(strings.Join(s.sample.before, "")))
	for ev, err := split.Next(); ev != nil && err == nil; ev, err = split.Next() {
		for _, e := range f.decoder.Next(ev) {
			f.encoder.Append(nil, &e)
		}
	}
	return f
}

// once translates the event once and returns how many bytes came out.
func (f *flow) once() int {
	f.out = f.out[:0]
	events := f.decoder.Next(f.event)
	for i := range events {
		f.out = f.encoder.Append(f.out, &events[i])
	}
	return len(f.out)
}

// allocations holds how many a translation takes, as they do not vary with the machine.
// The bounds are those of one exchange, of which gRPC takes some 310.
func (u *under) allocations(t *testing.T) {
	to, back := u.speeds(t)
	for name, s := range map[string]*speed{"to": &to, "back": &back} {
		small, large, out := s.sample.conversation(3, 300), s.sample.conversation(31, 1000), make([]byte, 0, 64<<10)
		body, stream := s.answer(1000), s.flow()
		for _, c := range []struct {
			name string
			max  float64
			run  func()
		}{
			{"a request of 1 KB", 8, func() { s.request(small, out) }},
			{"a request of 32 KB", 8, func() { s.request(large, out) }},
			{"an answer of 1 KB", 4, func() { s.response(body, out) }},
			{"an event of a stream", 0, func() { stream.once() }},
		} {
			if got := testing.AllocsPerRun(100, c.run); got > c.max {
				t.Errorf("%s, %s: %.0f allocations, at most %.0f", name, c.name, got, c.max)
			}
		}
		if stream.once() == 0 {
			t.Errorf("%s: the event of a stream says nothing", name)
		}
	}
}

// BenchmarkRequest measures the translation of requests.
func BenchmarkRequest(b *testing.B, d dialect.Dialect, c *Corpus) {
	measure(b, d, c, []int{3, 31}, func(s *speed, turns int) (body []byte, run func([]byte) []byte) {
		body = s.sample.conversation(turns, 1000)
		return body, func(out []byte) []byte { return s.request(body, out) }
	})
}

// BenchmarkAnswer measures the translation of whole answers.
func BenchmarkAnswer(b *testing.B, d dialect.Dialect, c *Corpus) {
	measure(b, d, c, []int{1000, 4000}, func(s *speed, size int) (body []byte, run func([]byte) []byte) {
		body = s.answer(size)
		return body, func(out []byte) []byte { return s.response(body, out) }
	})
}

// BenchmarkStreamEvent measures the translation of one event of a stream.
func BenchmarkStreamEvent(b *testing.B, d dialect.Dialect, c *Corpus) {
	measure(b, d, c, []int{1}, func(s *speed, _ int) (body []byte, run func([]byte) []byte) {
		f := s.flow()
		return f.event, func(out []byte) []byte {
			if f.once() == 0 {
				s.Fatal("the stream is over")
			}
			return out
		}
	})
}

// measure runs a benchmark of each size, to the dialect and back from it.
func measure(b *testing.B, d dialect.Dialect, c *Corpus, sizes []int, prepare func(*speed, int) ([]byte, func([]byte) []byte)) {
	to, back := underTest(b, d, c).speeds(b)
	for i, s := range []*speed{&to, &back} {
		prefix := [...]string{"", "back-"}[i]
		for _, size := range sizes {
			body, run := prepare(s, size)
			b.Run(fmt.Sprintf("%s%d-bytes", prefix, len(body)), func(b *testing.B) {
				out := make([]byte, 0, 2*len(body))
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					out = run(out)
				}
			})
		}
	}
}
