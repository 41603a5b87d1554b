package client_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/client"
)

func TestTheRootSaysHowClientsArePointedAtIt(t *testing.T) {
	for _, method := range []string{"GET", "HEAD"} {
		l := client.LocalAnswer(request(method, "/", ":authority", "gw.example", ":scheme", "https", "accept", "*/*"))
		var got map[string]string
		if err := json.Unmarshal(l.Body, &got); err != nil || l.Status != 200 || string(l.Headers.Get("content-type")) != "application/json" {
			t.Fatalf("%+v: %v", l, err)
		}
		want := map[string]string{
			"name": "Headgate", "openai_base_url": "https://gw.example/v1", "anthropic_base_url": "https://gw.example",
			"models": "https://gw.example/v1/models", "health": "https://gw.example/healthz",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestPeopleGetAPageThatNeedsNothingElse(t *testing.T) {
	l := client.LocalAnswer(request("GET", "/", ":authority", "gw.example", ":scheme", "http", "accept", "text/html,application/xhtml+xml,*/*;q=0.8"))
	page := string(l.Body)
	for _, want := range []string{"base_url=http://gw.example/v1<", "base_url=http://gw.example<", "curl http://gw.example/v1/chat/completions", "http://gw.example/v1/models"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	for _, outside := range []string{"<script", "<link", "src=", "href=", "url(", "@import"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
	if got := string(l.Headers.Get("content-type")); got != "text/html; charset=utf-8" {
		t.Errorf("content-type %s", got)
	}
	if got := string(l.Headers.Get("content-security-policy")); !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("content-security-policy %s", got)
	}
}

func TestWhatTheGatewayAnswersByItself(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int // 0: it is an exchange
		allow        string
	}{
		{"GET", "/healthz", 200, ""},
		{"HEAD", "/healthz", 200, ""},
		{"POST", "/healthz", 0, ""},
		{"GET", "/favicon.ico", 404, ""},
		{"GET", "/robots.txt", 404, ""},
		{"POST", "/", 0, ""},
		{"GET", "/v1", 0, ""},
		{"OPTIONS", "/v1/chat/completions", 204, "POST, OPTIONS"},
		{"OPTIONS", "/anthropic/v1/models", 204, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/v1/unknown", 204, "GET, POST, DELETE, HEAD, OPTIONS"},
	} {
		l := client.LocalAnswer(request(c.method, c.path))
		if l == nil {
			if c.status != 0 {
				t.Errorf("%s %s: no answer", c.method, c.path)
			}
			continue
		}
		if l.Status != c.status || string(l.Headers.Get("allow")) != c.allow {
			t.Errorf("%s %s: %+v", c.method, c.path, l)
		}
	}
}
