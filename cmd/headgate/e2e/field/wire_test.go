package field

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wireCase is a reduced input of the study of the wire formats.
type wireCase struct {
	Fault    int // its kind
	Request  request
	Provider *struct {
		Status int
		Body   json.RawMessage // a string is a stream
	}
	Expected expected
}

// expected is what must come of a case. What Rule and Upstream say in words is checked by its
// kind.
type expected struct {
	Status      int
	Tokens      map[string]any
	CostUSD     string `json:"cost_usd"`
	UsageSource string `json:"usage_source"`
	Rule        string
	Upstream    any
}

const wirePrices = "prices:\n  compat/m: {input: 1, output: 2, cache_read: 0.1}\n"

func wireBackends(url string) string {
	var text strings.Builder
	for _, b := range []struct{ name, provider string }{
		{"anthropic", "anthropic"}, {"openai", "openai"}, {"groq", "groq"}, {"mistral", "mistral"}, {"compat", "openai-compatible"},
	} {
		fmt.Fprintf(&text, "  %s: {provider: %s, url: %q, credential: {env: CASES_KEY}}\n", b.name, b.provider, url+"/v1")
	}
	return text.String()
}

// wireModels are the models that the cases ask for, each with the links that its case names. A
// name that ends in -drop is one of a policy that drops what a backend cannot take.
func wireModels(t *testing.T, folder string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "wire", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, path := range paths {
		var c wireCase
		readCase(t, path, &c)
		links[c.asked(t)] = strings.ReplaceAll(c.Request.RoutedTo, " ", ", ")
	}
	var text strings.Builder
	for model, chain := range links {
		unfit := "refuse"
		if strings.HasSuffix(model, "-drop") {
			unfit = "drop"
		}
		fmt.Fprintf(&text, "  %s: {chain: [%s], retries: 0, timeout: 5s, unfit: %s}\n", model, chain, unfit)
	}
	return text.String()
}

// asked is the model that the client names.
func (c *wireCase) asked(t *testing.T) string {
	t.Helper()
	var body struct{ Model string }
	if err := json.Unmarshal(c.Request.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.Model
}

// answers are what the provider says, in the dialect of the link that answers if the case says
// nothing of it.
func (c *wireCase) answers() []scripted {
	if c.Provider == nil {
		if strings.HasPrefix(c.Request.RoutedTo, "anthropic/") && !strings.Contains(c.Request.RoutedTo, " ") {
			return []scripted{plain(messagesPath)}
		}
		return []scripted{plain(chatPath)}
	}
	a := scripted{Status: c.Provider.Status, Headers: map[string]any{"content-type": "application/json"}, Body: string(c.Provider.Body)}
	if json.Unmarshal(c.Provider.Body, &a.Body) == nil {
		a.Headers["content-type"] = "text/event-stream"
	}
	return []scripted{a}
}

// checkWire plays an input of the study.
func (r *rig) checkWire(t *testing.T, path string) {
	var c wireCase
	readCase(t, path, &c)
	out := r.play(t, c.Request, c.answers())
	c.checkNumbers(t, &out)
	switch kind, known := kinds[c.Fault]; {
	case kind != nil:
		kind(t, &c, &out)
	case !known, c.Expected.Upstream != nil, c.Expected.Tokens == nil && c.Expected.CostUSD == "":
		t.Errorf("kind %d: what is expected is not checked: %+v", c.Fault, c.Expected)
	}
	if t.Failed() {
		t.Logf("%d %v %s\nrow %v\nto the provider %v", out.Status, out.Headers, out.Text, out.Row, out.Up)
	}
}

// checkNumbers checks what a case says as numbers.
func (c *wireCase) checkNumbers(t *testing.T, out *got) {
	want := c.Expected
	if want.Status != 0 && out.Status != want.Status {
		t.Errorf("status %d, want %d", out.Status, want.Status)
	}
	if want.Status == 400 && (len(out.Up) != 0 || out.Row["by"] != "client") {
		t.Errorf("a fault of the client's is refused by the gateway: %d requests, row by %v", len(out.Up), out.Row["by"])
	}
	if want.Tokens != nil {
		if want.Tokens["output"] == nil {
			want.Tokens["output"] = 0.0
		}
		if diff := cmp.Diff(want.Tokens, out.Row["tokens"]); diff != "" {
			t.Errorf("tokens, wanted and got:\n%s", diff)
		}
	}
	if want.CostUSD != "" && (out.Row["cost_usd"] != want.CostUSD || out.Headers["x-headgate-cost-usd"] != want.CostUSD && out.Headers["content-type"] == "application/json") {
		t.Errorf("cost %v, in the header %q, want %s", out.Row["cost_usd"], out.Headers["x-headgate-cost-usd"], want.CostUSD)
	}
	if want.UsageSource != "" && out.Row["usage_source"] != want.UsageSource {
		t.Errorf("usage source %v, want %s", out.Row["usage_source"], want.UsageSource)
	}
}
