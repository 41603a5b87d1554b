// Package door shows how clients find the gateway: by which URLs, in which versions of HTTP, from
// browsers, and what it says to those that are pointed at it wrongly.
package door

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
)

// callers have a key each, so that what needs none is seen.
const callers = "callers:\n  dev: {key: {env: DOOR_KEY}}\n"

const key = "the-key-of-the-door-0123456789"

// serve starts a gateway that asks for a key.
func serve(t *testing.T, more string) (*gatewaytest.Gateway, *gatewaytest.Provider) {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	g := gatewaytest.Start(t, gatewaytest.PolicyFor(p, "")+callers+more, gatewaytest.Options{Env: []string{
		gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey, "DOOR_KEY=" + key,
	}})
	return g, p
}

// with makes a request that has the key, and further headers, as names and values in turn.
func with(method, path, body string, header ...string) gatewaytest.Request {
	r := gatewaytest.ChatRequest(path, body, "", append([]string{"authorization", "Bearer " + key}, header...)...)
	r.Method = method
	return r
}

func TestHowClientsArePointedAtAGateway(t *testing.T) {
	t.Parallel()
	g, p := serve(t, "")
	t.Run("spellings", func(t *testing.T) { spellings(t, g, p) })
	t.Run("wrong base URLs", func(t *testing.T) { wrongBaseURLs(t, g) })
	t.Run("pages", func(t *testing.T) { pages(t, g) })
	t.Run("protocols", func(t *testing.T) { protocols(t, g) })
	t.Run("upgrades", func(t *testing.T) { upgrades(t, g) })
	t.Run("packed bodies", func(t *testing.T) { packedBodies(t, g, p) })
	if n := len(p.Settled()); n != served {
		t.Errorf("%d requests reached the provider, want %d", n, served)
	}
	onlyExchanges(t, g)
}

// served counts the requests of all cases that the provider is to get.
var served int

// spellings are the base URLs that are served, as SDKs make paths of them.
func spellings(t *testing.T, g *gatewaytest.Gateway, p *gatewaytest.Provider) {
	for _, base := range []string{"", "/v1", "/v1/", "/openai", "/openai/v1", "//openai//v1/"} {
		for _, end := range []string{"", "/"} {
			g, p := g.With(t), p.With(t)
			mark := "spelled " + base + end
			gatewaytest.MustOK(t, g.Ask(with("POST", base+"/chat/completions"+end, gatewaytest.ChatBody("plain", mark, false))))
			if got := p.Find(mark).Path; got != "/v1/chat/completions" {
				t.Errorf("%s%s: the provider got %s", base, end, got)
			}
			served++
		}
	}
	for _, base := range []string{"", "/anthropic", "/anthropic/", "/anthropic/v1"} {
		g, p := g.With(t), p.With(t)
		mark := "anthropic spelled " + base
		path := strings.TrimSuffix(base, "/v1") + "/v1/messages"
		a := g.Ask(with("POST", path, gatewaytest.MessageBody("plain-claude", mark, false)))
		gatewaytest.MustOK(t, a)
		if got := p.Find(mark).Path; got != "/v1/messages" || !strings.Contains(a.Body, `"type":"message"`) {
			t.Errorf("%s: the provider got %s, the client %s", base, got, a.Body)
		}
		served++
	}
	for path, want := range map[string]string{"/models": `"object":"list"`, "/openai/models/": `"object":"list"`, "/anthropic/v1/models": `"has_more"`, "/anthropic/models/plain": `"display_name"`} {
		if a := g.With(t).Ask(with("GET", path, "")); a.Status != 200 || !strings.Contains(a.Body, want) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

func wrongBaseURLs(t *testing.T, g *gatewaytest.Gateway) {
	for _, c := range []struct {
		path, says string
		claude     bool
	}{
		{"/v1/v1/chat/completions", "did you mean /v1/chat/completions? Set base_url to " + g.URL + "/v1.", false},
		{"/v1/v1/messages", "did you mean /v1/messages? Set base_url to " + g.URL + ".", false},
		{"/v1/chat/completion", "did you mean /v1/chat/completions?", false},
		{"/v1beta/models/gemini:generateContent", "Gemini's own API", false},
		{"/openai/deployments/x/chat/completions", "with base_url " + g.URL + "/v1 and", false},
		{"/v1/completions", "ask /v1/chat/completions", false},
		{"/v1/files", "This gateway does not serve /v1/files. It serves /v1/chat/completions, ", false},
		{"/anthropic/v1/files", "This gateway does not serve /anthropic/v1/files. It serves ", true},
		{"/v1/" + strings.Repeat("x", 300), "It serves ", false},
	} {
		g := g.With(t)
		a := g.Ask(gatewaytest.Request{Path: c.path + "?api-version=sk-canary-query", Body: "{}"})
		kind := "invalid_request_error"
		if c.claude {
			kind = "not_found_error"
		}
		gatewaytest.CheckRefusal(t, a, c.claude, kind, "unknown_path")
		if a.Status != 404 || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s: %d %s", c.path, a.Status, a.Body)
		}
		if row := g.Row(a.Exchange()); row.Path != c.path[:min(len(c.path), 256)] {
			t.Errorf("%s: row %+v", c.path, row)
		}
	}
	a := g.With(t).Ask(gatewaytest.Request{Method: "GET", Path: "/v1/messages"})
	if a.Status != 405 || a.Header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

// pages need no key and leave no row.
func pages(t *testing.T, g *gatewaytest.Gateway) {
	g = g.With(t)
	for _, c := range []struct {
		method, path, accept string
		status               int
		kind, says           string
	}{
		{"GET", "/", "text/html,*/*;q=0.8", 200, "text/html; charset=utf-8", "base_url=" + g.URL + "/v1<"},
		{"GET", "/", "*/*", 200, "application/json", `"openai_base_url":"` + g.URL + `/v1"`},
		{"HEAD", "/", "", 200, "application/json", ""},
		{"GET", "/healthz", "", 200, "text/plain; charset=utf-8", "ok\n"},
		{"GET", "/healthz?probe=1", "", 200, "text/plain; charset=utf-8", "ok\n"},
		{"HEAD", "/healthz", "", 200, "text/plain; charset=utf-8", ""},
		{"GET", "/favicon.ico", "image/*", 404, "text/plain; charset=utf-8", ""},
		{"GET", "/robots.txt", "", 404, "text/plain; charset=utf-8", ""},
		{"OPTIONS", "/v1/chat/completions", "", 204, "", ""},
	} {
		a := g.Ask(gatewaytest.Request{Method: c.method, Path: c.path, Header: map[string]string{"accept": c.accept}})
		if a.Status != c.status || a.Header.Get("Content-Type") != c.kind || !strings.Contains(a.Body, c.says) {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, a.Status, a.Header, a.Body)
		}
		for name := range a.Header {
			if strings.HasPrefix(strings.ToLower(name), "access-control-") || a.Exchange() != "" {
				t.Errorf("%s %s: header %s", c.method, c.path, name)
			}
		}
	}
}

// onlyExchanges stops the gateway, which writes what it still holds, and holds that all its rows are
// of exchanges: what it answers for itself leaves none.
func onlyExchanges(t *testing.T, g *gatewaytest.Gateway) {
	t.Helper()
	g.With(t).Stop()
	rows := g.Rows()
	for _, row := range rows {
		if row.Status < 400 && row.Backend == "" && row.Operation != "models" || row.Path == "/favicon.ico" {
			t.Errorf("row %+v", row)
		}
	}
	if len(rows) < 5 {
		t.Errorf("%d rows", len(rows))
	}
}

// refusal is an answer that a raw connection got, as the tests of answers read them.
func refusal(resp *http.Response, body string) gatewaytest.Answer {
	return gatewaytest.Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// rowOf returns the row of a refusal.
func rowOf(t *testing.T, g *gatewaytest.Gateway, a gatewaytest.Answer) record.Line {
	t.Helper()
	if !json.Valid([]byte(a.Body)) {
		t.Fatalf("status %d with no JSON: %s", a.Status, a.Body)
	}
	return g.Row(gatewaytest.RefusedExchange(a))
}

// post writes a request for a chat completion as it goes over a connection.
func post(version, headers, body string) string {
	return fmt.Sprintf("POST /v1/chat/completions %s\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n%s", version, key, len(body), headers, body)
}
