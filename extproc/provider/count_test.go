package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	"github.com/headgate/headgate/extproc/exchange/exchangetest"
	"github.com/headgate/headgate/policy"
)

const countBackends = `version: 1
backends:
  claude: {provider: anthropic, credential: {env: FIRST}}
  chat: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  own: {provider: anthropic, credential: caller}
  gpt: {provider: openai, credential: {env: FIRST}}
unpriced: flag
models: {claude: claude/m, chat: chat/m, both: {chain: [chat/m, claude/m]}, own: own/m, gpt: gpt/m}
`

// askCount asks how many tokens a model reads, as a client of Anthropic's does.
func askCount(t *testing.T, model string, headers ...string) *exchangetest.Visit {
	t.Helper()
	return askCountIn(t, "anthropic", `{"model":"`+model+`","messages":[{"role":"user","content":"one two three"}]}`, headers...)
}

func askCountIn(t *testing.T, client, body string, headers ...string) *exchangetest.Visit {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(countBackends))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newTestKind(map[string]string{"FIRST": "sk-1"}).Compile(set)
	if err != nil {
		t.Fatal(err)
	}
	ex := exchangetest.Ask(t, client, body)
	ex.Request.Operation = exchange.CountTokens
	for i := 0; i < len(headers); i += 2 {
		ex.Request.Headers = append(ex.Request.Headers, exchange.Header{Name: headers[i], Value: []byte(headers[i+1])})
	}
	return exchangetest.Join(t, s, ex)
}

// isEstimate holds that a verdict gives an estimate of askCount's words, and says so.
func isEstimate(t *testing.T, v *exchangetest.Visit, verdict exchange.Verdict) {
	t.Helper()
	if verdict.Action != exchange.Answer || verdict.Count != 3+3+3 || v.Exchange.Counted != canon.UsageEstimated ||
		string(verdict.Headers.Get(EstimatedHeader)) != "true" {
		t.Errorf("counted by %q: %+v", v.Exchange.Counted, verdict)
	}
}

// TestWhatNoBackendCountsIsEstimated holds that nobody is asked who cannot count.
func TestWhatNoBackendCountsIsEstimated(t *testing.T) {
	v := askCount(t, "chat")
	isEstimate(t, v, v.Request())
}

// TestTheFirstBackendThatCanCountIsAsked holds that links which cannot are left out.
func TestTheFirstBackendThatCanCountIsAsked(t *testing.T) {
	v := askCount(t, "both")
	if verdict := v.Request(); verdict.Action != exchange.Pass {
		t.Fatal(verdict.Message)
	}
	if fit := v.Exchange.Fit; fit == "" || fit == policy.FitAny {
		t.Errorf("any backend is asked: %q", fit)
	}
	at, err := v.Attempt("claude", "m")
	if err != nil || string(at.Out.Set.Get(":path")) != "/v1/messages/count_tokens" {
		t.Errorf("asked at %q: %v", at.Out.Set.Get(":path"), err)
	}
}

// TestACountThatFailsIsEstimated holds that a client gets a count whatever becomes of the backend's,
// unless what it asks is at fault, or its own credential.
func TestACountThatFailsIsEstimated(t *testing.T) {
	const fault = `{"type":"error","error":{"type":"api_error","message":"no"}}`
	for _, c := range []struct {
		name, model string
		status      int
		body        string
		origin      exchange.Origin
		estimated   bool
	}{
		{"a count", "claude", 200, `{"input_tokens":5}`, exchange.FromProvider, false},
		{"an error in a 200", "claude", 200, fault, exchange.FromProvider, true},
		{"no count", "claude", 200, `{"input_tokens":0}`, exchange.FromProvider, true},
		{"no JSON", "claude", 200, `<html>`, exchange.FromProvider, true},
		{"the request's fault", "claude", 400, fault, exchange.FromProvider, false},
		{"too long", "claude", 413, fault, exchange.FromProvider, false},
		{"the gateway's credential", "claude", 401, fault, exchange.FromProvider, true},
		{"the client's credential", "own", 401, fault, exchange.FromProvider, false},
		{"the client's limit", "own", 429, fault, exchange.FromProvider, false},
		{"an unknown model", "claude", 404, fault, exchange.FromProvider, true},
		{"the gateway's limit", "claude", 429, fault, exchange.FromProvider, true},
		{"a server's fault", "claude", 500, fault, exchange.FromProvider, true},
		{"nobody", "claude", 503, "no healthy upstream", exchange.FromEnvoy, true},
		{"a stage's refusal", "claude", 403, fault, exchange.FromGateway, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := askCount(t, c.model, "x-api-key", "sk-ant-own")
			if verdict := v.Request(); verdict.Action != exchange.Pass {
				t.Fatal(verdict.Message)
			}
			if _, err := v.Attempt(map[string]string{"claude": "claude", "own": "own"}[c.model], "m"); err != nil {
				t.Fatal(err)
			}
			v.Exchange.Route.Backend, v.Exchange.Response.Origin = c.model, c.origin
			verdict := v.Respond(c.status, c.body, "content-type", "application/json", "retry-after", "9")
			if c.estimated {
				isEstimate(t, v, verdict)
				return
			}
			if verdict.Action == exchange.Answer || v.Exchange.Counted == canon.UsageEstimated {
				t.Errorf("estimated: %+v", verdict)
			}
			if c.status == 200 && (verdict.Action != exchange.Pass || v.Exchange.Counted != canon.UsageProvider) {
				t.Errorf("counted by %q: %+v", v.Exchange.Counted, verdict)
			}
		})
	}
}

// TestACountIsAskedAndGivenInEachDialect holds that a backend is asked in the dialect in which it
// counts, with what it takes for that, and that the client reads the count in its own.
func TestACountIsAskedAndGivenInEachDialect(t *testing.T) {
	const (
		messages  = `{"model":"MODEL","system":"s","tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"one two"}]}`
		responses = `{"model":"MODEL","instructions":"s","max_output_tokens":99,"stream":true,"store":false,"temperature":0.5,"user":"u","input":"one two"}`
	)
	for _, c := range []struct {
		client, body, backend string
		path, sent            string // empty: it passes as it came
		counted, got          string
	}{
		{"anthropic", messages, "gpt", "/v1/responses/input_tokens",
			`{"model":"m","instructions":"s","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"one two"}]}],"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}]}`,
			`{"object":"response.input_tokens","input_tokens":7}`, `{"input_tokens":7}`},
		{"responses", responses, "claude", "/v1/messages/count_tokens",
			`{"model":"m","system":"s","messages":[{"role":"user","content":"one two"}]}`,
			`{"input_tokens":7}`, `{"object":"response.input_tokens","input_tokens":7}`},
		{"responses", responses, "gpt", "/v1/responses/input_tokens", "", `{"object":"response.input_tokens","input_tokens":7}`, ""},
		{"anthropic", messages, "claude", "/v1/messages/count_tokens", "", `{"input_tokens":7}`, ""},
	} {
		t.Run(c.client+" of "+c.backend, func(t *testing.T) {
			v := askCountIn(t, c.client, strings.Replace(c.body, "MODEL", c.backend, 1))
			if verdict := v.Request(); verdict.Action != exchange.Pass {
				t.Fatal(verdict.Message)
			}
			at, err := v.Attempt(c.backend, "m")
			if err != nil || string(at.Out.Set.Get(":path")) != c.path {
				t.Fatalf("asked at %q: %v", at.Out.Set.Get(":path"), err)
			}
			want := c.sent
			if want == "" {
				want = strings.Replace(c.body, "MODEL", "m", 1)
			}
			if diff := cmp.Diff(want, string(at.Out.Body)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			v.Exchange.Route.Backend = c.backend
			if verdict := v.Respond(200, c.counted, "content-type", "application/json"); verdict.Action != exchange.Pass || v.Exchange.Counted != canon.UsageProvider {
				t.Fatalf("counted by %q: %+v", v.Exchange.Counted, verdict)
			}
			if got := string(v.Exchange.Response.Out.Body); got != c.got {
				t.Errorf("the client gets %s, want %s", got, c.got)
			}
		})
	}
}
