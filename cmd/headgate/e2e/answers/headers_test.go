package answers

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// TestRequestHeaders lists what may reach a provider. Everything else that a
// client sends, or that Envoy adds, stays here.
func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "  either: {chain: [sim/plain, keyed/plain]}\ncors: {origins: [https://secret.example]}\n")
	noise := map[string]string{
		"authorization": "Bearer sk-client", "x-api-key": "sk-client", "api-key": "sk-client", "x-goog-api-key": "sk-client",
		"cookie": "session=1", "proxy-authorization": "Basic eA==", "accept-encoding": "gzip, br", "x-request-id": "mine",
		"x-forwarded-for": "10.0.0.9", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "forwarded": "for=10.0.0.9",
		"x-headgate-user": "u1", "x-headgate-int-route": "plain/json", "x-headgate-tags": "a", "x-envoy-max-retries": "9",
		"x-envoy-original-path": "/x", "x-envoy-decorator-operation": "y", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"tracestate": "a=b", "x-b3-traceid": "1", "x-stainless-lang": "go", "referer": "https://secret.example/?q=1", "origin": "https://secret.example",
		"openai-organization": "org-client", "x-custom": "z", "user-agent": "e2e/1", "accept": "application/json", "idempotency-key": "once",
		"openai-beta": "assistants=v2", "te": "trailers", "x-headgate-team": "core", "x-litellm-session-id": "s1",
		"cf-aig-metadata": `{"feature":"search","user":"u2"}`, "helicone-property-plan": "pro",
	}
	for _, c := range []struct {
		name, model, path, key string
		sim                    bool
		want                   []string
	}{
		{"simulated", "plain", "/v1/chat/completions", "", true, []string{"Accept", "Content-Length", "Content-Type", "Idempotency-Key", "Openai-Beta", "User-Agent", "X-Sim"}},
		{"with a credential", "keyed", "/v1/chat/completions", gatewaytest.BackendKey, false, []string{"Accept", "Authorization", "Content-Length", "Content-Type", "Idempotency-Key", "Openai-Beta", "User-Agent"}},
		{"one of several", "either", "/v1/chat/completions", "", true, []string{"Accept", "Content-Length", "Content-Type", "Idempotency-Key", "Openai-Beta", "User-Agent", "X-Sim"}},
		{"Anthropic", "plain-claude", "/v1/messages", "", true, []string{"Accept", "Anthropic-Version", "Content-Length", "Content-Type", "Idempotency-Key", "User-Agent", "X-Sim"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, p := g.With(t), p.With(t)
			mark := "headers " + c.name
			r := gatewaytest.Request{Path: c.path + "?api-version=1&key=sk-client", Body: gatewaytest.ChatBody(c.model, mark, false), Header: map[string]string{"x-sim": "tokens=2"}}
			if c.path == "/v1/messages" {
				r.Body = gatewaytest.MessageBody(c.model, mark, false)
			}
			for name, value := range noise {
				r.Header[name] = value
			}
			a := g.Ask(r)
			gatewaytest.MustOK(t, a)
			served := p.Find(mark)
			by := g.Row(a.Exchange())
			if got := []string{by.User, by.Team, by.Feature, by.Session}; !slices.Equal(got, []string{"u1", "core", "search", "s1"}) || !slices.Equal(by.Tags, []string{"a", "plan:pro"}) {
				t.Errorf("the record attributes it to %q, tags %q", got, by.Tags)
			}
			var names []string
			for name := range served.Header {
				names = append(names, name)
			}
			slices.Sort(names)
			if d := cmp.Diff(c.want, names); d != "" {
				t.Errorf("headers at the provider (-want +got):\n%s", d)
			}
			host := strings.TrimSuffix(strings.TrimPrefix(p.URL, "http://"), "/v1")
			if served.Host != host || served.Key != c.key || served.Query != "" || served.Path != c.path {
				t.Errorf("host %q, want %q; key %q; path %q, query %q", served.Host, host, served.Key, served.Path, served.Query)
			}
			if got := served.Header.Get("User-Agent"); got != "e2e/1" {
				t.Errorf("user-agent %q", got)
			}
			if c.key != "" && served.Header.Get("Authorization") != "Bearer "+gatewaytest.BackendKey {
				t.Errorf("authorization %q", served.Header.Get("Authorization"))
			}
			if row := g.Row(a.Exchange()); row.Attempts != 1 || row.Outcome != "ok" {
				t.Errorf("row %+v", row)
			}
		})
	}
	t.Run("the provider's other headers pass", func(t *testing.T) {
		a := g.With(t).Chat(gatewaytest.ChatBody("plain", "headers back", false), "")
		for _, name := range []string{"X-Ratelimit-Remaining-Requests", "X-Request-Id", "Openai-Version", "Content-Type"} {
			if a.Header.Get(name) == "" {
				t.Errorf("no %s in %v", name, a.Header)
			}
		}
		if got := http.Header(a.Header).Values("Date"); len(got) != 1 {
			t.Errorf("date %q", got)
		}
	})
}
