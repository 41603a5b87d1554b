package extproc

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/headgate/headgate/extproc/extproctest"
)

const (
	ciKey  = "the-key-of-ci-0123456789"
	webKey = "the-key-of-web-0123456789"
)

// callersPolicy has two callers, of which one may ask for one model.
const callersPolicy = testPolicy + `
callers:
  ci: {key: {env: CI_KEY}, user: build, team: search, models: [gpt-4o-mini]}
  web: {key: {env: WEB_KEY}}
`

// TestWhoMayNotAskIsRefusedInItsDialect holds how a key that is missing, unknown or not good
// for a model is refused: SDKs know their errors by status, type and code, and send once.
func TestWhoMayNotAskIsRefusedInItsDialect(t *testing.T) {
	for _, tc := range []struct {
		name, path, key, model string
		status                 int
		kind, code             string
	}{
		{"no key", "/v1/chat/completions", "", "gpt-4o-mini", 401, "authentication_error", "invalid_api_key"},
		{"an unknown key", "/v1/chat/completions", "nobody-has-this-key", "gpt-4o-mini", 401, "authentication_error", "invalid_api_key"},
		{"a model of others", "/v1/chat/completions", ciKey, "claude", 403, "permission_error", "model_not_allowed"},
		{"embeddings of others", "/v1/embeddings", ciKey, "claude", 403, "permission_error", "model_not_allowed"},
		{"no key, to Anthropic", "/v1/messages", "", "gpt-4o-mini", 401, "authentication_error", "invalid_api_key"},
		{"an unknown key, to Anthropic", "/v1/messages", "nobody-has-this-key", "gpt-4o-mini", 401, "authentication_error", "invalid_api_key"},
		{"a model of others, to Anthropic", "/v1/messages", ciKey, "claude", 403, "permission_error", "model_not_allowed"},
		{"counting for others", "/v1/messages/count_tokens", ciKey, "claude", 403, "permission_error", "model_not_allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, callersPolicy)
			s := r.Open("router")
			reply := s.RequestHeaders(Post(tc.path, "authorization", "Bearer "+tc.key), false)
			if at := reply.Immediate(); (at != nil) != (tc.status == 401) {
				t.Fatalf("at the headers: %v", at)
			}
			if tc.status == 403 {
				reply = s.RequestBody(`{"model":"` + tc.model + `","max_tokens":5,"input":"hi","messages":[{"role":"user","content":"hi"}]}`)
			}
			im := reply.Immediate()
			if im == nil {
				t.Fatalf("not refused: %v", reply)
			}
			var e struct {
				Type  string
				Error struct{ Message, Type, Code string }
			}
			if err := json.Unmarshal(im.Body, &e); err != nil {
				t.Fatalf("%s: %v", im.Body, err)
			}
			if int(im.Status.Code) != tc.status || e.Error.Type != tc.kind || e.Error.Code != tc.code || e.Error.Message == "" || (e.Type == "error") != strings.Contains(tc.path, "messages") {
				t.Errorf("%d %s", im.Status.Code, im.Body)
			}
			if reply.Set("x-headgate-refused-by") != "gateway" || reply.Set("x-should-retry") != "false" || reply.Set("retry-after") != "" {
				t.Error("a refusal must say who refused, and that trying again is of no use")
			}
			if asks := reply.Set("www-authenticate"); (asks == "Bearer") != (tc.status == 401) {
				t.Errorf("it demands %q", asks)
			}
			s.Cancel()
			if row := r.row(); row.Outcome != "client_error" || row.By != "client" || row.Status != tc.status || row.Reason != tc.code {
				t.Errorf("row %+v", row)
			}
		})
	}
}

// TestModelsOfACaller holds that a caller sees the models that it may ask for, and hears of no
// other.
func TestModelsOfACaller(t *testing.T) {
	r := newRig(t, callersPolicy)
	for _, tc := range []struct {
		key, path, version string
		status             int
		has, hasNot        string
	}{
		{ciKey, "/v1/models", "", 200, `"gpt-4o-mini"`, `"claude"`},
		{ciKey, "/v1/models", "2023-06-01", 200, `"gpt-4o-mini"`, `"claude"`},
		{webKey, "/v1/models", "", 200, `"claude"`, "error"},
		{ciKey, "/v1/models/gpt-4o-mini", "", 200, `"gpt-4o-mini"`, "error"},
		{ciKey, "/v1/models/claude", "", 404, "model_not_found", "Did you mean"},
		{webKey, "/v1/models/claude", "", 200, `"claude"`, "error"},
		{"", "/v1/models", "", 401, "invalid_api_key", "gpt"},
		{"", "/v1/models/claude", "", 401, "invalid_api_key", "not served"},
	} {
		h := H{":method", "GET", ":path", tc.path, "authorization", "Bearer " + tc.key}
		if tc.version != "" {
			h = append(h, "anthropic-version", tc.version)
		}
		im := r.Open("router").RequestHeaders(h, true).Immediate()
		if im == nil || max(int(im.Status.Code), 200) != tc.status || !strings.Contains(string(im.Body), tc.has) || strings.Contains(string(im.Body), tc.hasNot) {
			t.Errorf("%s with %q: %v", tc.path, tc.key, im)
		}
	}
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions", "authorization", "Bearer "+ciKey), false)
	if im := s.RequestBody(`{"model":"claud","messages":[]}`).Immediate(); im == nil || im.Status.Code != 404 || strings.Contains(string(im.Body), "Did you mean") {
		t.Errorf("a model that does not exist, much like another's: %v", im)
	}
}

// TestAKeyDoesNotLeave holds that no header in which a caller sends its key reaches a provider.
func TestAKeyDoesNotLeave(t *testing.T) {
	r := newRig(t, callersPolicy)
	s := r.Open("router")
	s.RequestHeaders(Post("/v1/chat/completions", "x-headgate-key", ciKey, "authorization", "Bearer sk-theirs", "api-key", "k", "x-api-key", "k"), false)
	reply := s.RequestBody(chatBody)
	if got := reply.Set("authorization"); got != "Bearer sk-backend-secret" {
		t.Errorf("the provider gets %q", got)
	}
	for _, name := range []string{"x-headgate-key", "api-key", "x-api-key"} {
		if !reply.Removes(name) {
			t.Errorf("%s leaves", name)
		}
	}
}
