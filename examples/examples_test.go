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
)

var listenLine = regexp.MustCompile(`(?m)^listen: .*\n`)

// noKeys empties the providers' keys, so that no example ever calls a real one.
var noKeys = []string{"OPENAI_API_KEY=", "ANTHROPIC_API_KEY=", "DEEPSEEK_API_KEY="}

func start(t *testing.T, example string) *gatewaytest.Gateway {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return gatewaytest.Start(t, listenLine.ReplaceAllString(string(text), ""), gatewaytest.Options{Env: noKeys})
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

func TestFallback(t *testing.T) {
	g := start(t, "fallback")
	const ask = `{"model":"assistant","max_completion_tokens":50,"messages":[{"role":"user","content":"Hello!"}]}`
	if status, h, body := post(t, g.URL+"/v1/chat/completions", ask); status != 200 || h.Get("x-headgate-backend") != "gpt" {
		t.Errorf("%d %v %s", status, h, body)
	}
	// Every backend of the chain is told to refuse.
	refuse := strings.Replace(ask, "Hello!", "Hello! [[sim status=429]]", 1)
	status, h, body := post(t, g.URL+"/v1/chat/completions", refuse)
	if status != 503 || !strings.Contains(body, "all_models_exhausted") || h.Get("x-headgate-attempts") == "1" {
		t.Errorf("%d %v %s", status, h, body)
	}
}
