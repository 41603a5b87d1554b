package sim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// shape is how a rule of shapes.yaml is seen: which texts the answer has and lacks.
type shape struct {
	model     string
	path      string // empty: chat completions
	json      bool   // asked for JSON
	status    int    // 0: 200
	kind      string // the content type; empty: that of a stream
	has, lack string
}

const (
	chatAt, messagesAt, responsesAt = "/v1/chat/completions", "/v1/messages", "/v1/responses"

	unnamed = "-" // no content type
	endMark = "data: [DONE]"
)

var shapes = []shape{
	{model: "json-for-stream", kind: jsonType, has: `"object":"chat.completion",`},
	{model: "json-for-stream", path: messagesAt, kind: jsonType, has: `"type":"message",`},
	{model: "json-for-stream", path: responsesAt, kind: jsonType, has: `"status":"completed"`, lack: "event: "},
	{model: "stream-for-json", json: true, has: `"completion_tokens":`},
	{model: "stream-for-json", path: messagesAt, json: true, has: "event: message_stop"},
	{model: "stream-for-json", path: responsesAt, json: true, has: "event: response.completed"},
	{model: "stream-called-json", kind: jsonType, has: endMark},
	{model: "stream-called-text", kind: "text/plain", has: endMark},
	{model: "without-type", kind: unnamed, has: endMark},
	{model: "byte-order-mark", has: "\ufeffdata: "},
	{model: "byte-order-mark", path: messagesAt, json: true, kind: jsonType, has: "\ufeff{"},
	{model: "malformed-event", has: endMark},
	{model: "unknown-event", path: responsesAt, has: "event: unheard.of\ndata: {\"type\":\"unheard.of\"}\n\nevent: response.output_item.added"},
	{model: "event-twice", path: responsesAt, has: `"sequence_number":2,`},
	{model: "events-swapped", path: responsesAt, has: "response.content_part.added"},
	{model: "without-end", lack: endMark},
	{model: "without-end", path: responsesAt, lack: "response.completed"},
	{model: "huge", path: responsesAt, has: "response.completed"},
	{model: "comments", has: ": keep-alive"},
	{model: "pings", path: messagesAt, has: "event: ping\ndata: {\"type\":\"ping\"}\n\nevent: message_stop"},
	{model: "usage-xai", json: true, kind: jsonType, has: `"completion_tokens":39,"total_tokens":67`},
	{model: "usage-groq", has: `"x_groq":{"id":"req_`, lack: `"choices":[],"usage"`},
	{model: "usage-deepseek", json: true, kind: jsonType, has: `"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":4`, lack: `"cached_tokens"`},
	{model: "usage-moonshot", json: true, kind: jsonType, has: `,"cached_tokens":4,"completion_tokens_details"`},
	{model: "usage-litellm", json: true, kind: jsonType, has: `"cache_read_input_tokens":4,"cache_creation_input_tokens":3`},
	{model: "usage-early", has: `"finish_reason":"stop"}],"usage":null}` + "\n\n" + endMark},
	{model: "usage-running", has: `"finish_reason":null}],"usage":{"prompt_tokens":`},
	{model: "usage-null", has: `"finish_reason":"stop"}],"usage":null`, lack: `"prompt_tokens"`},
	{model: "ids-empty", has: `"id":"","type":"function"`},
	{model: "ids-empty", path: messagesAt, has: `"type":"tool_use","id":""`},
	{model: "ids-twice", has: `"index":1,"id":"call_`},
	{model: "calls-alone", has: `"name":"look"`, lack: `"usage"`},
	{model: "without-names", has: `data: {"object":"chat.completion.chunk","service_tier"`, lack: `"model"`},
	{model: "without-names", path: messagesAt, has: `"message":{"type":"message","role"`, lack: `"model"`},
	{model: "without-names", path: responsesAt, has: `"response":{"object":"response",`, lack: `"model"`},
	{model: "end-window", has: `"finish_reason":"model_context_window_exceeded"`},
	{model: "end-max-length", has: `"finish_reason":"max_length"`},
	{model: "end-sensitive", has: `"finish_reason":"sensitive"`},
	{model: "end-network", has: `"finish_reason":"network_error"`},
	{model: "error-list", status: 400, kind: jsonType, has: `[{"error":{"code":400,"message":"The request is not valid."`},
	{model: "error-detail", status: 404, kind: jsonType, has: `{"detail":"The model`},
	{model: "error-details", status: 422, kind: jsonType, has: `"loc":["body"],"msg":"The request was well-formed`},
	{model: "error-string", status: 400, kind: jsonType, has: `{"error":"This model's maximum context length is`},
	{model: "error-flat", path: messagesAt, status: 400, kind: jsonType, has: `{"object":"error","message":"prompt is too long: `},
	{model: "error-text", status: 429, kind: textType, has: "Rate limit reached"},
	{model: "error-html", status: 503, kind: htmlType, has: "<h1>503 Service Unavailable</h1>"},
	{model: "error-empty", status: 500, kind: unnamed, lack: "e"},
	{model: "error-beyond", status: 700, kind: jsonType, has: `{"error":{`},
	{model: "error-within", json: true, kind: jsonType, has: `{"error":{`},
}

// asks is the request for a shape.
func (s *shape) asks() (path, body string) {
	stream := !s.json
	switch s.path {
	case messagesAt:
		return messagesAt, fmt.Sprintf(`{"model":%q,"max_tokens":2000,"stream":%t,"messages":[{"role":"user","content":"Hello!"}]}`, s.model, stream)
	case responsesAt:
		return responsesAt, fmt.Sprintf(`{"model":%q,"stream":%t,"input":"Hello!"}`, s.model, stream)
	}
	options := ""
	if stream {
		options = `,"stream_options":{"include_usage":true,"include_obfuscation":false}`
	}
	return chatAt, fmt.Sprintf(`{"model":%q,"stream":%t%s,"messages":[{"role":"user","content":"Hello!"}]}`, s.model, stream, options)
}

// TestShapes plays each rule of shapes.yaml, and holds that the README names it.
func TestShapes(t *testing.T) {
	script, err := ParseScript("shapes.yaml", []byte(readAll(t, "shapes.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	_, r := start(t, Options{Script: script})
	played := map[string]bool{}
	for _, s := range shapes {
		played[s.model] = true
		path, body := s.asks()
		got := ask(t, r, http.MethodPost, path, body)
		status, kind := s.status, s.kind
		if status == 0 {
			status = http.StatusOK
		}
		if kind == "" {
			kind = streamType
		}
		named := strings.Join(got.header["Content-Type"], "")
		if named == "" {
			named = unnamed
		}
		if got.err != nil || got.status != status || named != kind {
			t.Errorf("%s%s: %v, status %d, type %q, want %d, %q", s.model, path, got.err, got.status, named, status, kind)
		}
		if !strings.Contains(got.body, s.has) || s.lack != "" && strings.Contains(got.body, s.lack) {
			t.Errorf("%s%s: want %s without %s in\n%.3000s", s.model, path, s.has, s.lack, got.body)
		}
	}
	readme := readAll(t, "README.md")
	for _, rule := range script {
		if !played[rule.Match.Model] {
			t.Errorf("%s is not played", rule.Match.Model)
		}
		if !strings.Contains(readme, "\n| `"+rule.Match.Model+"` |") {
			t.Errorf("%s has no line in the README", rule.Match.Model)
		}
	}
}

// TestOrdersOfEvents holds where the events stand that come twice, late or from nowhere.
func TestOrdersOfEvents(t *testing.T) {
	const whole = "created in_progress output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done completed"
	for sim, want := range map[string]string{
		"":           whole,
		"twice=3":    strings.Replace(whole, "output_item.added", "output_item.added output_item.added", 1),
		"twice=99":   whole + " completed",
		"swap=3":     strings.Replace(whole, "output_item.added content_part.added", "content_part.added output_item.added", 1),
		"swap=99":    strings.Replace(whole, "output_item.done completed", "completed output_item.done", 1),
		"unknown=1":  "unheard.of " + whole,
		"unknown=99": strings.Replace(whole, "completed", "unheard.of completed", 1),
	} {
		_, r := start(t, Options{})
		got := ask(t, r, http.MethodPost, responsesAt, respStreams, "X-Sim: tokens=1;"+sim)
		var kinds []string
		for line := range strings.Lines(got.body) {
			if kind, ok := strings.CutPrefix(line, "event: "); ok {
				kinds = append(kinds, strings.TrimPrefix(strings.TrimSpace(kind), "response."))
			}
		}
		if all := strings.Join(kinds, " "); all != want {
			t.Errorf("%q: %s, want %s", sim, all, want)
		}
	}
}

// TestImpossibleShapes names what a dialect does not show.
func TestImpossibleShapes(t *testing.T) {
	for _, c := range []struct{ path, body, sim, want string }{
		{chatAt, chatBody, "pings", "pings: this dialect has none"},
		{chatAt, chatBody, "cache-write=1;usage=xai", "cache-write: this dialect does not report it"},
		{chatAt, chatBody, "usage=odd", "usage: want one of [xai "},
		{chatAt, chatBody, "ids=odd", "ids: want one of [empty twice]"},
		{chatAt, chatBody, "error-as=list", "error-as: needs status, quota or reject"},
		{chatAt, chatBody, "error-as=list;status=500;error=0", "error-as: needs status, quota or reject"},
		{messagesAt, msgBody, "usage=xai", "usage: this dialect has counts of one shape"},
		{responsesAt, respBody, "usage=xai", "usage: this dialect has counts of one shape"},
		{responsesAt, respBody, "pings", "pings: this dialect has none"},
	} {
		_, r := start(t, Options{})
		if got := ask(t, r, http.MethodPost, c.path, c.body, "X-Sim: "+c.sim); got.status != http.StatusBadRequest || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.sim, got.status, got.body, c.want)
		}
	}
}
