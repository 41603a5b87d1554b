package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// ChainKeys are the credentials of the providers of a chain. Each provider takes
// its own and no other, so an answer proves which one it was asked with.
var ChainKeys = map[string]string{
	"a": "sk-canary-of-a-61c0", "b": "sk-canary-of-b-27fe", "c": "sk-canary-of-c-93d5",
}

// Chains is a gateway before three providers on ports of their own: a and b speak
// OpenAI's dialect, c Anthropic's. A backend "down" is on a port that nobody has.
type Chains struct {
	*Gateway
	At map[string]*Provider // by backend
}

// StartChains starts the providers and a gateway with these models. Models of the
// providers carry the directives that make them fail in their names, as in
// "a/m+status=500"; they report themselves, and are priced, as "m".
func StartChains(t *testing.T, models string, rules sim.Script, o Options) *Chains {
	t.Helper()
	r := &Chains{At: map[string]*Provider{}}
	backends := fmt.Sprintf("  down: {provider: simulated, url: \"http://127.0.0.1:%d/v1\"}\n", FreePort(t))
	for name, key := range ChainKeys {
		p := Simulate(t, sim.Options{Keys: []string{key}, Script: rules})
		dialect := "openai"
		if name == "c" {
			dialect = "anthropic"
		}
		variable := "HEADGATE_E2E_KEY_" + strings.ToUpper(name)
		o.Env = append(o.Env, variable+"="+key)
		backends += fmt.Sprintf("  %s: {provider: simulated, dialect: %s, url: %q, credential: {env: %s}}\n", name, dialect, p.URL, variable)
		r.At[name] = p
	}
	policy := PolicyFor(r.At["a"], models)
	policy = strings.Replace(policy, "\nbackends:\n", "\nunpriced: flag\nbackends:\n"+backends, 1)
	policy = strings.Replace(policy, "\nprices:\n", "\nprices:\n  m: {"+priceText()+"}\n", 1)
	o.Env = append(o.Env, BackendKeyName+"="+BackendKey)
	r.Gateway = Start(t, policy, o)
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
func (r *Chains) With(t testing.TB) *Chains {
	out := &Chains{Gateway: r.Gateway.With(t), At: map[string]*Provider{}}
	for name, p := range r.At {
		out.At[name] = p.With(t)
	}
	return out
}

// Served returns what reached a provider with a mark, finished or not being so.
func (r *Chains) Served(backend, mark string) (all []sim.Served) {
	for _, s := range r.At[backend].Served() {
		if strings.Contains(string(s.Body), mark) {
			all = append(all, s)
		}
	}
	return all
}

// Way is how a client asks: in which dialect, and whether for a stream.
type Way struct {
	Dialect string
	Stream  bool
}

// Ways are all of them.
var Ways = []Way{{"openai", false}, {"openai", true}, {"anthropic", false}, {"anthropic", true}}

// String names the way in subtests and models.
func (w Way) String() string {
	if w.Stream {
		return w.Dialect + "-stream"
	}
	return w.Dialect + "-json"
}

// Claude reports whether the client speaks Anthropic's dialect.
func (w Way) Claude() bool { return w.Dialect == "anthropic" }

// ErrorType is the type of the errors of a status in the way's dialect.
func (w Way) ErrorType(status int) string {
	if w.Claude() {
		switch status {
		case http.StatusNotFound:
			return "not_found_error"
		case http.StatusRequestEntityTooLarge:
			return "request_too_large"
		}
	}
	return "invalid_request_error"
}

// Request makes the request of a way.
func (w Way) Request(model, text string, header ...string) Request {
	if w.Claude() {
		return ChatRequest("/v1/messages", MessageBody(model, text, w.Stream), "", append(header, "anthropic-version", "2023-06-01")...)
	}
	return ChatRequest("/v1/chat/completions", ChatBody(model, text, w.Stream), "", header...)
}

// Text reads a whole answer and fails the test if it is not one, with the end
// that its dialect demands.
func (w Way) Text(t *testing.T, a Answer) string {
	t.Helper()
	MustOK(t, a)
	if w.Stream {
		text, _ := StreamText(t, a.Events())
		if !w.Ended(a) {
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
	case w.Claude() && len(body.Content) == 1:
		return body.Content[0].Text
	case !w.Claude() && len(body.Choices) == 1:
		return body.Choices[0].Message.Content
	}
	t.Fatalf("no answer: %s", a.Body)
	return ""
}

// Ended reports whether a stream has the end that says that it is whole.
func (w Way) Ended(a Answer) bool {
	if w.Claude() {
		return strings.Contains(a.Body, `"type":"message_stop"`)
	}
	return strings.Contains(a.Body, "data: [DONE]")
}

// Tried writes the attempts of a row as "a500 b200"; one without an answer has no
// status: "a-".
func Tried(row record.Line) string {
	all := make([]string, len(row.Tried))
	for i, at := range row.Tried {
		all[i] = at.Backend + "-"
		if at.Status > 0 {
			all[i] = fmt.Sprintf("%s%d", at.Backend, at.Status)
		}
	}
	return strings.Join(all, " ")
}

// CheckExhausted holds the refusal of a chain of which every link has failed.
func CheckExhausted(t *testing.T, w Way, a Answer) string {
	t.Helper()
	if a.Status != http.StatusServiceUnavailable || a.Header.Get("content-type") != "application/json" {
		t.Errorf("status %d %v: %s", a.Status, a.Header, a.Body)
	}
	kind := "server_error"
	if w.Claude() {
		kind = "overloaded_error"
	}
	CheckRefusal(t, a, w.Claude(), kind, "all_models_exhausted")
	var r Refusal
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return r.Error.Message
}
