package extproc

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"

	"github.com/headgate/headgate/policy"
)

// memStream is a stream without gRPC: it hands encoded messages to the codec and
// takes encoded replies, so that what is counted is Headgate's own.
type memStream struct {
	extprocv3.ExternalProcessor_ProcessServer
	ctx      context.Context
	codec    encoding.CodecV2
	messages [][]byte
	next     int
	sent     int // bytes
	replies  int
}

func (s *memStream) Context() context.Context { return s.ctx }

func (s *memStream) RecvMsg(v any) error {
	if s.next == len(s.messages) {
		return io.EOF
	}
	s.next++
	return s.codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(s.messages[s.next-1])}, v)
}

func (s *memStream) SendMsg(v any) error {
	out, err := s.codec.Marshal(v)
	s.sent += out.Len()
	s.replies++
	out.Free()
	return err
}

// exchangeMessages are the messages of one exchange as the router level gets them.
func exchangeMessages(tb testing.TB, request, response string, events []string) [][]byte {
	headers := func(h ...string) *corev3.HeaderMap {
		m := &corev3.HeaderMap{}
		for i := 0; i+1 < len(h); i += 2 {
			m.Headers = append(m.Headers, &corev3.HeaderValue{Key: h[i], RawValue: []byte(h[i+1])})
		}
		return m
	}
	contentType := "application/json"
	if events != nil {
		contentType = "text/event-stream; charset=utf-8"
	}
	out := [][]byte{
		marshal(tb, &extprocv3.ProcessingRequest{
			ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: filterv3.ProcessingMode_BUFFERED, ResponseBodyMode: filterv3.ProcessingMode_BUFFERED},
			Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{Headers: headers(
				":authority", "localhost", ":path", "/v1/chat/completions", ":method", "POST", ":scheme", "http", "content-type", "application/json",
				"content-length", fmt.Sprint(len(request)), "accept", "application/json", "user-agent", "OpenAI/Python", "authorization", "Bearer sk-x",
				"x-forwarded-proto", "http", "x-forwarded-for", "10.0.0.1", "x-request-id", "1")}}}),
		marshal(tb, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{RequestBody: &extprocv3.HttpBody{Body: []byte(request), EndOfStream: true}}}),
		marshal(tb, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extprocv3.HttpHeaders{Headers: headers(
			":status", "200", "date", "Mon, 01 Jun 2026 00:00:00 GMT", "server", "upstream", "x-envoy-upstream-service-time", "12", "content-type", contentType)}}}),
	}
	if events == nil {
		events = []string{response}
	}
	for i, ev := range events {
		out = append(out, marshal(tb, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{
			ResponseBody: &extprocv3.HttpBody{Body: []byte(ev), EndOfStream: i == len(events)-1}}}))
	}
	return out
}

// cases are the exchanges of the speed targets: 1 KB in and out, 32 KB in and 4 KB
// out, 1 KB in and a stream of 200 events.
func speedCases(tb testing.TB) map[string][][]byte {
	ask := func(size int, stream bool) string {
		return fmt.Sprintf(`{"model":"gpt-4o-mini","messages":[{"role":"user","content":"%s"}],"stream":%v,"max_tokens":512,"user":"user-1234"}`, strings.Repeat("word ", size/5), stream)
	}
	answer := func(size int) string {
		return fmt.Sprintf(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":210,"completion_tokens":180,"total_tokens":390}}`, strings.Repeat("word ", size/5))
	}
	var events []string
	for i := range 197 {
		events = append(events, fmt.Sprintf("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word%d\"},\"finish_reason\":null}],\"usage\":null}\n\n", i))
	}
	events = append(events, streamEvents[2:]...)
	return map[string][][]byte{
		"translated sse": exchangeMessages(tb, strings.Replace(ask(900, true), "gpt-4o-mini", "claude", 1), "", claudeEvents()),
		"small":          exchangeMessages(tb, ask(900, false), answer(800), nil),
		"large":          exchangeMessages(tb, ask(32<<10, false), answer(4<<10), nil),
		"sse":            exchangeMessages(tb, ask(900, true), "", events),
	}
}

// claudeEvents are a stream of 200 events in Anthropic's dialect.
func claudeEvents() []string {
	events := []string{`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[],"stop_reason":null,"usage":{"input_tokens":210,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`}
	for i := range 195 {
		events = append(events, fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word%d"}}`, i))
	}
	events = append(events, `{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":180}}`, `{"type":"message_stop"}`)
	for i, data := range events {
		kind, _, _ := strings.Cut(strings.TrimPrefix(data, `{"type":"`), `"`)
		events[i] = "event: " + kind + "\ndata: " + data + "\n\n"
	}
	return events
}

// playInMemory serves one exchange.
func playInMemory(tb testing.TB, r *rig, messages [][]byte) (replies int) {
	s := &memStream{ctx: metadata.NewIncomingContext(context.Background(), metadata.Pairs("x-headgate-level", "router", policy.ShapeHeader, r.set.Shape)), codec: newCodec(), messages: messages}
	if err := r.server.Process(s); err != nil {
		tb.Fatal(err)
	}
	return s.replies
}

// TestAllocationsDoNotGrow holds what Headgate adds to gRPC's own allocations,
// which are some 180 for a JSON exchange and 3,700 for the stream, and that each
// message of Envoy's gets one reply: the targets for both together are 400, 450 and
// 4,300. No garbage is collected meanwhile, which would empty pools.
func TestAllocationsDoNotGrow(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	r := newRig(t, testPolicy)
	for name, allowed := range map[string]float64{"small": 110, "large": 114, "sse": 925, "translated sse": 960} {
		messages := speedCases(t)[name]
		replies := 0
		got := testing.AllocsPerRun(200, func() { replies = playInMemory(t, r, messages) })
		if replies != len(messages) {
			t.Errorf("%s: %d replies to %d messages", name, replies, len(messages))
		}
		t.Logf("%s: %.0f allocations", name, got)
		if got > allowed {
			t.Errorf("%s: %.0f allocations, at most %.0f are allowed", name, got, allowed)
		}
	}
}

// TestASpoolAllocatesLittle holds what the rows of an exchange add that are kept for a control
// plane: the row as it is opened, and none for what is appended.
func TestASpoolAllocatesLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	messages := speedCases(t)["small"]
	play := func(r *rig) float64 { return testing.AllocsPerRun(200, func() { playInMemory(t, r, messages) }) }
	without, with := play(newRig(t, testPolicy)), play(newRigWith(t, testPolicy, openSpool(t, t.TempDir())))
	if t.Logf("%.0f allocations, with a spool %.0f", without, with); with > without+10 {
		t.Errorf("a spool takes %.0f allocations", with-without)
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, name := range []string{"small", "large", "sse", "translated sse"} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, testPolicy)
			messages := speedCases(b)[name]
			b.ReportAllocs()
			for b.Loop() {
				playInMemory(b, r, messages)
			}
		})
	}
}
