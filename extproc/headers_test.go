package extproc

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/headgate/headgate/extproc/extproctest"
	"github.com/headgate/headgate/policy"
)

// ownHeadersPolicy has backends that differ in what they are sent.
const ownHeadersPolicy = `
version: 1
unpriced: flag
backends:
  plain: {provider: openai, credential: {env: OPENAI_API_KEY}}
  azure: {provider: openai-compatible, url: "https://team.openai.azure.com", credential: {env: OPENAI_API_KEY}, auth_header: api-key, headers: {X-Tenant: "7", User-Agent: gateway/1}}
  charged: {provider: openai, credential: {env: OPENAI_API_KEY}, organization: org-1, project: proj-1, headers: {openai-beta: "b, a", x-trace: {env: ANTHROPIC_API_KEY}}}
  bare: {provider: openai-compatible, url: "http://127.0.0.1:11434"}
  claude: {provider: anthropic, credential: {env: ANTHROPIC_API_KEY}, headers: {anthropic-beta: "context,tools", anthropic-version: "2099-01-01"}}
  bearer: {provider: openai-compatible, dialect: anthropic, url: "https://api.z.ai/api/anthropic", credential: {env: ANTHROPIC_API_KEY}, auth_header: Authorization}
  token: {provider: openai-compatible, url: "https://llm.example.com/chat/completions", credential: {env: OPENAI_API_KEY}, auth_header: X-Auth, auth_scheme: Token}
models:
  all: {chain: [plain/m, azure/m, charged/m, bare/m, claude/m, bearer/m, token/m]}
  only-azure: azure/m
  only-charged: charged/m
  only-claude: claude/m
`

// sentTo are the headers that each backend gets of a client that sends all kinds of them.
var sentTo = map[string]map[string]string{
	"plain":   {"authorization": "Bearer sk-backend-secret", "openai-beta": "a,c", "user-agent": "client/1"},
	"azure":   {"api-key": "sk-backend-secret", "openai-beta": "a,c", "user-agent": "gateway/1", "x-tenant": "7"},
	"charged": {"authorization": "Bearer sk-backend-secret", "openai-beta": "a,c,b", "user-agent": "client/1", "openai-organization": "org-1", "openai-project": "proj-1", "x-trace": "sk-ant-secret"},
	"bare":    {"openai-beta": "a,c", "user-agent": "client/1"},
	"claude":  {"x-api-key": "sk-ant-secret", "anthropic-beta": "tools,context", "anthropic-version": "2099-01-01", "user-agent": "client/1"},
	"bearer":  {"authorization": "Bearer sk-ant-secret", "anthropic-beta": "tools", "anthropic-version": "2023-06-01", "user-agent": "client/1"},
	"token":   {"x-auth": "Token sk-backend-secret", "openai-beta": "a,c", "user-agent": "client/1"},
}

var askedAt = map[string]string{
	"plain": "api.openai.com/v1/chat/completions", "azure": "team.openai.azure.com/openai/v1/chat/completions", "charged": "api.openai.com/v1/chat/completions",
	"bare": "127.0.0.1:11434/v1/chat/completions", "claude": "api.anthropic.com/v1/messages", "bearer": "api.z.ai/api/anthropic/v1/messages",
	"token": "llm.example.com/chat/completions",
}

// clientHeaders are what a client sends that has heard of all of them.
var clientHeaders = H{
	"authorization", "Bearer sk-client", "x-api-key", "sk-client", "api-key", "sk-client", "x-auth", "sk-client", "x-tenant", "9", "x-trace", "mine",
	"openai-organization", "org-client", "openai-project", "proj-client", "openai-beta", "a,c", "anthropic-beta", "tools", "user-agent", "client/1",
}

const hiToAll = `{"model":"all","messages":[{"role":"user","content":"hi"}]}`

// headersOf returns headers as a map, and the reverse.
func headersOf(h H) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(h); i += 2 {
		out[h[i]] = h[i+1]
	}
	return out
}

func listOf(h map[string]string) (out H) {
	for name, value := range h {
		out = append(out, name, value)
	}
	return out
}

// internal reports whether Envoy removes a header before egress.
func internal(name, _ string) bool { return strings.HasPrefix(name, policy.HeaderPrefix) }

// checkSent compares what leaves for a backend with what it alone is to get.
func checkSent(t *testing.T, backend, after string, got map[string]string) {
	t.Helper()
	want := maps.Clone(sentTo[backend])
	want["content-type"], want["content-length"] = "application/json", got["content-length"]
	got = maps.Clone(got)
	if asked := got[":authority"] + got[":path"]; asked != askedAt[backend] {
		t.Errorf("%s after %q is asked at %s, want %s", backend, after, asked, askedAt[backend])
	}
	maps.DeleteFunc(got, func(name, _ string) bool { return name[0] == ':' })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers at %s after %q (-want +got):\n%s", backend, after, diff)
	}
}

// TestAttemptsInAnyOrderSendTheirOwnHeaders holds that what a backend gets does not depend
// on the attempts before, which leave their headers in Envoy's request.
func TestAttemptsInAnyOrderSendTheirOwnHeaders(t *testing.T) {
	r := newRig(t, ownHeadersPolicy)
	random := rand.New(rand.NewPCG(5, 6))
	backends := []string{"plain", "azure", "charged", "bare", "claude", "bearer", "token"}
	for range 20 {
		s := r.Open("router")
		headers := headersOf(Post("/v1/chat/completions", clientHeaders...))
		first := s.RequestHeaders(Post("/v1/chat/completions", clientHeaders...), false)
		first.Apply(headers)
		s.RequestBody(hiToAll).Apply(headers)
		maps.DeleteFunc(headers, internal)
		before := ""
		for range 6 {
			backend := backends[random.IntN(len(backends))]
			tried, reply := attempt(r, first.Metadata("exchange"), backend, "m", listOf(headers))
			reply.Apply(headers)
			checkSent(t, backend, before, headers)
			tried.Cancel()
			before = backend
		}
		s.Cancel()
	}
}

// TestAnOnlyBackendIsSentItsHeaders holds the same of models with one backend, which are
// prepared at the router level.
func TestAnOnlyBackendIsSentItsHeaders(t *testing.T) {
	r := newRig(t, ownHeadersPolicy)
	for _, backend := range []string{"azure", "charged", "claude"} {
		s := r.Open("router")
		headers := headersOf(Post("/v1/chat/completions", clientHeaders...))
		s.RequestHeaders(Post("/v1/chat/completions", clientHeaders...), false).Apply(headers)
		s.RequestBody(`{"model":"only-` + backend + `","messages":[{"role":"user","content":"hi"}]}`).Apply(headers)
		maps.DeleteFunc(headers, internal)
		headers[":authority"] = askedAt[backend][:len(askedAt[backend])-len(headers[":path"])] // Envoy knows it by the endpoint
		checkSent(t, backend, "", headers)
		s.Cancel()
	}
}

// TestAProvidersCORSHeadersDoNotPass holds so of whole answers and of streams.
func TestAProvidersCORSHeadersDoNotPass(t *testing.T) {
	for kind, body := range map[string]string{"application/json": chatBody, "text/event-stream": streamBody} {
		r := newRig(t, testPolicy)
		s := r.Open("router")
		s.RequestHeaders(Post("/v1/chat/completions"), false)
		s.RequestBody(body)
		reply := s.ResponseHeaders(Answered("200", kind, "access-control-allow-origin", "*", "access-control-max-age", "9"), false)
		if kind == "application/json" {
			reply = s.ResponseBody(chatAnswer, true)
		}
		if !reply.Removes("access-control-allow-origin") || !reply.Removes("access-control-max-age") || reply.Removes("content-type") {
			t.Errorf("%s: %v", kind, reply)
		}
		s.Cancel()
	}
}
