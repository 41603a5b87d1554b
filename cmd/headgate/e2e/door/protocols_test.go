package door

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// raw sends bytes over a connection of their own and reads one answer.
func raw(t *testing.T, g *gatewaytest.Gateway, text string) (*http.Response, string) {
	t.Helper()
	conn := g.With(t).Dial()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("the answer breaks off: %v", err)
	}
	return resp, string(body)
}

// protocols are HTTP/1.0, whole and streamed, and headers beyond what Envoy takes by itself.
func protocols(t *testing.T, g *gatewaytest.Gateway) {
	for _, stream := range []bool{false, true} {
		for _, host := range []string{"", "host: gw.example\r\n"} {
			resp, body := raw(t, g, post("HTTP/1.0", host, gatewaytest.ChatBody("plain", "HTTP/1.0", stream)))
			if resp.StatusCode != 200 || resp.Proto != "HTTP/1.0" || resp.TransferEncoding != nil || !strings.Contains(body, `"choices"`) || strings.Contains(body, "[DONE]") != stream {
				t.Errorf("stream %t, host %q: %v %s", stream, host, resp, body)
			}
			served++
		}
	}
	if resp, body := raw(t, g, "GET / HTTP/1.0\r\n\r\n"); resp.StatusCode != 200 || !strings.Contains(body, "http://HOST/v1") {
		t.Errorf("the root without a host: %v %s", resp, body)
	}
	const many, large = 900, 200 << 10
	headers := "host: x\r\n" + strings.Repeat("x-hop: y\r\n", many) + "x-large: " + strings.Repeat("a", large) + "\r\n"
	if resp, body := raw(t, g, post("HTTP/1.1", headers, gatewaytest.ChatBody("plain", "many headers", false))); resp.StatusCode != 200 {
		t.Errorf("%d headers: %v %s", many, resp, body)
	}
	served++
	resp, body := raw(t, g, post("HTTP/1.1", "host: x\r\nx-large: "+strings.Repeat("a", 260<<10)+"\r\n", "{}"))
	if resp.StatusCode != 431 {
		t.Errorf("260 KiB of headers: %v", resp)
	}
	gatewaytest.CheckRefusal(t, refusal(resp, body), false, "invalid_request_error", "headers_too_large")
}

// upgrades are refused in the client's dialect, so that clients go on without.
func upgrades(t *testing.T, g *gatewaytest.Gateway) {
	for path, claude := range map[string]bool{"/v1/realtime": false, "/v1/chat/completions": false, "/v1/responses": false, "/": false, "/anthropic/v1/messages": true} {
		g := g.With(t)
		resp, body := raw(t, g, "GET "+path+"?model=x HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n")
		if resp.StatusCode != 426 || resp.Header.Get("Upgrade") != "HTTP/1.1" || !strings.EqualFold(resp.Header.Get("Connection"), "upgrade") || !strings.Contains(body, "server-sent events") {
			t.Errorf("%s: %v %s", path, resp, body)
		}
		a := refusal(resp, body)
		gatewaytest.CheckRefusal(t, a, claude, "invalid_request_error", "websocket_not_served")
		if row := rowOf(t, g, a); row.Status != 426 || row.By != "client" || row.Path != path {
			t.Errorf("%s: row %+v", path, row)
		}
	}
}
