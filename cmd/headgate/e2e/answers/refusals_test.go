package answers

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	chat, messages := "/v1/chat/completions", "/v1/messages"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		claude                   bool
		kind, code               string
	}{
		{"GET where POST is meant", "GET", chat, "", 405, false, "invalid_request_error", "method_not_allowed"},
		{"DELETE", "DELETE", messages, "", 405, true, "invalid_request_error", "method_not_allowed"},
		{"POST to the models", "POST", "/v1/models", "{}", 405, false, "invalid_request_error", "method_not_allowed"},
		{"unknown path", "GET", "/v1/unknown", "", 404, false, "invalid_request_error", "unknown_path"},
		{"unknown path below messages", "POST", messages + "/unknown", "{}", 404, true, "not_found_error", "unknown_path"},
		{"no path", "GET", "/", "", 404, false, "invalid_request_error", "unknown_path"},
		{"no body", "POST", chat, "", 400, false, "invalid_request_error", "invalid_request"},
		{"no body, Anthropic", "POST", messages, "", 400, true, "invalid_request_error", "invalid_request"},
		{"not JSON", "POST", chat, "hello", 400, false, "invalid_request_error", "invalid_request"},
		{"half of JSON", "POST", chat, `{"model":"plain"`, 400, false, "invalid_request_error", "invalid_request"},
		{"more than JSON", "POST", chat, gatewaytest.ChatBody("plain", "x", false) + "}", 400, false, "invalid_request_error", "invalid_request"},
		{"no model", "POST", chat, `{"messages":[]}`, 400, false, "invalid_request_error", "invalid_request"},
		{"two models", "POST", chat, `{"model":"plain","Model":"keyed","messages":[]}`, 400, false, "invalid_request_error", "invalid_request"},
		{"unknown model", "POST", chat, gatewaytest.ChatBody("plian", "x", false), 404, false, "invalid_request_error", "model_not_found"},
		{"unknown model, Anthropic", "POST", messages, gatewaytest.MessageBody("claude-9", "x", false), 404, true, "not_found_error", "model_not_found"},
		{"a slash twice", "POST", "//v1//chat/completions", `{`, 400, false, "invalid_request_error", "invalid_request"},
		{"a dot in the path", "POST", "/v1/./chat/../chat/completions", `{`, 400, false, "invalid_request_error", "invalid_request"},
		{"an escaped slash is no slash", "POST", "/v1%2Fchat/completions", `{`, 404, false, "invalid_request_error", "unknown_path"},
		{"a path that leaves the root", "POST", "/v1/../../v1/chat/completions", `{`, 400, false, "invalid_request_error", "invalid_request"},
		{"a slash at the end", "POST", chat + "/", `{`, 404, false, "invalid_request_error", "unknown_path"},
		{"realtime", "GET", "/v1/realtime", "", 404, false, "invalid_request_error", "unknown_path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := g.With(t)
			a := g.Ask(gatewaytest.Request{Method: c.method, Path: c.path, Body: c.body})
			if a.Status != c.status {
				t.Fatalf("status %d, want %d: %s", a.Status, c.status, a.Body)
			}
			gatewaytest.CheckRefusal(t, a, c.claude, c.kind, c.code)
			if a.Header.Get(policy.RefusedByHeader) != "gateway" {
				t.Errorf("headers %v", a.Header)
			}
			row := g.Row(a.Exchange())
			if row.Outcome != "client_error" || row.By != "client" || row.Status != c.status || row.Reason != c.code || row.Tokens != nil {
				t.Errorf("row %+v", row)
			}
		})
	}
	t.Cleanup(func() {
		if n := len(p.Settled()); n != 0 {
			t.Errorf("%d refused requests reached the provider", n)
		}
	})
}

// raw sends bytes and reads one answer.
func raw(t *testing.T, g *gatewaytest.Gateway, text string) (*http.Response, string) {
	t.Helper()
	conn := g.Dial()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body)
}

func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, path := range []string{"/v1/realtime", "/v1/chat/completions"} {
		resp, body := raw(t, g, "GET "+path+" HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n")
		var r gatewaytest.Refusal
		if err := json.Unmarshal([]byte(body), &r); err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 || r.Error.Message == "" {
			t.Errorf("%s: status %d, body %q", path, resp.StatusCode, body)
		}
	}
	if n := len(p.Settled()); n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
}
