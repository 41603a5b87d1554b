package extproc

import (
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	. "github.com/headgate/headgate/extproc/extproctest"
)

const chainPolicy = `
version: 1
backends:
  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}, responses: false}
  claude: {provider: anthropic, credential: {env: ANTHROPIC_API_KEY}}
models:
  assistant: {chain: [gpt/gpt-4o-mini, claude/claude-sonnet-4-6]}
  mini: {chain: [gpt/gpt-4o-mini, gpt/gpt-4o]}
`

// attempt plays the request headers of one attempt at the upstream level.
func attempt(r *rig, exchange, backend, model string, h H) (*Stream, *Reply) {
	r.t.Helper()
	s := r.Open("upstream")
	r.attempts = append(r.attempts, s)
	return s, s.Raw(attemptMessage(exchange, backend, model, h))
}

// attemptMessage are the request headers of one attempt, as the upstream level shows them.
func attemptMessage(exchange, backend, model string, h H) *extprocv3.ProcessingRequest {
	st := func(key, value string) *structpb.Struct {
		return &structpb.Struct{Fields: map[string]*structpb.Value{key: structpb.NewStringValue(value)}}
	}
	attributes := st("xds.upstream_host_metadata.filter_metadata['io.headgate']['backend']", backend)
	attributes.Fields["xds.upstream_host_metadata.filter_metadata['io.headgate']['model']"] = structpb.NewStringValue(model)
	headers := &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{}, EndOfStream: false}
	for i := 0; i+1 < len(h); i += 2 {
		headers.Headers.Headers = append(headers.Headers.Headers, &corev3.HeaderValue{Key: h[i], RawValue: []byte(h[i+1])})
	}
	return &extprocv3.ProcessingRequest{
		Attributes:      map[string]*structpb.Struct{"envoy.filters.http.ext_proc": attributes},
		MetadataContext: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"io.headgate": st("exchange", exchange)}},
		Request:         &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: headers},
	}
}

// begin plays the request of an exchange with a pool of several backends.
func begin(r *rig, path, body string, h ...string) (s *Stream, id string, reply *Reply) {
	r.t.Helper()
	s = r.Open("router")
	id = s.RequestHeaders(Post(path, h...), false).Metadata("exchange")
	reply = s.RequestBody(body)
	return s, id, reply
}

func TestEachAttemptGetsItsOwnAndNothingOfAnother(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, reply := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`, "authorization", "Bearer sk-client", "x-api-key", "sk-client")
	if !reply.Removes("authorization") || !reply.Removes("x-api-key") || reply.Set("authorization") != "" {
		t.Error("the router level leaves no credential")
	}
	first, one := attempt(r, id, "gpt", "gpt-4o-mini", Post("/v1/chat/completions"))
	body, _ := one.Body()
	if one.Set("authorization") != "Bearer sk-backend-secret" || one.Set(":path") != "/v1/chat/completions" || one.Set(":authority") != "api.openai.com" || !strings.Contains(body, `"model":"gpt-4o-mini"`) {
		t.Errorf("attempt 1: %v", one)
	}
	if !one.Removes("x-api-key") || !one.Removes("anthropic-version") || one.Metadata("content_length") != "67" {
		t.Errorf("attempt 1: %v", one)
	}
	if judged := first.ResponseHeaders(H{":status", "500"}, false); judged.Set(":status") != "" || judged.Set("x-envoy-degraded") != "" {
		t.Errorf("a 500 is Envoy's to retry as it is: %v", judged)
	}
	_, two := attempt(r, id, "claude", "claude-sonnet-4-6", Post("/v1/chat/completions", "authorization", "Bearer sk-backend-secret"))
	body, _ = two.Body()
	if two.Set("x-api-key") != "sk-ant-secret" || two.Set("anthropic-version") == "" || two.Set(":path") != "/v1/messages" || two.Set(":authority") != "api.anthropic.com" {
		t.Errorf("attempt 2: %v", two)
	}
	if !two.Removes("authorization") || strings.Contains(two.String(), "sk-backend-secret") || !strings.Contains(body, `"max_tokens"`) {
		t.Errorf("attempt 2 has something of attempt 1: %v", two)
	}
	s.ResponseHeaders(Answered("200", "application/json", "x-envoy-attempt-count", "2"), false)
	answer := s.ResponseBody(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"cache_read_input_tokens":500,"output_tokens":100}}`, true)
	body, _ = answer.Body()
	for _, want := range []string{`"object":"chat.completion"`, `"content":"hello"`, `"finish_reason":"stop"`, `"prompt_tokens":1500`, `"cached_tokens":500`} {
		if !strings.Contains(body, want) {
			t.Errorf("the client got %s, without %s", body, want)
		}
	}
	if answer.Set("x-headgate-backend") != "claude" || answer.Set("x-headgate-cost-usd") != "0.00465" {
		t.Errorf("backend %q, cost %q", answer.Set("x-headgate-backend"), answer.Set("x-headgate-cost-usd"))
	}
	s.Cancel()
	row := r.row()
	if row.Outcome != "ok" || len(row.Tried) != 2 || row.Tried[0].Status != 500 || !row.Tried[0].Failed || *row.CostNano != 4_650_000 || row.Tokens.CacheRead != 500 {
		t.Errorf("row %+v", row)
	}
}

func TestAStreamComesInTheClientsDialect(t *testing.T) {
	events := []string{
		`event: message_start` + "\n" + `data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}` + "\n\n",
		`event: content_block_start` + "\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n",
		`event: content_block_delta` + "\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"héllo"}}` + "\n\n",
		`event: content_block_stop` + "\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n",
		`event: message_delta` + "\n" + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}` + "\n\n",
		`event: message_stop` + "\n" + `data: {"type":"message_stop"}` + "\n\n",
	}
	for _, tc := range []struct {
		name    string
		n       int
		want    string
		outcome string
		source  string
	}{
		{"whole", 6, "data: [DONE]\n\n", "ok", "provider"},
		{"cut short", 3, `data: {"error":`, "cut", "estimated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, chainPolicy)
			s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
			attempt(r, id, "claude", "claude-sonnet-4-6", Post("/v1/chat/completions"))
			a, _ := attempt(r, id, "claude", "claude-sonnet-4-6", Post("/v1/chat/completions"))
			a.ResponseHeaders(H{":status", "200"}, false)
			s.ResponseHeaders(Answered("200", "text/event-stream"), false)
			text, _ := play(s, pieces(strings.Join(events[:tc.n], ""), 7), true)
			if !strings.Contains(text, `"content":"héllo"`) || !strings.Contains(text, tc.want) || strings.Contains(text, "event: ") {
				t.Errorf("client got %s", text)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != tc.outcome || row.Tokens.Input != 9 || row.UsageSource != tc.source {
				t.Errorf("row %+v %+v", row, row.Tokens)
			}
		})
	}
}

func TestLimitsAndRefusedKeysMoveOnAtOnceAndEndIfNoBackendIsLeft(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	a, _ := attempt(r, id, "gpt", "gpt-4o-mini", Post("/"))
	if judged := a.ResponseHeaders(H{":status", "429", "retry-after", "7"}, false); judged.Set(":status") != "429" || judged.Set("x-envoy-degraded") != "1" {
		t.Errorf("a 429 goes to the next link: %v", judged)
	}
	b, _ := attempt(r, id, "claude", "claude-sonnet-4-6", Post("/"))
	if judged := b.ResponseHeaders(H{":status", "401"}, false); judged.Set(":status") != "424" {
		t.Errorf("when no backend is left the retries end: %v", judged)
	}
	if r.refused.Load() != 1 {
		t.Error("the refused credential was not logged")
	}
	s.ResponseHeaders(Answered("424", "application/json", "x-envoy-attempt-count", "2"), false)
	reply := s.ResponseBody(`{"error":{"message":"key sk-ant-secret"}}`, true)
	body, _ := reply.Body()
	if reply.Set(":status") != "503" || reply.Set("retry-after") != "7" || !strings.Contains(body, "all_models_exhausted") || !strings.Contains(body, `\"gpt/gpt-4o-mini\" 429, \"claude/claude-sonnet-4-6\" 401`) || strings.Contains(body, "sk-ant") {
		t.Errorf("client got %s", body)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "exhausted" || row.By != "provider" || row.Status != 503 || row.Tokens != nil {
		t.Errorf("row %+v", row)
	}
}

// TestUnseenAttemptsAreReported holds what a client reads of attempts of which Envoy
// reports nothing but their number: that it had no backend left to ask, or got no
// connection.
func TestUnseenAttemptsAreReported(t *testing.T) {
	const unseen = "found no backend in service or no connection"
	for _, c := range []struct{ heard, all, want string }{
		{"", "1", "none has an address"},
		{"", "3", "3 attempts " + unseen},
		{"500", "1", `\"gpt/gpt-4o-mini\" 500`},
		{"500", "2", `\"gpt/gpt-4o-mini\" 500, 1 further attempt ` + unseen},
		{"500", "4", `\"gpt/gpt-4o-mini\" 500, 3 further attempts ` + unseen},
	} {
		t.Run(c.heard+" of "+c.all, func(t *testing.T) {
			r := newRig(t, chainPolicy)
			s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
			if c.heard != "" {
				a, _ := attempt(r, id, "gpt", "gpt-4o-mini", Post("/"))
				a.ResponseHeaders(H{":status", c.heard}, false)
			}
			s.ResponseHeaders(H{":status", "503", "content-type", "application/json", "x-envoy-attempt-count", c.all}, false)
			body, _ := s.ResponseBody(`{}`, true).Body()
			if want := `failed: ` + c.want + `."`; !strings.Contains(body, want) {
				t.Errorf("client got %s, want %s", body, want)
			}
		})
	}
}

func TestAnAttemptThatCannotBePreparedFailsClosed(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	for name, try := range map[string][3]string{
		"an unknown exchange": {"01NOBODY", "gpt", "gpt-4o-mini"},
		"no exchange":         {"", "gpt", "gpt-4o-mini"},
		"an unknown backend":  {id, "nobody", "gpt-4o-mini"},
		"an unknown model":    {id, "gpt", "gpt-9"},
	} {
		if _, reply := attempt(r, try[0], try[1], try[2], Post("/")); status.Code(reply.Err) != codes.Unavailable {
			t.Errorf("%s: %v %v", name, reply.ProcessingResponse, reply.Err)
		}
	}
	_ = s.Close()
	if _, reply := attempt(r, id, "gpt", "gpt-4o-mini", Post("/")); status.Code(reply.Err) != codes.Unavailable {
		t.Errorf("an exchange that is over: %v", reply.ProcessingResponse)
	}
}

func TestUnsupportedBackendsAreLeftOutBeforeEnvoyChooses(t *testing.T) {
	r := newRig(t, chainPolicy)
	for _, tc := range []struct {
		name, path, body, fit, answered string
	}{
		{"all can", "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`, "", ""},
		{"Claude gives one answer", "/v1/chat/completions", `{"model":"assistant","n":2,"messages":[{"role":"user","content":"hi"}]}`, "c1", ""},
		{"Claude embeds nothing", "/v1/embeddings", `{"model":"assistant","input":"hi"}`, "c1", ""},
		{"chat completions count no tokens", "/v1/messages/count_tokens", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`, "c2", ""},
		{"no backend counts tokens", "/v1/messages/count_tokens", `{"model":"mini","messages":[{"role":"user","content":"hi"}]}`, "", `{"input_tokens":7}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, reply := begin(r, tc.path, tc.body)
			if tc.answered != "" {
				if im := reply.Immediate(); im == nil || string(im.Body) != tc.answered {
					t.Errorf("%v", reply)
				}
				return
			}
			got := reply.GetDynamicMetadata().GetFields()["envoy.lb"].GetStructValue().GetFields()["fit"].GetStringValue()
			if got != tc.fit {
				t.Errorf("fit %q, want %q", got, tc.fit)
			}
		})
	}
}

// TestTheAnswerIsOfTheAttemptThatGaveIt holds that an answer is that of the attempt which was
// seen to answer, also if the stream of one before it, to which no connection was made,
// began later.
func TestTheAnswerIsOfTheAttemptThatGaveIt(t *testing.T) {
	r := newRig(t, chainPolicy)
	s, id, _ := begin(r, "/v1/chat/completions", `{"model":"assistant","messages":[{"role":"user","content":"hi"}]}`)
	second, _ := attempt(r, id, "gpt", "gpt-4o-mini", Post("/v1/chat/completions"))
	second.ResponseHeaders(H{":status", "200"}, false)
	attempt(r, id, "claude", "claude-sonnet-4-6", Post("/v1/chat/completions"))
	s.ResponseHeaders(Answered("200", "application/json", "x-envoy-attempt-count", "2"), false)
	s.ResponseBody(chatAnswer, true)
	s.Cancel()
	if row := r.row(); row.Outcome != "ok" || row.Backend != "gpt" || row.Tokens == nil || len(row.Tried) != 2 {
		t.Errorf("row %+v", row)
	}
}
