package extproc

import (
	"encoding/json"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
