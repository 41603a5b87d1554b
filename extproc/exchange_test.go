package extproc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headgate/headgate/extproc/canon"
	. "github.com/headgate/headgate/extproc/extproctest"
)

const (
	chatBody   = `{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"x":1}`
	chatAnswer = `{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":10}}}`
)

func TestJSONExchangeReachesTheBackendAndIsPriced(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	first := s.RequestHeaders(Post("/v1/chat/completions", "authorization", "Bearer sk-client", "x-api-key", "k", "cookie", "a=b", "accept-encoding", "gzip", "x-stainless-lang", "go"), false)
	if first.Metadata("exchange") == "" {
		t.Error("the exchange id must reach Envoy's log before the body is read")
	}
	req := s.RequestBody(chatBody)
	if _, changed := req.Body(); changed {
		t.Error("a body that no stage rewrites must go as it came")
	}
	for name, want := range map[string]string{
		":path": "/v1/chat/completions", "authorization": "Bearer sk-backend-secret",
		"x-headgate-int-route": "gpt-4o-mini/json", "content-length": "73",
	} {
		if got := req.Set(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"x-api-key", "cookie", "accept-encoding", "x-stainless-lang"} {
		if !req.Removes(name) {
			t.Errorf("%s leaves for the provider", name)
		}
	}
	if !req.Reroutes() {
		t.Error("the route must be chosen again")
	}
	s.ResponseHeaders(Answered("200", "application/json", "set-cookie", "__cf_bm=1"), false)
	resp := s.ResponseBody(chatAnswer, true)
	if _, changed := resp.Body(); changed {
		t.Error("the answer must pass as it came")
	}
	// gpt-4o-mini: 0.15 / 0.075 / 0.60: 600 × 150,000 + 400 × 75,000 + 50 × 600,000 pico-USD
	for name, want := range map[string]string{
		"x-headgate-cost-usd": "0.00015", "x-headgate-model": "gpt-4o-mini-2024-07-18", "x-headgate-backend": "gpt",
		"x-headgate-provider": "openai", "x-headgate-attempts": "1", "x-headgate-policy-revision": r.set.Revision,
	} {
		if got := resp.Set(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !resp.Removes("set-cookie") || !resp.Removes("x-envoy-attempt-count") {
		t.Error("provider cookies and Envoy's own headers must not reach the client")
	}
	if resp.Metadata("cost_nano_usd") != "150000" || resp.Metadata("tokens_in") != "1000" {
		t.Errorf("metadata: cost %q, in %q", resp.Metadata("cost_nano_usd"), resp.Metadata("tokens_in"))
	}
	s.Cancel()
	row := r.row()
	if row.Outcome != "ok" || row.By != "" || *row.CostNano != 150000 || row.UsageSource != "provider" {
		t.Errorf("row %+v", row)
	}
	if want := (tokens{600, 400, 40, 10}); want != (tokens{row.Tokens.Input, row.Tokens.CacheRead, row.Tokens.Output, row.Tokens.Reasoning}) {
		t.Errorf("tokens %+v", row.Tokens)
	}
	if row.Exchange != resp.Set("x-headgate-exchange-id") || row.Exchange != first.Metadata("exchange") {
		t.Error("header, metadata and row must name the same exchange")
	}
}

type tokens struct{ input, cached, output, reasoning int64 }

func TestModelNameIsRewrittenInPlace(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	req := s.RequestBody(`{ "messages" : [ ] , "model" : "assistant" , "seed":1.50 }`)
	body, _ := req.Body()
	if want := `{ "messages" : [ ] , "model" : "gpt-4o-mini" , "seed":1.50 }`; body != want {
		t.Errorf("body %s", body)
	}
	if got := req.Set("content-length"); got != "60" {
		t.Errorf("content-length %s", got)
	}
}

func TestUsageIsAskedForInEveryShapeOfStreamOptions(t *testing.T) {
	for in, want := range map[string]string{
		`{"model":"gpt-4o-mini","stream":true}`:                                                   `{"stream_options":{"include_usage":true},"model":"gpt-4o-mini","stream":true}`,
		`{"model":"assistant","stream":true,"stream_options":null}`:                               `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true}}`,
		`{"stream_options":{},"model":"gpt-4o-mini","stream":true}`:                               `{"stream_options":{"include_usage":true},"model":"gpt-4o-mini","stream":true}`,
		`{"stream_options":{"a":1},"model":"gpt-4o-mini","stream":true}`:                          `{"stream_options":{"include_usage":true,"a":1},"model":"gpt-4o-mini","stream":true}`,
		`{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage": false ,"b":[]}}`: `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage": true ,"b":[]}}`,
		`{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true}}`:           "",
		`{"model":"gpt-4o-mini","stream":false}`:                                                  "",
	} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		body, _ := s.RequestBody(in).Body()
		if body != want {
			t.Errorf("%s became %s, want %s", in, body, want)
		}
		if body != "" && !json.Valid([]byte(body)) {
			t.Errorf("%s is no JSON", body)
		}
	}
}

func TestBadRequestsAreRefusedInTheClientsDialect(t *testing.T) {
	for _, tc := range []struct {
		name, path, body string
		status           int
		code, param      string
	}{
		{"no JSON", "/v1/chat/completions", `{"model":`, 400, "invalid_request", ""},
		{"no object", "/v1/chat/completions", `[]`, 400, "invalid_request", ""},
		{"no model", "/v1/chat/completions", `{}`, 400, "invalid_request", "model"},
		{"model is no string", "/v1/chat/completions", `{"model":5}`, 400, "invalid_request", "model"},
		{"two models", "/v1/chat/completions", `{"model":"gpt-4o-mini","model":"play"}`, 400, "invalid_request", "model"},
		{"an escaped second model", "/v1/chat/completions", `{"model":"gpt-4o-mini","mod\u0065l":"play"}`, 400, "invalid_request", "model"},
		{"a model by another case", "/v1/chat/completions", `{"model":"gpt-4o-mini","Stream":true}`, 400, "invalid_request", "stream"},
		{"stream is no boolean", "/v1/chat/completions", `{"model":"gpt-4o-mini","stream":"yes"}`, 400, "invalid_request", "stream"},
		{"too deep", "/v1/chat/completions", `{"model":"gpt-4o-mini","a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 400, "invalid_request", ""},
		{"invalid UTF-8", "/v1/chat/completions", "{\"model\":\"gpt-4o-mini\",\"a\":\"\xff\"}", 400, "invalid_request", ""},
		{"unknown model", "/v1/chat/completions", `{"model":"gpt-4o-mini2"}`, 404, "model_not_found", "model"},
		{"bad timeout", "/v1/chat/completions", `{"model":"gpt-4o-mini"}`, 400, "invalid_request", "x-headgate-timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			h := Post(tc.path)
			if tc.param == "x-headgate-timeout" {
				h = append(h, "x-headgate-timeout", "soon")
			}
			s.RequestHeaders(h, false)
			reply := s.RequestBody(tc.body)
			im := reply.Immediate()
			if im == nil {
				t.Fatalf("not refused: %v %v", reply.ProcessingResponse, reply.Err)
			}
			var e struct {
				Error struct{ Message, Type, Param, Code string }
			}
			if err := json.Unmarshal(im.Body, &e); err != nil {
				t.Fatalf("%s: %v", im.Body, err)
			}
			if int(im.Status.Code) != tc.status || e.Error.Code != tc.code || e.Error.Param != tc.param || e.Error.Message == "" {
				t.Errorf("%d %s", im.Status.Code, im.Body)
			}
			if reply.Set("x-headgate-refused-by") != "gateway" || reply.Metadata("refused") != tc.code {
				t.Error("a refusal must say who refused, to the client and to Envoy")
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "client_error" || row.By != "client" || row.Status != tc.status || row.Reason != tc.code {
				t.Errorf("row %+v", row)
			}
		})
	}
}

func TestUnknownPathsAndMethodsAreRefusedAtTheHeaders(t *testing.T) {
	r := newRig(t, testPolicy)
	for _, tc := range []struct {
		h      H
		status int
		code   string
	}{
		{Post("/v1/realtime"), 404, "unknown_path"},
		{H{":method", "GET", ":path", "/v1/chat/completions"}, 405, "method_not_allowed"},
		{H{":method", "GET", ":path", "/v1/models/nope"}, 404, "model_not_found"},
	} {
		reply := r.Open("router").RequestHeaders(tc.h, true)
		if im := reply.Immediate(); im == nil || int(im.Status.Code) != tc.status || !strings.Contains(string(im.Body), tc.code) {
			t.Errorf("%v: %v", tc.h, reply)
		}
	}
	reply := r.Open("router").RequestHeaders(H{":method", "POST", ":path", "/v1/messages/batches"}, false)
	if im := reply.Immediate(); im == nil || !strings.Contains(string(im.Body), `"type":"error"`) {
		t.Errorf("an Anthropic path is refused in its dialect: %v", reply)
	}
}

func TestModelsAreListedFromThePolicy(t *testing.T) {
	r := newRig(t, testPolicy)
	reply := r.Open("router").RequestHeaders(H{":method", "GET", ":path", "/v1/models?x=1"}, true)
	if im := reply.Immediate(); im == nil || im.Status.Code != 200 || !strings.Contains(string(im.Body), `"id":"assistant"`) {
		t.Errorf("openai: %v", reply)
	}
	reply = r.Open("router").RequestHeaders(H{":method", "GET", ":path", "/v1/models/play", "anthropic-version", "2023-06-01"}, true)
	if im := reply.Immediate(); im == nil || im.Status.Code != 200 || !strings.Contains(string(im.Body), `"display_name":"play"`) {
		t.Errorf("anthropic: %v", reply)
	}
}

func TestLocalReplyBeforeTheBodyIsTheClientsFault(t *testing.T) {
	r := newRig(t, testPolicy)
	s := r.Open("router")
	id := s.RequestHeaders(Post("/v1/chat/completions"), false).Metadata("exchange")
	s.ResponseHeaders(H{":status", "413", "content-type", "application/json"}, false)
	if reply := s.ResponseBody(`{"error":{}}`, true); reply.Set("x-headgate-exchange-id") != id || reply.Set("x-headgate-refused-by") != "gateway" {
		t.Errorf("%v", reply)
	}
	s.Cancel()
	if row := r.row(); row.Outcome != "client_error" || row.By != "client" || row.Status != 413 {
		t.Errorf("row %+v", row)
	}
}

func TestBrokenAnswersNeverLookLikeSuccess(t *testing.T) {
	for _, tc := range []struct {
		name, status, contentType, body string
		want                            int
		outcome, by, code               string
	}{
		{"truncated JSON", "200", "application/json", chatAnswer[:100], 502, "provider_error", "provider", "provider_answer_unreadable"},
		{"HTML", "200", "text/html", "<html>", 502, "provider_error", "provider", "provider_answer_unreadable"},
		{"empty", "200", "application/json", "", 502, "provider_error", "provider", "provider_answer_unreadable"},
		{"HTML error", "503", "text/html", "<html>", 503, "provider_error", "provider", "provider_error"},
		{"a refused key", "401", "application/json", `{"error":{"message":"Incorrect API key provided: sk-back***cret"}}`, 401, "provider_refused_key", "gateway", "backend_credential_rejected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			s.RequestHeaders(Post("/v1/chat/completions"), false)
			s.RequestBody(chatBody)
			s.ResponseHeaders(Answered(tc.status, tc.contentType), false)
			reply := s.ResponseBody(tc.body, true)
			body, _ := reply.Body()
			if !strings.Contains(body, `"code":"`+tc.code+`"`) || strings.Contains(body, "sk-back") {
				t.Errorf("body %s", body)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != tc.outcome || row.By != tc.by || row.Status != tc.want {
				t.Errorf("row %+v", row)
			}
		})
	}
}

func TestProviderErrorsPassAsTheyCame(t *testing.T) {
	for status, outcome := range map[string]string{"400": "client_error", "404": "client_error", "408": "provider_error", "429": "provider_rate_limited", "500": "provider_error", "529": "provider_error"} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(chatBody)
		s.ResponseHeaders(Answered(status, "application/json", "retry-after", "7"), false)
		reply := s.ResponseBody(`{"error":{"message":"x","type":"y","param":null,"code":null}}`, true)
		if _, changed := reply.Body(); changed || reply.Removes("retry-after") || reply.Set("x-headgate-refused-by") != "provider" {
			t.Errorf("%s: %v", status, reply)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != outcome {
			t.Errorf("%s: row %+v", status, row)
		}
	}
}

func TestAnUnfinishedStreamNeverEndsWithOK(t *testing.T) {
	for name, play := range map[string]func(*Stream){
		"after the request headers":  func(s *Stream) { s.RequestHeaders(Post("/v1/chat/completions"), false) },
		"after the request body":     func(s *Stream) { s.RequestHeaders(Post("/v1/chat/completions"), false); s.RequestBody(chatBody) },
		"before anything":            func(*Stream) {},
		"after the response headers": func(s *Stream) { playToHeaders(s) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testPolicy)
			s := r.Open("router")
			play(s)
			if err := s.Close(); status.Code(err) != codes.Unavailable {
				t.Errorf("ended with %v", err)
			}
			r.idle()
			rows := r.rows()
			if name == "before anything" {
				if len(rows) != 0 {
					t.Errorf("a stream without a request left %+v", rows)
				}
				return
			}
			if len(rows) != 1 || rows[0].Outcome != "cut" || rows[0].By != "unknown" {
				t.Errorf("rows %+v", rows)
			}
		})
	}
}

func playToHeaders(s *Stream) {
	s.RequestHeaders(Post("/v1/chat/completions"), false)
	s.RequestBody(chatBody)
	s.ResponseHeaders(Answered("200", "application/json"), false)
}

func TestWrongBodyModesAreRefused(t *testing.T) {
	r := newRig(t, testPolicy)
	reply := r.Open("router").Raw(&extprocv3.ProcessingRequest{
		ProtocolConfig: &extprocv3.ProtocolConfiguration{},
		Request:        &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{}},
	})
	if status.Code(reply.Err) != codes.Internal {
		t.Errorf("got %v", reply.Err)
	}
}

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
		{"priority", "/v1/chat/completions", "assistant", fmt.Sprintf(gpt, "priority"), false, ordinary * 2, 0, "priority"},
		{"a stream", "/v1/chat/completions", "assistant", fmt.Sprintf(stream, "flex"), true, ordinary / 2, 0, "flex"},
		{"a translated answer", "/v1/messages", "assistant", fmt.Sprintf(gpt, "flex"), false, ordinary / 2, 0, "flex"},
		{"a translated stream", "/v1/messages", "assistant", fmt.Sprintf(stream, "priority"), true, ordinary * 2, 0, "priority"},
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
