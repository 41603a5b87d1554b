package answers

import (
	"bufio"
	"cmp"
	"io"
	"net/http"
	"strings"
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
		{"no path", "POST", "/", "", 404, false, "invalid_request_error", "unknown_path"},
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
		{"a slash at the end", "POST", chat + "/", `{`, 400, false, "invalid_request_error", "invalid_request"},
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

// TestWhatEnvoyRefusesLeavesARow holds that a request which Envoy refuses by itself leaves
// one row, although ext_proc is not asked about it.
func TestWhatEnvoyRefusesLeavesARow(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		name, text, detail string
		status             int
	}{
		{"no HTTP", "GARBAGE\r\n\r\n", "DPE http1.codec_error", 400},
		{"no length", "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n", "DPE http1.codec_error", 400},
		{"two lengths", "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n", "DPE http1.content_length_and_chunked_not_allowed", 400},
		{"too many headers", "GET / HTTP/1.1\r\nhost: x\r\n" + strings.Repeat("a: b\r\n", 1001) + "\r\n", "DPE http1.too_many_headers", 431},
		{"no host", "POST /v1/chat/completions HTTP/1.1\r\n\r\n", "missing_host_header", 400},
		{"no path", "GET /%00 HTTP/1.1\r\nhost: x\r\n\r\n", "path_normalization_failed", 400},
		{"an upgrade", "GET / HTTP/1.1\r\nhost: x\r\nupgrade: tls/1.3\r\nconnection: upgrade\r\n\r\n", "upgrade_failed", 426},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := g.With(t)
			before := len(g.Rows())
			conn := g.Dial()
			if _, err := io.WriteString(conn, c.text); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || resp.StatusCode != c.status {
				t.Fatalf("%v %v", resp, err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			a := gatewaytest.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
			gatewaytest.CheckRefusal(t, a, false, "invalid_request_error", "")
			g.Eventually("its row", func() bool { return len(g.Rows()) > before })
			rows := g.Rows()[before:]
			if len(rows) != 1 || rows[0].Outcome != "client_error" || rows[0].By != "client" || rows[0].Detail != c.detail {
				t.Fatalf("rows %+v", rows)
			}
			if id := cmp.Or(a.Exchange(), gatewaytest.RefusedExchange(a)); id != "" && rows[0].Exchange != id {
				t.Errorf("the client has %s, the row says %s", id, rows[0].Exchange)
			}
		})
	}
}
