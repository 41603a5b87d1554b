package extproc

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

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
