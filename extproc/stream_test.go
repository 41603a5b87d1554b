package extproc

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

const streamBody = `{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}`

// streamEvents are a whole OpenAI stream with usage, non-ASCII text included.
var streamEvents = []string{
	`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}` + "\n\n",
	`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":"héllo 世界 😀 \"usage\""},"finish_reason":null}],"usage":null}` + "\n\n",
	`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}` + "\n\n",
	`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-mini-2024-07-18","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}` + "\n\n",
	"data: [DONE]\n\n",
}

// unasked is what of a stream a client gets that did not ask for usage.
func unasked(stream string) string { return strings.ReplaceAll(stream, `,"usage":null`, "") }

// openStream plays a stream up to the response headers.
func openStream(t *testing.T, r *rig, body string) *Stream {
	t.Helper()
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(body)
	reply := s.ResponseHeaders(Answered("200", "text/event-stream; charset=utf-8", "content-length", "9999"), false)
	if !reply.Streams() || !reply.Removes("content-length") || reply.Set("x-headgate-backend") != "gpt" {
		t.Fatalf("an event stream must pass chunk by chunk: %v", reply)
	}
	return s
}

// play sends chunks and returns what the client gets, the final comment apart.
func play(s *Stream, chunks []string, emptyEnd bool) (text, comment string) {
	var out strings.Builder
	for i, c := range chunks {
		reply := s.ResponseBody(c, i == len(chunks)-1 && !emptyEnd)
		if body, changed := reply.Body(); changed {
			out.WriteString(body)
		} else {
			out.WriteString(c)
		}
	}
	if emptyEnd {
		body, _ := s.ResponseBody("", true).Body()
		out.WriteString(body)
	}
	text = out.String()
	if i := strings.LastIndex(text, ": x-headgate"); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

func TestUsageEventIsSwallowedIfTheClientDidNotAsk(t *testing.T) {
	want := unasked(strings.Join(streamEvents[:3], "") + streamEvents[4])
	whole := strings.Join(streamEvents, "")
	for _, size := range []int{1, 2, 3, 7, 50, 190, 400, len(whole)} {
		for _, emptyEnd := range []bool{false, true} {
			t.Run(fmt.Sprintf("chunks of %d, empty end %v", size, emptyEnd), func(t *testing.T) {
				r := newRig(t, testPolicy)
				s := openStream(t, r, streamBody)
				text, comment := play(s, pieces(whole, size), emptyEnd)
				if text != want {
					t.Errorf("client got %q", text)
				}
				if !strings.Contains(comment, "tokens-in=10 tokens-out=5 x-headgate-cost-usd=0.0000045\n\n") {
					t.Errorf("comment %q", comment)
				}
				s.Cancel()
				row := r.row()
				if row.Outcome != "ok" || row.Tokens.Input != 10 || row.Tokens.Output != 5 || *row.CostNano != 4500 || row.UsageSource != "provider" || row.FirstTokenMS == nil {
					t.Errorf("row %+v", row)
				}
			})
		}
	}
}

func TestUsageEventPassesIfTheClientAsked(t *testing.T) {
	whole := strings.Join(streamEvents, "")
	r := newRig(t, testPolicy)
	s := openStream(t, r, `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true}}`)
	text, _ := play(s, pieces(whole, 33), false)
	if text != whole {
		t.Errorf("client got %q", text)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" || row.Tokens.Output != 5 {
		t.Errorf("row %+v", row)
	}
}

func TestUntouchedChunksCarryNoMutation(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, streamBody)
	for _, ev := range streamEvents[:3] {
		if _, changed := s.ResponseBody(unasked(ev), false).Body(); changed {
			t.Errorf("whole event %q was copied", ev)
		}
	}
	s = openStream(t, r, `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true}}`)
	for _, ev := range streamEvents[:3] {
		if _, changed := s.ResponseBody(ev, false).Body(); changed {
			t.Errorf("whole event %q was copied", ev)
		}
	}
}

func TestStreamEndingsAreRecorded(t *testing.T) {
	finish := func(index int) string {
		return fmt.Sprintf(`data: {"choices":[{"index":%d,"delta":{"content":"x"},"finish_reason":"stop"}]}`+"\n\n", index)
	}
	two := `{"n":2,` + streamBody[1:]
	for _, tc := range []struct {
		name        string
		events      []string
		outcome, by string
		source      string
		body        string // of the request, where it is another
	}{
		{"without [DONE] but finished", streamEvents[:3], "ok", "", "estimated", ""},
		{"one of two choices finished", []string{streamEvents[0], finish(1)}, "cut", "provider", "estimated", two},
		{"one of two choices finished twice", []string{finish(1), finish(1)}, "cut", "provider", "estimated", two},
		{"two choices finished", []string{finish(1), finish(0)}, "ok", "", "estimated", two},
		{"one of two choices finished, and [DONE]", []string{finish(1), streamEvents[4]}, "ok", "", "estimated", two},
		{"without any end", streamEvents[:2], "cut", "provider", "estimated", ""},
		{"an error event", append([]string{streamEvents[1]}, `data: {"error":{"message":"x","type":"server_error"}}`+"\n\n"), "provider_error", "provider", "estimated", ""},
		{"an error event before [DONE]", []string{streamEvents[1], `data: {"error":{"code":400},"choices":[],"usage":{"prompt_tokens":43,"completion_tokens":10}}` + "\n\n", streamEvents[4]}, "provider_error", "provider", "provider", ""},
		{"comments only", []string{": keep-alive\n\n"}, "cut", "provider", "", ""},
		{"a broken event", []string{"data: {\"choices\":\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"half a ping", []string{streamEvents[1], "event: ping\ndata: {\"ty\n\n", streamEvents[2], streamEvents[4]}, "ok", "provider", "estimated", ""},
		{"half a piece, and then the whole, as the tokens say", []string{streamEvents[1][:60] + "\n\n", streamEvents[1], streamEvents[2], strings.NewReplacer(":5,", ":1,", ":15", ":11").Replace(streamEvents[3]), streamEvents[4]}, "ok", "provider", "provider", ""},
		{"half a piece, and then the whole, of more tokens", []string{streamEvents[1][:60] + "\n\n", streamEvents[1], streamEvents[2], streamEvents[3], streamEvents[4]}, "provider_error", "provider", "provider", ""},
		{"an error that is a text", []string{streamEvents[1], `data: {"error":"overloaded"}` + "\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"an error by its object", []string{streamEvents[1], `data: {"object":"error","message":"x","code":500}` + "\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"an error of Groq's", []string{streamEvents[1], `data: {"choices":[],"x_groq":{"error":"x"}}` + "\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"an error by its name", []string{streamEvents[1], "event: error\ndata: {\"message\":\"x\"}\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"an error by the reason of the end", []string{`data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"insufficient_system_resource"}]}` + "\n\n", streamEvents[4]}, "provider_error", "provider", "estimated", ""},
		{"an error that is none", []string{streamEvents[1], `data: {"choices":[{"delta":{"content":"error"}}],"error":null}` + "\n\n", streamEvents[4]}, "ok", "", "estimated", ""},
		{"an end that is none", []string{`data: {"choices":[{"delta":{"content":"hi"},"finish_reason":""}]}` + "\n\n"}, "cut", "provider", "estimated", ""},
		{"an end that is none, on lines of their own", []string{"data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\ndata: \"finish_reason\":\ndata: null}]}\n\n"}, "cut", "provider", "estimated", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := openStream(t, r, cmp.Or(tc.body, streamBody))
			play(s, tc.events, true)
			s.Cancel()
			row := r.row()
			if row.Outcome != tc.outcome || row.By != tc.by || row.UsageSource != tc.source {
				t.Errorf("row %+v", row)
			}
			if row.Outcome == "ok" && row.By == "provider" && row.Detail != "events of the stream that could not be read: 1" {
				t.Errorf("detail %q", row.Detail)
			}
		})
	}
}

func TestAbortedStreamIsMeteredFromWhatWasSeen(t *testing.T) {
	r := newRig(t, testPolicy)
	s := openStream(t, r, streamBody)
	s.ResponseBody(streamEvents[0], false)
	s.ResponseBody(streamEvents[1], false)
	_ = s.Close()
	row := r.row()
	if row.UsageSource != "estimated" || row.Tokens.Output == 0 || row.Tokens.Input == 0 || row.CostNano == nil || *row.CostNano == 0 {
		t.Errorf("row %+v", row)
	}
}

func TestErrorStatusIsNeverTreatedAsAStream(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(streamBody)
	if s.ResponseHeaders(Answered("500", "text/event-stream"), false).Streams() {
		t.Error("a 500 must be buffered, so that its body can be read")
	}
}

func pieces(s string, size int) []string {
	var out []string
	for len(s) > 0 {
		n := min(size, len(s))
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

func TestAStreamThatIsNotWholeEndsWithAnError(t *testing.T) {
	for name, events := range map[string][]string{
		"no end":         streamEvents[:2],
		"half an event":  {streamEvents[0], streamEvents[1][:40]},
		"nothing at all": {": hello\n\n"},
	} {
		r := newRig(t, testPolicy)
		s := openStream(t, r, streamBody)
		text, comment := play(s, events, true)
		if !strings.HasSuffix(text, "\n\n") || !strings.Contains(text, "\n\ndata: {\"error\":{") || comment != "" {
			t.Errorf("%s: client got %q %q", name, text, comment)
		}
	}
}

func TestTheFinalCommentLeavesTheEndMarkerAlone(t *testing.T) {
	for _, options := range []string{"false", "true"} {
		for _, end := range []string{"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r"} {
			for _, emptyEnd := range []bool{false, true} {
				r := newRig(t, testPolicy)
				s := openStream(t, r, `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":`+options+`}}`)
				text, comment := play(s, append(streamEvents[:4:4], end), emptyEnd)
				if !strings.HasSuffix(text, end+"\n\n") || comment == "" {
					t.Errorf("%q, usage %s: client got %q, then %q", end, options, text[len(text)-30:], comment)
				}
			}
		}
	}
}

func TestAUsageEventThatNothingEndsIsSwallowedToo(t *testing.T) {
	for _, emptyEnd := range []bool{false, true} {
		r := newRig(t, testPolicy)
		s := openStream(t, r, streamBody)
		text, _ := play(s, append(streamEvents[:3:3], strings.TrimSpace(streamEvents[3])), emptyEnd)
		if strings.Contains(text, `"choices":[]`) {
			t.Errorf("client got %q", text)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "ok" || row.Tokens.Input != 10 {
			t.Errorf("row %+v %+v", row, row.Tokens)
		}
	}
}

// TestAStreamThatCannotBeWrittenIsNoSuccess holds that a client whose dialect has no
// words for what comes, a call that goes on after it was closed, gets an error.
func TestAStreamThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/messages", "anthropic-version", "2023-06-01"), false)
	s.RequestBody(`{"model":"gpt-4o-mini","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
	s.ResponseHeaders(Answered("200", "text/event-stream"), false)
	var chunks []string
	for _, delta := range []string{
		`{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}`,
		`{"content":"and"}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}`,
		`{},"finish_reason":"tool_calls"`,
	} {
		chunks = append(chunks, `data: {"choices":[{"index":0,"delta":`+delta+"}]}\n\n")
	}
	text, comment := play(s, append(chunks, "data: [DONE]\n\n"), false)
	s.Cancel()
	if row := r.row(); !strings.Contains(text, "event: error") || strings.Contains(text, "message_stop") || comment != "" || row.Outcome != "provider_error" {
		t.Errorf("client got %q and %q, row %+v", text, comment, row)
	}
}
