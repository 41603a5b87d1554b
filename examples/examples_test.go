// Package examples runs every example as its reader would: through the real
// gateway, with no provider key.
package examples

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy"
)

var listenLine = regexp.MustCompile(`(?m)^listen: .*\n`)

// noKeys empties the providers' keys, so that no example ever calls a real one.
var noKeys = []string{"OPENAI_API_KEY=", "ANTHROPIC_API_KEY=", "DEEPSEEK_API_KEY="}

func start(t *testing.T, example string, args ...string) *gatewaytest.Gateway {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return gatewaytest.Start(t, listenLine.ReplaceAllString(string(text), ""), gatewaytest.Options{Env: noKeys, Args: args})
}

// post sends a body and returns the answer's status, headers and text.
func post(t *testing.T, url, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("content-type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Host = req.Header.Get("host")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestQuickstart(t *testing.T) {
	g := start(t, "quickstart")
	const ask = `"model":"assistant","messages":[{"role":"user","content":"Hello!"}]`
	status, h, body := post(t, g.URL+"/v1/chat/completions", "{"+ask+"}")
	if status != 200 || h.Get("x-headgate-provider") != "simulated" || h.Get("x-headgate-cost-usd") == "" || !strings.Contains(body, `"usage"`) {
		t.Errorf("%d %v %s", status, h, body)
	}
	if _, _, body = post(t, g.URL+"/v1/chat/completions", `{"stream":true,`+ask+"}"); !strings.Contains(body, "data: [DONE]") || !strings.Contains(body, "x-headgate-cost-usd=") {
		t.Errorf("stream %s", body)
	}
	status, _, body = post(t, g.URL+"/v1/messages", `{"max_tokens":20,`+ask+"}")
	if status != 200 || !strings.Contains(body, `"type":"message"`) {
		t.Errorf("messages: %d %s", status, body)
	}
	if !strings.Contains(g.Log(), "curl -i "+g.URL+"/v1/chat/completions") {
		t.Error("no curl line to paste")
	}
}

// TestQuickstartCounts holds that the quickstart's first line counts what follows it.
func TestQuickstartCounts(t *testing.T) {
	text, err := os.ReadFile("quickstart/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Parse("policy.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	numbers := []string{"no", "one", "two", "three", "four", "five", "six"}
	want := numbers[len(set.Backends)] + " providers, " + numbers[len(set.Models)] + " models"
	if first, _, _ := strings.Cut(string(text), "\n"); !strings.Contains(first, want) {
		t.Errorf("the first line is %q, want %q in it", first, want)
	}
}

const askAssistant = `{"model":"assistant","user":"ada","messages":[{"role":"user","content":"Hello!"}]}`

// TestFallback walks through the page of the chain: GPT answers, and if every backend
// refuses, the client gets one error that lists them.
func TestFallback(t *testing.T) {
	g := start(t, "fallback")
	if status, h, body := post(t, g.URL+"/v1/chat/completions", askAssistant); status != 200 || h.Get("x-headgate-backend") != "gpt" || h.Get("x-headgate-attempts") != "1" {
		t.Errorf("%d %v %s", status, h, body)
	}
	refuse := strings.Replace(askAssistant, "Hello!", "Hello! [[sim status=429 retry-after=20]]", 1)
	status, h, body := post(t, g.URL+"/v1/chat/completions", refuse)
	if status != 429 || !strings.Contains(body, "all_models_exhausted") || h.Get("retry-after") == "" || h.Get("x-headgate-attempts") == "1" {
		t.Errorf("%d %v %s", status, h, body)
	}
}

// TestFallbackInAnOutage is the page's outage: GPT is tried, then Claude answers, and
// once GPT is ejected, Claude answers at the first attempt.
func TestFallbackInAnOutage(t *testing.T) {
	script, err := filepath.Abs("fallback/outage.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, "fallback", "--sim-script", script)
	ask := func() (backend, attempts string) {
		status, h, body := post(t, g.URL+"/v1/chat/completions", askAssistant)
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		return h.Get("x-headgate-backend"), h.Get("x-headgate-attempts")
	}
	if backend, attempts := ask(); backend != "claude" || attempts != "3" {
		t.Errorf("%s answers after %s attempts, want claude after 3", backend, attempts)
	}
	gatewaytest.Eventually(t, "the first attempt at Claude", func() bool {
		backend, attempts := ask()
		return backend == "claude" && attempts == "1"
	})
}
