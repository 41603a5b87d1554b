package dialects

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
	"github.com/headgate/headgate/extproc/sim"
)

// raises is the typed error that a client's SDK raises.
type raises struct {
	Status     int
	Type, Code string
	RetryAfter string
	Outcome    string // that the record says
}

// translatedError is a provider's error with what clients of the other dialect get.
type translatedError struct {
	sim            string
	openai, claude raises
}

var translatedErrors = []translatedError{
	{"status=400", raises{400, "invalid_request_error", "", "", "client_error"}, raises{400, "invalid_request_error", "", "", "client_error"}},
	{"status=401", raises{401, "authentication_error", "backend_credential_rejected", "", "provider_refused_key"}, raises{401, "authentication_error", "", "", "provider_refused_key"}},
	{"status=403", raises{403, "permission_error", "backend_credential_rejected", "", "provider_refused_key"}, raises{403, "permission_error", "", "", "provider_refused_key"}},
	{"status=404", raises{404, "invalid_request_error", "model_not_found", "", "client_error"}, raises{404, "not_found_error", "", "", "client_error"}},
	{"status=408", raises{408, "timeout_error", "timeout", "", "provider_error"}, raises{408, "timeout_error", "", "", "provider_error"}},
	{"status=413", raises{413, "invalid_request_error", "request_too_large", "", "client_error"}, raises{413, "request_too_large", "", "", "client_error"}},
	{"status=422", raises{422, "invalid_request_error", "", "", "client_error"}, raises{422, "invalid_request_error", "", "", "client_error"}},
	{"status=429 retry-after=7", raises{429, "rate_limit_error", "rate_limit_exceeded", "7", "provider_rate_limited"}, raises{429, "rate_limit_error", "", "7", "provider_rate_limited"}},
	{"status=429 retry-after-ms=1500", raises{429, "rate_limit_error", "rate_limit_exceeded", "2", "provider_rate_limited"}, raises{429, "rate_limit_error", "", "2", "provider_rate_limited"}},
	{"status=500", raises{500, "server_error", "", "", "provider_error"}, raises{500, "api_error", "", "", "provider_error"}},
	{"status=502", raises{502, "server_error", "provider_error", "", "provider_error"}, raises{502, "api_error", "", "", "provider_error"}},
	{"status=503", raises{503, "server_error", "", "", "provider_error"}, raises{529, "overloaded_error", "", "", "provider_error"}},
	{"status=529", raises{503, "server_error", "overloaded", "", "provider_error"}, raises{529, "overloaded_error", "", "", "provider_error"}},
}

// TestTranslatedErrors holds that a client's SDK raises the typed error of its own
// dialect for what a provider of the other one answered.
func TestTranslatedErrors(t *testing.T) {
	t.Parallel()
	var models strings.Builder
	for i := range translatedErrors { // each its own: failures eject
		for _, stream := range []bool{false, true} {
			fmt.Fprintf(&models, "  error-%d-%t: {chain: [sim/plain], retries: 0}\n  error-%[1]d-%t-claude: {chain: [claude/plain-claude], retries: 0}\n", i, stream)
		}
	}
	g, _ := gatewaytest.Serve(t, models.String())
	for i, c := range translatedErrors {
		for _, stream := range []bool{false, true} {
			text := "Fail. [[sim " + c.sim + "]]"
			t.Run(fmt.Sprintf("openai %s stream %t", c.sim, stream), func(t *testing.T) {
				params := askOpenAI(text)
				params.Model = fmt.Sprintf("error-%d-%t-claude", i, stream)
				if d := cmp.Diff(c.openai, openAIRaises(t, g.With(t), params, stream)); d != "" {
					t.Errorf("raised (-want +got):\n%s", d)
				}
			})
			t.Run(fmt.Sprintf("anthropic %s stream %t", c.sim, stream), func(t *testing.T) {
				params := sdk.MessageParams(fmt.Sprintf("error-%d-%t", i, stream), text)
				if d := cmp.Diff(c.claude, claudeRaises(t, g.With(t), params, stream)); d != "" {
					t.Errorf("raised (-want +got):\n%s", d)
				}
			})
		}
	}
}

func openAIRaises(t *testing.T, g *gatewaytest.Gateway, params openai.ChatCompletionNewParams, stream bool) raises {
	t.Helper()
	client := sdk.OpenAI(g)
	var err error
	if stream {
		events := client.Chat.Completions.NewStreaming(t.Context(), params)
		for events.Next() {
		}
		err = events.Err()
	} else {
		_, err = client.Chat.Completions.New(t.Context(), params)
	}
	var e *openai.Error
	if !errors.As(err, &e) || e.Message == "" {
		t.Fatalf("raised %v", err)
	}
	h := e.Response.Header
	return raises{e.StatusCode, e.Type, e.Code, h.Get("retry-after"), g.Row(h.Get("x-headgate-exchange-id")).Outcome}
}

func claudeRaises(t *testing.T, g *gatewaytest.Gateway, params anthropic.MessageNewParams, stream bool) raises {
	t.Helper()
	client := sdk.Claude(g)
	var err error
	if stream {
		events := client.Messages.NewStreaming(t.Context(), params)
		for events.Next() {
		}
		err = events.Err()
	} else {
		_, err = client.Messages.New(t.Context(), params)
	}
	var e *anthropic.Error
	if !errors.As(err, &e) {
		t.Fatalf("raised %v", err)
	}
	if !strings.Contains(e.RawJSON(), `"message":"`) || !strings.Contains(e.RawJSON(), `"type":"error"`) {
		t.Errorf("not Anthropic's form: %s", e.RawJSON())
	}
	h := e.Response.Header
	return raises{e.StatusCode, string(e.Type()), "", h.Get("retry-after"), g.Row(h.Get("x-headgate-exchange-id")).Outcome}
}

// TestTranslatedStreamsBreakVisibly holds that no stream that did not end well at
// the provider ends well at a client of the other dialect.
func TestTranslatedStreamsBreakVisibly(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		name, sim, outcome string
	}{
		{"an error event", "error=4", "provider_error"},
		{"an error event before any text", "error=0", "provider_error"},
		{"a connection that breaks", "cut=4 pause=10ms", "cut"},
		{"a connection that is reset", "reset=4 pause=10ms", "cut"},
		{"a clean end too early", "truncate=4", "cut"},
		{"an event that is no JSON", "malformed=4", "provider_error"},
	} {
		for _, w := range gatewaytest.Ways {
			if !w.Stream {
				continue
			}
			t.Run(c.name+" "+w.Dialect, func(t *testing.T) {
				g, mark := g.With(t), "Break "+c.name+" "+w.Dialect
				model := map[string]string{"openai": "plain-claude", "anthropic": "plain"}[w.Dialect]
				text := mark + " [[sim " + c.sim + "]]"
				a := g.Ask(w.Request(model, text))
				row := g.Row(a.Exchange())
				if a.Status != http.StatusOK || w.Ended(a) || row.Outcome != c.outcome || row.By != "provider" || row.Attempts != 1 {
					t.Errorf("status %d, record %+v: %s", a.Status, row, a.Body)
				}
				if u := p.With(t).Find(mark).Usage; u.TotalOutput() > 0 && (row.Tokens == nil || row.UsageSource != "estimated" || row.CostNano == nil) {
					t.Errorf("the provider bills %+v, the record has %+v (%s)", u, row.Tokens, row.UsageSource)
				}
				checkBreaks(t, g, w, model, text)
			})
		}
	}
}

// TestAnErrorInA200Response holds that an error that a provider sends with status
// 200 is one for a client of either dialect, and that its SDK raises it.
func TestAnErrorInA200Response(t *testing.T) {
	t.Parallel()
	g, _ := gatewaytest.Serve(t, "")
	for _, w := range []gatewaytest.Way{gatewaytest.Ways[0], gatewaytest.Ways[2]} {
		for _, model := range []string{"plain", "plain-claude"} {
			t.Run(w.Dialect+" "+model, func(t *testing.T) {
				a := g.Ask(w.Request(model, "Fail quietly. [[sim error=0 status=500]]"))
				row := g.With(t).Row(a.Exchange())
				if a.Status < 500 || row.Outcome != "provider_error" || row.By != "provider" || row.Tokens != nil {
					t.Errorf("status %d, record %+v: %s", a.Status, row, a.Body)
				}
				gatewaytest.CheckRefusal(t, a, w.Claude(), map[bool]string{false: "server_error", true: "api_error"}[w.Claude()], "")
			})
		}
	}
	c := sdk.OpenAI(g)
	_, err := c.Chat.Completions.New(t.Context(), sdk.ChatParams("plain", "Fail quietly. [[sim error=0 status=500]]"))
	var failed *openai.Error
	if !errors.As(err, &failed) || failed.StatusCode < 500 {
		t.Errorf("the SDK says %v", err)
	}
}

// checkBreaks holds that the SDK raises an error inside the stream.
func checkBreaks(t *testing.T, g *gatewaytest.Gateway, w gatewaytest.Way, model, text string) {
	t.Helper()
	var err error
	if w.Claude() {
		events := client(g).Messages.NewStreaming(t.Context(), sdk.MessageParams(model, text))
		for events.Next() {
		}
		err = events.Err()
	} else {
		params := askOpenAI(text)
		params.Model = model
		c := sdk.OpenAI(g)
		events := c.Chat.Completions.NewStreaming(t.Context(), params)
		for events.Next() {
		}
		err = events.Err()
	}
	if err == nil {
		t.Error("the SDK takes it for a whole answer")
	}
}

func client(g *gatewaytest.Gateway) *anthropic.Client {
	c := sdk.Claude(g)
	return &c
}

// TestTranslatedAborts holds that a client that hangs up in a translated stream is
// metered by what was seen, and that the provider hears of it at once.
func TestTranslatedAborts(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, w := range []gatewaytest.Way{gatewaytest.Ways[1], gatewaytest.Ways[3]} {
		t.Run(w.Dialect, func(t *testing.T) {
			t.Parallel()
			const tokens = 2000 // 40 seconds
			g, p, mark := g.With(t), p.With(t), "Hang up "+w.Dialect
			model := map[string]string{"openai": "plain-claude", "anthropic": "plain"}[w.Dialect]
			s := g.Stream(w.Request(model, mark+fmt.Sprintf(" [[sim tps=50 tokens=%d]]", tokens)))
			for range 6 {
				if _, err := s.Next(); err != nil {
					t.Fatal(err)
				}
			}
			id := s.Response.Header.Get("x-headgate-exchange-id")
			s.Close()
			served, row := p.Find(mark), g.Row(id)
			if served.Ended != sim.EndedClientGone || served.Usage.TotalOutput() > tokens/2 {
				t.Errorf("the provider went on: %+v", served)
			}
			if row.Outcome != "cancelled" || row.By != "client" || row.UsageSource != "estimated" || row.Tokens == nil || row.CostNano == nil {
				t.Fatalf("record %+v", row)
			}
			if in, out := row.Tokens.Input, row.Tokens.Output; in == 0 || out == 0 || *row.CostNano != gatewaytest.Nano(sim.Usage{Input: int(in), Output: int(out)}) {
				t.Errorf("tokens %+v, cost %d", row.Tokens, *row.CostNano)
			}
		})
	}
}
