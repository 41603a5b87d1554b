package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// serveSwapped starts what serve does with the dialects of the backends exchanged:
// scripts that are written for backends of their own dialect then speak to the
// other one.
func serveSwapped(t *testing.T) (*gatewaytest.Gateway, *gatewaytest.Provider) {
	t.Helper()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	policy := strings.NewReplacer(
		"sim:    {provider: simulated,", "sim:    {provider: simulated, dialect: anthropic,",
		"claude: {provider: simulated, dialect: anthropic,", "claude: {provider: simulated,",
		"keyed:  {provider: openai,", "keyed:  {provider: anthropic,",
		"\nmodels:\n", "\nunpriced: flag\nmodels:\n",
	).Replace(gatewaytest.PolicyFor(p, ""))
	return gatewaytest.Start(t, policy, gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}), p
}

// longer makes a script's aborted stream hang later: Anthropic's first events carry
// nothing that OpenAI's clients get. It returns the name beside the script's own.
func longer(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "hang=4", "hang=9", 1)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil || changed == string(text) {
		t.Fatalf("changing the script: %v", err)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, path)
	if err != nil {
		t.Fatal(err)
	}
	return relative
}

// TestOpenAIPythonOnAnthropic runs the script for OpenAI's client on backends of
// Anthropic's dialect. What differs is what only OpenAI can do.
func TestOpenAIPythonOnAnthropic(t *testing.T) {
	t.Parallel()
	g, p := serveSwapped(t)
	text := gatewaytest.DirectAnswer(t, p)
	got := script(t, longer(t, "sdk_openai.py"), g.URL+"/v1")
	want := openAIResults(text, p.Find("py plain").Usage, got["broken"])
	want["embeddings"] = raised("BadRequestError", 400, "invalid_request_error", "unsupported_field")
	want["retried"] = raised("RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded").with("retry_after", "1")
	want["409"] = raised("ConflictError", 409, "invalid_request_error", nil)
	want["429"] = raised("RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded").with("retry_after", "7")
	checkResults(t, p, want, got)
}

// TestAnthropicPythonOnOpenAI is the same for Anthropic's client.
func TestAnthropicPythonOnOpenAI(t *testing.T) {
	t.Parallel()
	g, p := serveSwapped(t)
	text := gatewaytest.DirectAnswer(t, p)
	got := script(t, "sdk_anthropic.py", g.URL)
	want := anthropicResults(text, p.Find("py plain").Usage, got["broken"])
	want["count"] = got["count"] // by another tokenizer, or an estimate
	if n, ok := got["count"]["input"].(float64); !ok || n < 3 {
		t.Errorf("counted %v", got["count"])
	}
	want["error in the stream"] = raised("APIStatusError", 200, "api_error")
	checkResults(t, p, want, got)
}
