package answers

import (
	"bufio"
	"encoding/json"
	"fmt"
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
		if n := len(p.Served()); n != 0 {
			t.Errorf("%d refused requests reached the provider", n)
		}
	})
}

func TestModelList(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	type model struct{ ID, Object, Type string }
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		first              model
	}{
		{"OpenAI", "GET", "/v1/models", nil, model{"fast", "model", ""}},
		{"Anthropic", "GET", "/v1/models?limit=1000", map[string]string{"anthropic-version": "2023-06-01"}, model{"fast", "", "model"}},
		{"one", "GET", "/v1/models/plain", nil, model{"plain", "model", ""}},
		{"HEAD", "HEAD", "/v1/models", nil, model{}},
		{"HEAD of one", "HEAD", "/v1/models/plain", nil, model{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := g.With(t)
			a := g.Ask(gatewaytest.Request{Method: c.method, Path: c.path, Header: c.header})
			gatewaytest.MustOK(t, a)
			if row := g.Row(a.Exchange()); row.Outcome != "ok" || row.Operation != "models" {
				t.Errorf("row %+v", row)
			}
			if c.method == "HEAD" {
				if a.Body != "" {
					t.Errorf("a body %q", a.Body)
				}
				return
			}
			var list struct {
				model
				Data []model
			}
			if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
				t.Fatal(err)
			}
			if list.Data != nil {
				list.model = list.Data[0]
			}
			if list.model != c.first {
				t.Errorf("got %+v", list.model)
			}
		})
	}
	t.Run("one that is not there", func(t *testing.T) {
		a := g.With(t).Ask(gatewaytest.Request{Method: "GET", Path: "/v1/models/none%2Fsuch"})
		if a.Status != 404 {
			t.Fatalf("status %d: %s", a.Status, a.Body)
		}
		gatewaytest.CheckRefusal(t, a, false, "invalid_request_error", "model_not_found")
	})
}

// TestPathSpellings holds that other spellings of a path reach the provider as
// the one that it has, and that a query goes nowhere.
func TestPathSpellings(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, path := range []string{"//v1/chat/completions", "/v1/./chat/completions", "/v1/x/../chat/completions", "/v1/chat//completions?key=sk-canary-query", "/v1/chat/completions?"} {
		t.Run(path, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			mark := "spelled " + path
			gatewaytest.MustOK(t, g.Ask(gatewaytest.Request{Path: path, Body: gatewaytest.ChatBody("plain", mark, false)}))
			if served := p.Find(mark); served.Path != "/v1/chat/completions" || served.Query != "" {
				t.Errorf("the provider got %s?%s", served.Path, served.Query)
			}
		})
	}
}

func TestJSONShapes(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, shape := range []string{"gzip", "drip=1", "drip=100;gzip", "close", "content-length=99999"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			g, p := g.With(t), p.With(t)
			mark := "json shape " + shape
			a := g.Chat(gatewaytest.ChatBody("once", mark, false), shape)
			if strings.HasPrefix(shape, "content-length") { // the provider promised more than it sent
				if a.Status != 502 {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
				if row := g.Row(gatewaytest.RefusedExchange(a)); row.Outcome != "cut" || row.By != "provider" || row.Status != 502 {
					t.Errorf("row %+v", row)
				}
				return
			}
			gatewaytest.MustOK(t, a)
			if a.Header.Get("Content-Encoding") != "" || !json.Valid([]byte(a.Body)) {
				t.Errorf("headers %v, body %q", a.Header, a.Body)
			}
			gatewaytest.CheckUsage(t, g.Row(a.Exchange()), p.Find(mark).Usage)
		})
	}
}

// TestClientsGainNothing holds that headers by which Envoy is steered do not
// steer it when a client sends them.
func TestClientsGainNothing(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct{ name, header, value string }{
		{"more attempts", "x-envoy-max-retries", "9"},
		{"another reason to retry", "x-envoy-retry-on", "retriable-4xx,5xx,retriable-status-codes"},
		{"other statuses to retry", "x-envoy-retriable-status-codes", "400"},
		{"another timeout", "x-envoy-upstream-rq-timeout-ms", "1"},
		{"another attempt's timeout", "x-envoy-upstream-rq-per-try-timeout-ms", "1"},
		{"another route", "x-headgate-int-route", "keyed/json"},
		{"hedging", "x-envoy-hedge-on-per-try-timeout", "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, p := g.With(t), p.With(t)
			a := g.Chat(gatewaytest.ChatBody("plain", "gains "+c.name, false), "status=400;ttft=30ms", c.header, c.value)
			row := g.Row(a.Exchange())
			if a.Status != 400 || row.Attempts != 1 || row.Backend != "sim" || len(p.FindAll("gains "+c.name, 1)) != 1 {
				t.Errorf("status %d, row %+v", a.Status, row)
			}
		})
	}
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

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	conn, body := g.Dial(), gatewaytest.ChatBody("renamed", "expects to go on", false)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: %d\r\ncontent-type: application/json\r\n\r\n", len(body))
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusContinue {
		t.Fatalf("before the body: %v %v", resp, err)
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err = http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("after the body: %v %v", resp, err)
	}
	defer resp.Body.Close()
	if served := p.Find("expects to go on"); served.Header.Get("Expect") != "" {
		t.Errorf("expect reached the provider: %v", served.Header)
	}
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
	if n := len(p.Served()); n != 0 {
		t.Errorf("%d requests reached the provider", n)
	}
}
