package clients

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
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
	u := p.Find("py plain").Usage
	input, output := float64(u.TotalInput()), float64(u.TotalOutput())
	want := map[string]results{
		"plain":           {"text": text, "model": "plain", "input": input, "output": output},
		"streamed":        {"text": text, "finish": "stop", "usages": 0.0},
		"streamed usage":  {"choices": 0.0, "output": output},
		"tools":           {"names": []any{"get_weather", "get_weather"}, "arguments": true, "text": text},
		"embeddings":      raised("BadRequestError", 400, "invalid_request_error", "unsupported_field"),
		"models":          {"first": "fast", "one": "plain"},
		"aborted":         {},
		"broken":          got["broken"],
		"retried":         raised("RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded").with("retry_after", "1"),
		"400":             raised("BadRequestError", 400, "invalid_request_error", nil),
		"401":             raised("AuthenticationError", 401, "authentication_error", "backend_credential_rejected"),
		"403":             raised("PermissionDeniedError", 403, "permission_error", "backend_credential_rejected"),
		"404":             raised("NotFoundError", 404, "invalid_request_error", "model_not_found"),
		"no model":        raised("NotFoundError", 404, "invalid_request_error", "model_not_found"),
		"409":             raised("ConflictError", 409, "invalid_request_error", nil),
		"422":             raised("UnprocessableEntityError", 422, "invalid_request_error", nil),
		"429":             raised("RateLimitError", 429, "rate_limit_error", "rate_limit_exceeded").with("retry_after", "7"),
		"500":             raised("InternalServerError", 500, "server_error", nil),
		"gateway timeout": raised("InternalServerError", 504, "server_error", "backend_timeout"),
		"timeout":         {"raised": "APITimeoutError"},
		"unreachable":     {"raised": "APIConnectionError"},
	}
	checkSwapped(t, p, want, got)
}

// TestAnthropicPythonOnOpenAI is the same for Anthropic's client.
func TestAnthropicPythonOnOpenAI(t *testing.T) {
	t.Parallel()
	g, p := serveSwapped(t)
	text := gatewaytest.DirectAnswer(t, p)
	got := script(t, "sdk_anthropic.py", g.URL)
	u := p.Find("py plain").Usage
	input, output := float64(u.TotalInput()), float64(u.TotalOutput())
	want := map[string]results{
		"plain":               {"text": text, "model": "plain-claude", "input": input, "output": output},
		"streamed":            {"text": text, "finish": "end_turn", "output": output},
		"tools":               {"names": []any{"get_weather", "get_weather"}, "arguments": true, "text": text},
		"count":               raised("BadRequestError", 400, "invalid_request_error"),
		"models":              {"first": "fast", "one": "plain-claude"},
		"aborted":             {},
		"broken":              got["broken"],
		"400":                 raised("BadRequestError", 400, "invalid_request_error"),
		"401":                 raised("AuthenticationError", 401, "authentication_error"),
		"403":                 raised("PermissionDeniedError", 403, "permission_error"),
		"404":                 raised("NotFoundError", 404, "not_found_error"),
		"no model":            raised("NotFoundError", 404, "not_found_error"),
		"429":                 raised("RateLimitError", 429, "rate_limit_error").with("retry_after", "7"),
		"500":                 raised("InternalServerError", 500, "api_error"),
		"529":                 raised("OverloadedError", 529, "overloaded_error"),
		"error in the stream": raised("APIStatusError", 200, "api_error"),
		"gateway timeout":     raised("GatewayTimeoutError", 504, "timeout_error"),
		"timeout":             {"raised": "APITimeoutError"},
		"unreachable":         {"raised": "APIConnectionError"},
	}
	checkSwapped(t, p, want, got)
}

func checkSwapped(t *testing.T, p *gatewaytest.Provider, want, got map[string]results) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	checkBroken(t, got["broken"])
	if served := p.Find("py aborts"); served.Ended != sim.EndedHung {
		t.Errorf("the aborted stream: %+v", served)
	}
}
