package snapshot_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/envoy/envoytest"
	"github.com/headgate/headgate/policy"
)

// TestEnvoyRefusesInTheClientsDialect holds that what Envoy refuses although
// ext_proc let it pass is an error that either dialect's client can read, says
// who refused, and shows nothing of Envoy's inside.
func TestEnvoyRefusesInTheClientsDialect(t *testing.T) {
	g := startGateway(t, map[string]any{"gone": map[string]any{"provider": "openai-compatible", "url": fmt.Sprintf("http://127.0.0.1:%d/v1", envoytest.FreePort(t))}},
		map[string]any{"m": map[string]any{"chain": []string{"gone/m"}, "retries": 0}})
	for _, c := range []struct {
		name, headers     string
		status            int
		openai, anthropic string
	}{
		{"a route that was not named", "", 503, "server_error", "overloaded_error"},
		{"a backend that is not there", wantedRoute + ": " + policy.RouteName("m", false) + "\r\n", 503, "server_error", "overloaded_error"},
	} {
		for path, want := range map[string]string{"/v1/chat/completions": c.openai, "/v1/messages": c.anthropic} {
			t.Run(c.name+" "+path, func(t *testing.T) {
				resp, text, err := g.raw(t, "GET "+path+" HTTP/1.1\r\nhost: h\r\n"+c.headers+"\r\n")
				if err != nil {
					t.Fatal(err)
				}
				var body struct {
					Type  string
					Error struct{ Type, Message, Code string }
				}
				if err := json.Unmarshal([]byte(text), &body); err != nil {
					t.Fatalf("status %d: %v: %q", resp.StatusCode, err, text)
				}
				dialect := ""
				if path == "/v1/messages" {
					dialect = "error"
				}
				got := []any{resp.StatusCode, resp.Header.Get("content-type"), resp.Header.Get("x-headgate-refused-by"), body.Type, body.Error.Type}
				if d := cmp.Diff([]any{c.status, "application/json", "gateway", dialect, want}, got); d != "" {
					t.Errorf("refusal (-want +got):\n%s\n%s", d, text)
				}
				if body.Error.Message == "" || body.Error.Code == "" {
					t.Errorf("a refusal without message or code: %s", text)
				}
				for _, inner := range []string{"envoy", "upstream", "127.0.0.1", "ext_proc", "pool/"} {
					if strings.Contains(strings.ToLower(text), inner) {
						t.Errorf("the refusal tells %q: %s", inner, text)
					}
				}
			})
		}
	}
}

// TestUnreadableRequestsAreRefused holds what happens to requests that Envoy's codec
// cannot read: they go nowhere, are answered in JSON, and the connection ends. They have no
// route, so ext_proc takes no part: its answer would take longer than the connection lives.
func TestUnreadableRequestsAreRefused(t *testing.T) {
	p := startProvider(t, func(http.ResponseWriter, *http.Request) {})
	g := startGateway(t, map[string]any{"a": map[string]any{"provider": "openai-compatible", "url": p.url + "/v1"}}, map[string]any{"m": "a/m"})
	route := wantedRoute + ": " + policy.RouteName("m", false) + "\r\n"
	for _, c := range []struct {
		name, headers, code string
		status              int
	}{
		{"nothing wrong", "", "", 200},
		{"1,000 headers and 200 KiB of them", strings.Repeat("a: b\r\n", 990) + "x-big: " + strings.Repeat("a", 200<<10) + "\r\n", "", 200},
		{"more headers than are taken", strings.Repeat("a: b\r\n", 1001), "headers_too_large", 431},
		{"larger headers than are taken", "x-big: " + strings.Repeat("a", 260<<10) + "\r\n", "headers_too_large", 431},
		{"a broken content-length", "content-length: x\r\n", "invalid_request", 400},
		{"two lengths", "content-length: 1\r\ntransfer-encoding: chunked\r\n", "invalid_request", 400},
		{"an upgrade to something else than a WebSocket", "connection: upgrade\r\nupgrade: tls/1.3\r\n", "upgrade_refused", 426},
	} {
		resp, text, err := g.raw(t, "GET / HTTP/1.1\r\nhost: h\r\n"+route+c.headers+"\r\n")
		if err != nil || resp.StatusCode != c.status || c.code != "" && !strings.Contains(text, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %v %v %s", c.name, resp, err, text)
		}
		if upgrade := resp.Header.Get("upgrade") + resp.Header.Get("connection"); (c.status == 426) != (upgrade == "HTTP/1.1upgrade") {
			t.Errorf("%s: headers %v", c.name, resp.Header)
		}
	}
	if n := len(p.requests()); n != 2 {
		t.Errorf("%d requests reached the provider, want the good ones", n)
	}
}

// raw sends bytes and reads one answer.
func (g gateway) raw(t *testing.T, request string) (*http.Response, string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(envoytest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, "", err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}
