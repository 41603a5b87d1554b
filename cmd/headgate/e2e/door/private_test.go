package door

import (
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

// TestWebPagesDoNotReachAPrivateGateway holds what a browser on the machine cannot have a gateway do
// that needs no key, and that SDKs, containers and pages that may ask go on.
func TestWebPagesDoNotReachAPrivateGateway(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, "hosts: [headgate]\ncors: {origins: [https://app.example.com]}\n"), gatewaytest.Options{
		Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey},
	})
	port := g.URL[strings.LastIndex(g.URL, ":"):]
	for _, c := range []struct {
		name   string
		header map[string]string
		passes bool
	}{
		{"an SDK", nil, true},
		{"localhost", map[string]string{"host": "localhost" + port}, true},
		{"a container", map[string]string{"host": "headgate" + port}, true},
		{"a page that may ask", map[string]string{"origin": "https://app.example.com", "sec-fetch-site": "cross-site"}, true},
		{"a page of another site", map[string]string{"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, false},
		{"an older browser", map[string]string{"origin": "https://evil.example"}, false},
		{"an image", map[string]string{"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, false},
		{"a foreign name that leads here", map[string]string{"host": "evil.example" + port, "sec-fetch-site": "same-origin"}, false},
	} {
		for path, body := range map[string]string{"/v1/chat/completions": gatewaytest.ChatBody("plain", c.name, false), "/v1/messages": gatewaytest.MessageBody("plain-claude", c.name, false), "/v1/models": ""} {
			r := gatewaytest.ChatRequest(path, body, "")
			if body == "" {
				r.Method = http.MethodGet
			}
			for name, value := range c.header {
				r.Header[name] = value
			}
			a := g.With(t).Ask(r)
			if a.Exchange() == "" || c.passes && a.Status != 200 || !c.passes && (a.Status != 403 || !strings.Contains(a.Body, "site_not_allowed") || a.Header.Get(policy.RefusedByHeader) != "gateway") {
				t.Errorf("%s at %s: %d %s", c.name, path, a.Status, a.Body)
			}
		}
	}
	if n := len(p.Settled()); n != 8 { // two of each that passes
		t.Errorf("%d requests reached the provider, want 8", n)
	}
}
