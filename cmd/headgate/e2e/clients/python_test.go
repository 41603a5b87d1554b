package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// results are what a script's cases gave.
type results map[string]any

// interpreters bounds how many run at once: each takes a core while it loads its SDK, and
// tests with clocks run beside them.
var interpreters = make(chan struct{}, 2)

// script runs a script of testdata against a base URL and returns what its cases gave.
func script(t *testing.T, name, baseURL string) map[string]results {
	t.Helper()
	interpreters <- struct{}{}
	defer func() { <-interpreters }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, gatewaytest.Python(t), filepath.Join("testdata", name), baseURL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]results
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return all
}

// raised is a typed error of either client; OpenAI's carries a code, too.
func raised(class string, status int, kind string, code ...any) results {
	r := results{"raised": class, "status": float64(status), "kind": kind, "retry_after": nil}
	if len(code) > 0 {
		r["code"] = code[0]
	}
	return r
}

func (r results) with(key string, value any) results {
	r[key] = value
	return r
}

// openAIResults are what OpenAI's client makes of a gateway before a backend of its own
// dialect. Which error a stream that broke off raises is the HTTP library's choice.
func openAIResults(text string, u sim.Usage, broken results) map[string]results {
	input, output := float64(u.TotalInput()), float64(u.TotalOutput())
	return map[string]results{
		"plain":           {"text": text, "model": "plain", "input": input, "output": output},
		"streamed":        {"text": text, "finish": "stop", "usages": 0.0},
		"streamed usage":  {"choices": 0.0, "output": output},
		"tools":           {"names": []any{"get_weather", "get_weather"}, "arguments": true, "text": text},
		"embeddings":      {"length": 64.0, "same": true},
		"models":          {"first": "fast", "one": "plain"},
		"aborted":         {},
		"broken":          broken,
		"retried":         raised("RateLimitError", 429, "requests", "rate_limit_exceeded"),
		"400":             raised("BadRequestError", 400, "invalid_request_error", nil),
		"401":             raised("AuthenticationError", 401, "authentication_error", "backend_credential_rejected"),
		"403":             raised("PermissionDeniedError", 403, "permission_error", "backend_credential_rejected"),
		"404":             raised("NotFoundError", 404, "invalid_request_error", "model_not_found"),
		"no model":        raised("NotFoundError", 404, "invalid_request_error", "model_not_found"),
		"409":             raised("ConflictError", 409, "invalid_request_error", "conflict"),
		"422":             raised("UnprocessableEntityError", 422, "invalid_request_error", nil),
		"429":             raised("RateLimitError", 429, "requests", "rate_limit_exceeded").with("retry_after", "7"),
		"500":             raised("InternalServerError", 500, "server_error", nil),
		"gateway timeout": raised("InternalServerError", 504, "server_error", "backend_timeout"),
		"timeout":         {"raised": "APITimeoutError"},
		"unreachable":     {"raised": "APIConnectionError"},
	}
}

func TestOpenAIPython(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	text := gatewaytest.DirectAnswer(t, p)
	got := script(t, "sdk_openai.py", g.URL+"/v1")
	checkResults(t, p, openAIResults(text, p.Find("py plain").Usage, got["broken"]), got)
	if n := len(p.FindAll("py retried", 2)); n != 2 {
		t.Errorf("%d tries of a client that retries once", n)
	}
}

// checkResults compares what a script's cases gave, and holds that the stream that broke
// off raised an error, and that the one that was aborted was let go.
func checkResults(t *testing.T, p *gatewaytest.Provider, want, got map[string]results) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	if class, _ := got["broken"]["raised"].(string); class == "" {
		t.Errorf("a stream that broke off gave %v", got["broken"])
	}
	if served := p.Find("py aborts"); served.Ended != sim.EndedHung {
		t.Errorf("the aborted stream: %+v", served)
	}
}

// anthropicResults are the same of Anthropic's client.
func anthropicResults(text string, u sim.Usage, broken results) map[string]results {
	input, output := float64(u.TotalInput()), float64(u.TotalOutput())
	return map[string]results{
		"plain":               {"text": text, "model": "plain-claude", "input": input, "output": output},
		"streamed":            {"text": text, "finish": "end_turn", "output": output},
		"tools":               {"names": []any{"get_weather", "get_weather"}, "arguments": true, "text": text},
		"count":               {"input": float64(sim.PrimeTokens + sim.FrameTokens + 3)},
		"models":              {"first": "fast", "one": "plain-claude"},
		"aborted":             {},
		"broken":              broken,
		"400":                 raised("BadRequestError", 400, "invalid_request_error"),
		"401":                 raised("AuthenticationError", 401, "authentication_error"),
		"403":                 raised("PermissionDeniedError", 403, "permission_error"),
		"404":                 raised("NotFoundError", 404, "not_found_error"),
		"no model":            raised("NotFoundError", 404, "not_found_error"),
		"429":                 raised("RateLimitError", 429, "rate_limit_error").with("retry_after", "7"),
		"500":                 raised("InternalServerError", 500, "api_error"),
		"529":                 raised("OverloadedError", 529, "overloaded_error"),
		"error in the stream": raised("APIStatusError", 200, "overloaded_error"),
		"gateway timeout":     raised("GatewayTimeoutError", 504, "timeout_error"),
		"timeout":             {"raised": "APITimeoutError"},
		"unreachable":         {"raised": "APIConnectionError"},
	}
}

func TestAnthropicPython(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	text := gatewaytest.DirectAnswer(t, p)
	got := script(t, "sdk_anthropic.py", g.URL)
	checkResults(t, p, anthropicResults(text, p.Find("py plain").Usage, got["broken"]), got)
}
