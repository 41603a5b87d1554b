package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// chainKeys are the credentials of the providers of a chain. Each provider takes
// its own and no other, so an answer proves which one it was asked with.
var chainKeys = map[string]string{
	"a": "sk-canary-of-a-61c0", "b": "sk-canary-of-b-27fe", "c": "sk-canary-of-c-93d5",
}

// chainRig is a gateway before three providers on ports of their own: a and b speak
// OpenAI's dialect, c Anthropic's. A backend "down" is on a port that nobody has.
type chainRig struct {
	*gatewaytest.Gateway
	at map[string]*gatewaytest.Provider // by backend
}

// startChains starts the providers and a gateway with these models. Models of the
// providers carry the directives that make them fail in their names, as in
// "a/m+status=500"; they report themselves, and are priced, as "m".
func startChains(t *testing.T, models string, rules sim.Script, o gatewaytest.Options) *chainRig {
	t.Helper()
	r := &chainRig{at: map[string]*gatewaytest.Provider{}}
	backends := fmt.Sprintf("  down: {provider: simulated, url: \"http://127.0.0.1:%d/v1\"}\n", gatewaytest.FreePort(t))
	for name, key := range chainKeys {
		p := gatewaytest.Simulate(t, sim.Options{Keys: []string{key}, Script: rules})
		dialect := "openai"
		if name == "c" {
			dialect = "anthropic"
		}
		variable := "HEADGATE_E2E_KEY_" + strings.ToUpper(name)
		o.Env = append(o.Env, variable+"="+key)
		backends += fmt.Sprintf("  %s: {provider: simulated, dialect: %s, url: %q, credential: {env: %s}}\n", name, dialect, p.URL, variable)
		r.at[name] = p
	}
	policy := policyFor(r.at["a"], models)
	policy = strings.Replace(policy, "\nbackends:\n", "\nunpriced: flag\nbackends:\n"+backends, 1)
	policy = strings.Replace(policy, "\nprices:\n", "\nprices:\n  m: {"+priceText()+"}\n", 1)
	o.Env = append(o.Env, backendKeyName+"="+backendKey)
	r.Gateway = gatewaytest.Start(t, policy, o)
	return r
}

func priceText() string {
	var all []string
	for name, pico := range prices {
		all = append(all, fmt.Sprintf("%s: %d.%06d", name, pico/1_000_000, pico%1_000_000))
	}
	return strings.Join(all, ", ")
}

// With returns the same rig for a subtest, which its faults then fail.
func (r *chainRig) With(t testing.TB) *chainRig {
	out := &chainRig{Gateway: r.Gateway.With(t), at: map[string]*gatewaytest.Provider{}}
	for name, p := range r.at {
		out.at[name] = p.With(t)
	}
	return out
}

// served returns what reached a provider with a mark, finished or not being so.
func (r *chainRig) served(backend, mark string) (all []sim.Served) {
	for _, s := range r.at[backend].Served() {
		if strings.Contains(string(s.Body), mark) {
			all = append(all, s)
		}
	}
	return all
}

// way is how a client asks: in which dialect, and whether for a stream.
type way struct {
	dialect string
	stream  bool
}

var ways = []way{{"openai", false}, {"openai", true}, {"anthropic", false}, {"anthropic", true}}

// String names the way in subtests and models.
func (w way) String() string {
	if w.stream {
		return w.dialect + "-stream"
	}
	return w.dialect + "-json"
}

func (w way) claude() bool { return w.dialect == "anthropic" }

// kind is the type of the errors of a status in the way's dialect.
func (w way) kind(status int) string {
	if w.claude() {
		switch status {
		case http.StatusNotFound:
			return "not_found_error"
		case http.StatusRequestEntityTooLarge:
			return "request_too_large"
		}
	}
	return "invalid_request_error"
}

// ask makes the request of a way.
func (w way) ask(model, text string, header ...string) gatewaytest.Request {
	if w.claude() {
		return gatewaytest.ChatRequest("/v1/messages", messageBody(model, text, w.stream), "", append(header, "anthropic-version", "2023-06-01")...)
	}
	return gatewaytest.ChatRequest("/v1/chat/completions", chatBody(model, text, w.stream), "", header...)
}

// text reads a whole answer and fails the test where it is not one, with the end
// that its dialect demands.
func (w way) text(t *testing.T, a gatewaytest.Answer) string {
	t.Helper()
	mustOK(t, a)
	if w.stream {
		text, _ := told(t, a.Events())
		if !w.ended(a) {
			t.Errorf("the stream has no end: %s", a.Body)
		}
		return text
	}
	var body struct {
		Choices []struct{ Message struct{ Content string } }
		Content []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	switch {
	case w.claude() && len(body.Content) == 1:
		return body.Content[0].Text
	case !w.claude() && len(body.Choices) == 1:
		return body.Choices[0].Message.Content
	}
	t.Fatalf("no answer: %s", a.Body)
	return ""
}

// ended tells whether a stream has the end that says that it is whole.
func (w way) ended(a gatewaytest.Answer) bool {
	if w.claude() {
		return strings.Contains(a.Body, `"type":"message_stop"`)
	}
	return strings.Contains(a.Body, "data: [DONE]")
}

// tried writes the attempts of a row as "a500 b200"; one without an answer has no
// status: "a-".
func tried(row record.Line) string {
	all := make([]string, len(row.Tried))
	for i, at := range row.Tried {
		all[i] = at.Backend + "-"
		if at.Status > 0 {
			all[i] = fmt.Sprintf("%s%d", at.Backend, at.Status)
		}
	}
	return strings.Join(all, " ")
}

// checkExhausted holds the refusal of a chain of which every link has failed.
func checkExhausted(t *testing.T, w way, a gatewaytest.Answer) string {
	t.Helper()
	if a.Status != http.StatusServiceUnavailable || a.Header.Get("content-type") != "application/json" {
		t.Errorf("status %d %v: %s", a.Status, a.Header, a.Body)
	}
	kind := "server_error"
	if w.claude() {
		kind = "overloaded_error"
	}
	checkRefusal(t, a, w.claude(), kind, "all_models_exhausted")
	var r refusal
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return r.Error.Message
}
