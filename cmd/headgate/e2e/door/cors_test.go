package door

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// open is a provider that lets every page ask, whoever the gateway's policy lets.
func open(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("access-control-allow-origin", "*")
	w.Header().Set("access-control-allow-credentials", "true")
	w.Header().Set("access-control-expose-headers", "x-theirs")
	w.Header().Set("content-type", "application/json")
	_, _ = io.WriteString(w, `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
}

// allowed is what CORS headers an answer has, without their prefix.
func allowed(h http.Header) map[string]string {
	all := map[string]string{}
	for name := range h {
		if name, ok := strings.CutPrefix(strings.ToLower(name), "access-control-"); ok {
			all[name] = strings.Join(h.Values("access-control-"+name), " and ")
		}
	}
	return all
}

// TestPagesAskAcrossOrigins holds which pages a browser lets ask, by the headers of each kind of
// answer.
func TestPagesAskAcrossOrigins(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(open))
	t.Cleanup(server.Close)
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	text := strings.Replace(gatewaytest.PolicyFor(p, "  theirs: open/m\n"), "\nmodels:", "\n  open: {provider: openai-compatible, url: \""+server.URL+"/v1\"}\nmodels:", 1)
	g := gatewaytest.Start(t, "unpriced: flag\n"+text+callers+"cors: {origins: [https://app.example.com, \"https://*.example.org\"], headers: [x-trace], max_age: 1h}\n", gatewaytest.Options{Env: []string{
		gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "DOOR_KEY=" + key,
	}})
	t.Run("preflights", func(t *testing.T) { preflights(t, g) })
	t.Run("answers", func(t *testing.T) { answersToPages(t, g) })
	onlyExchanges(t, g)
}

func preflights(t *testing.T, g *gatewaytest.Gateway) {
	for _, c := range []struct {
		origin string
		may    bool
	}{
		{"https://app.example.com", true}, {"https://a.example.org", true}, {"https://a.b.example.org", true},
		{"http://app.example.com", false}, {"https://app.example.com:8443", false}, {"https://app.example.com.evil.net", false},
		{"https://example.org", false}, {"https://evilexample.org", false}, {"https://a.example.org.evil.net", false}, {"https://evil.net/.example.org", false}, {"null", false},
	} {
		a := g.With(t).Ask(gatewaytest.Request{Method: "OPTIONS", Path: "/v1/chat/completions", Header: map[string]string{
			"origin": c.origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-stainless-lang",
		}})
		got := allowed(a.Header)
		if !c.may {
			if a.Status != 204 || len(got) != 0 {
				t.Errorf("%s: %d %v", c.origin, a.Status, got)
			}
			continue
		}
		if a.Status != 200 || got["allow-origin"] != c.origin || got["allow-methods"] != "GET, POST, DELETE" || got["max-age"] != "3600" || got["allow-credentials"] != "" {
			t.Errorf("%s: %d %v", c.origin, a.Status, got)
		}
		for _, name := range []string{"authorization", "x-api-key", "anthropic-dangerous-direct-browser-access", "x-stainless-lang", "openai-beta", "x-headgate-user", "x-trace"} {
			if !strings.Contains(got["allow-headers"]+",", name+",") {
				t.Errorf("%s may not be sent: %s", name, got["allow-headers"])
			}
		}
	}
}

// answersToPages are all kinds of answers: of providers, whole and streamed, refusals of the
// gateway's, and those that Envoy makes itself.
func answersToPages(t *testing.T, g *gatewaytest.Gateway) {
	for _, c := range []struct {
		name   string
		ask    gatewaytest.Request
		status int
	}{
		{"an answer of a provider that lets everybody ask", with("POST", "/v1/chat/completions", gatewaytest.ChatBody("theirs", "x", false)), 200},
		{"a stream", with("POST", "/v1/chat/completions", gatewaytest.ChatBody("plain", "x", true)), 200},
		{"no key", gatewaytest.ChatRequest("/v1/messages", gatewaytest.MessageBody("plain-claude", "x", false), ""), 401},
		{"an unknown path", with("POST", "/v1/files", "{}"), 404},
		{"a page", gatewaytest.Request{Method: "GET", Path: "/", Header: map[string]string{}}, 200},
		{"a body beyond the limit", with("POST", "/v1/chat/completions", strings.Repeat("x", 33<<20)), 413},
		{"no HTTP path", with("GET", "/%00", ""), 400},
	} {
		for origin, want := range map[string]map[string]string{
			"https://app.example.com": {"allow-origin": "https://app.example.com", "expose-headers": "*"},
			"https://evil.net":        {},
		} {
			c.ask.Header["origin"] = origin
			a := g.With(t).Ask(c.ask)
			got := allowed(a.Header)
			if c.status == 400 {
				want = map[string]string{} // Envoy cannot read it: it has no route
			}
			if a.Status != c.status || len(got) != len(want) || got["allow-origin"] != want["allow-origin"] || got["expose-headers"] != want["expose-headers"] {
				t.Errorf("%s of %s: %d %v", c.name, origin, a.Status, got)
			}
		}
	}
}
