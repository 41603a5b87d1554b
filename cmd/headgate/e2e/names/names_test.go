package names

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/xds/console/costs"
)

// TestNamesThatStandNowhere asks one gateway by names that its policy does not have, and looks at
// its metrics and costs at the end.
func TestNamesThatStandNowhere(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *rig)
	}{
		{"which model is asked, and what it costs", asked},
		{"the next link", nextLink},
		{"no price", noPrice},
		{"who may ask", whoMay},
		{"one quota", oneQuota},
		{"one budget", oneBudget},
		{"a stream", streamed},
		{"embeddings", embeddings},
		{"own calls", ownCalls},
		{"own answers", ownAnswers},
		{"counts of tokens", counts},
		{"stored responses", stored},
		{"SDKs list them", sdks},
		{"neither labels nor lines of costs", bounded},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, r.with(t)) })
	}
}

// perToken is what a model costs in the catalogue, in nano-USD for a token.
type perToken struct{ input, cached, output int64 }

var (
	gpt5    = perToken{1250, 125, 10_000}
	gpt4o   = perToken{150, 75, 600} // its mini
	gpt41   = perToken{400, 100, 1600}
	gpt41n  = perToken{100, 25, 400}
	opus5   = perToken{5000, 500, 25_000}
	haiku45 = perToken{1000, 100, 5000}
)

// asked holds, for clients of every dialect, which model of which backend is asked for a name, and
// what that costs, to the nano, in the header and in the row.
func asked(t *testing.T, r *rig) {
	for _, c := range []struct {
		path, model, route, backend, leaves string
		price                               perToken
	}{
		{chat, "gpt-5", "gpt-*", "gpt", "gpt-5", gpt5},
		{chat, "gpt-4o-mini", "gpt-*", "gpt", "gpt-4o-mini", gpt4o},
		{chat, "gpt-5-mini", "gpt-5-*", "gpt", "gpt-4.1-mini", gpt41},
		{chat, "gpt-5-pro", "gpt-5-pro", "gpt", "gpt-4.1-nano", gpt41n},
		{chat, "openai/gpt-5", "openai/*", "gpt", "gpt-5", gpt5},
		{chat, "no-model-has-it", "fast", "gpt", "gpt-4o-mini", gpt4o},
		{chat, "claude-opus-5", "claude-*", "claude", "claude-opus-5", opus5},
		{messages, "claude-opus-5", "claude-*", "claude", "claude-opus-5", opus5},
		{messages, "claude-haiku-4-5", "claude-*", "claude", "claude-haiku-4-5", haiku45},
		{messages, "gpt-5", "gpt-*", "gpt", "gpt-5", gpt5},
		{messages, "no-claude-has-it", "fast", "gpt", "gpt-4o-mini", gpt4o},
		{responses, "gpt-5", "gpt-*", "gpt", "gpt-5", gpt5},
		{responses, "openai/gpt-4o-mini", "openai/*", "gpt", "gpt-4o-mini", gpt4o},
		{responses, "claude-haiku-4-5", "claude-*", "claude", "claude-haiku-4-5", haiku45},
	} {
		t.Run(c.path+" "+c.model, func(t *testing.T) {
			r, mark := r.with(t), c.path+" asks "+c.model
			a := r.ask("ANN", c.path, c.model, mark, "tokens=7;cached=3")
			gatewaytest.MustOK(t, a)
			served := r.at[c.backend].Find(mark)
			if served.Model != c.leaves {
				t.Errorf("%s is asked for %q, want %q", c.backend, served.Model, c.leaves)
			}
			u := served.Usage
			want := int64(u.Input)*c.price.input + int64(u.CacheRead)*c.price.cached + int64(u.Output+u.Reasoning)*c.price.output
			if u.CacheRead == 0 || u.Output == 0 {
				t.Errorf("a usage that says little of prices: %+v", u)
			}
			row := r.Row(a.Exchange())
			if got := a.Header.Get("x-headgate-cost-usd"); row.CostNano == nil || *row.CostNano != want || got != price.FormatNano(want) {
				t.Errorf("it costs %s, by the row %v, want %d nano-USD", got, row.CostNano, want)
			}
			if row.Model != c.model || row.Route != c.route || row.Backend != c.backend {
				t.Errorf("the row has model %q, route %q, backend %q", row.Model, row.Route, row.Backend)
			}
		})
	}
}

// nextLink holds that a name goes on along the chain of its wildcard, to the same model there.
func nextLink(t *testing.T, r *rig) {
	a := r.ask("ANN", chat, "ours/"+failing, "goes on", "")
	gatewaytest.MustOK(t, a)
	row := r.Row(a.Exchange())
	if got := gatewaytest.Tried(row); got != "gpt500 claude200" {
		t.Errorf("tried %s", got)
	}
	for backend, p := range r.at {
		if got := p.Find("goes on").Model; got != failing {
			t.Errorf("%s is asked for %q", backend, got)
		}
	}
	if row.Model != "ours/"+failing || row.Route != "ours/*" || row.CostNano == nil {
		t.Errorf("row %+v", row)
	}
}

// noPrice holds that what a wildcard has no price of is refused by its name to clients of every
// dialect, though there is a default.
func noPrice(t *testing.T, r *rig) {
	for path, kind := range map[string]string{chat: "invalid_request_error", messages: "not_found_error", responses: "invalid_request_error"} {
		a := r.ask("ANN", path, "gpt-77", "no price", "")
		if a.Status != 404 || !strings.Contains(a.Body, "gpt-77") || !strings.Contains(a.Body, "no price is known") {
			t.Errorf("%s: status %d: %s", path, a.Status, a.Body)
			continue
		}
		code := "model_not_found"
		if path == messages {
			code = ""
		}
		gatewaytest.CheckRefusal(t, a, path == messages, kind, code)
	}
}

// whoMay holds that a caller gets the names that its wildcards match, and names of wildcards one by
// one, and no other, the default included.
func whoMay(t *testing.T, r *rig) {
	for model, status := range map[string]int{
		"claude-opus-5": 200, "claude-haiku-4-5": 200, "openai/gpt-5": 200,
		"openai/gpt-4o-mini": 403, "gpt-5": 403, "ours/claude-opus-5": 403, "fast": 403, "no-model-has-it": 403,
	} {
		if a := r.ask("BOB", chat, model, "may I?", ""); a.Status != status {
			t.Errorf("%s: status %d, want %d: %s", model, a.Status, status, a.Body)
		}
	}
}

// oneQuota holds that the names of a wildcard share its quota.
func oneQuota(t *testing.T, r *rig) {
	for _, c := range []struct {
		model  string
		status int
	}{{"small/gpt-5", 200}, {"small/gpt-4o-mini", 200}, {"small/gpt-4.1", 429}} {
		if a := r.ask("ANN", chat, c.model, "small", ""); a.Status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.model, a.Status, c.status, a.Body)
		}
	}
}

// ownAnswers holds that what is kept of one name is not given for another.
func ownAnswers(t *testing.T, r *rig) {
	for _, c := range []struct{ model, want string }{
		{"kept/gpt-5", "miss"}, {"kept/gpt-5", "hit"}, {"kept/gpt-4o-mini", "miss"}, {"kept/gpt-4o-mini", "hit"}, {"kept/gpt-5", "hit"},
	} {
		a := r.ask("ANN", chat, c.model, "kept by its name", "")
		gatewaytest.MustOK(t, a)
		r.Row(a.Exchange()) // is written once the answer is kept
		var got struct{ Model string }
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || "kept/"+got.Model != c.model {
			t.Errorf("%s is answered by %q, with %v", c.model, got.Model, err)
		}
		if cache := a.Header.Get("x-headgate-cache"); cache != c.want {
			t.Errorf("%s: the cache says %q, want %q", c.model, cache, c.want)
		}
	}
}

// counts holds that tokens are counted of a name as it is asked.
func counts(t *testing.T, r *rig) {
	for _, model := range []string{"claude-opus-5", "gpt-5"} {
		body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"count %s"}]}`, model, model)
		a := r.Ask(gatewaytest.ChatRequest(messages+"/count_tokens", body, "", "authorization", "Bearer "+keys["ANN"], "anthropic-version", "2023-06-01"))
		var got struct {
			Tokens int `json:"input_tokens"`
		}
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != 200 || got.Tokens == 0 {
			t.Errorf("%s: status %d, %v: %s", model, a.Status, err, a.Body)
		}
	}
	if got := r.at["claude"].Find("count claude-opus-5").Model; got != "claude-opus-5" {
		t.Errorf("the tokens of %q are counted", got)
	}
}

// bounded holds that names which clients choose are neither values of labels nor lines of the costs
// by model: those are bounded by the policy.
func bounded(t *testing.T, r *rig) {
	written := map[string]bool{"fast": true, "gpt-5-pro": true, "watched": true}
	for _, wildcard := range []string{"gpt", "gpt-5", "claude", "openai", "ours", "small", "paid", "kept"} {
		written[wildcard+"-*"], written[wildcard+"/*"] = true, true
	}
	metrics := strings.ReplaceAll(r.Metrics(), `served="gpt-4o-mini"`, "") // which the policy writes out, for fast
	for _, name := range []string{"gpt-5", "gpt-4o-mini", "claude-opus-5", "no-model-has-it", "openai/gpt-5", "gpt-77", "gpt-4.1-mini", failing} {
		if strings.Contains(metrics, fmt.Sprintf("=%q", name)) {
			t.Errorf("a label has the value %s", name)
		}
	}
	if !strings.Contains(metrics, `="gpt-*"`) {
		t.Error("no label has the wildcard")
	}
	var report costs.Report
	r.Eventually("the costs of the wildcards", func() bool {
		text := r.Operator(t).Says(0, []string{"cost", "--by", "model", "-o", "json"})
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			t.Fatal(err)
		}
		return len(report.Rows) >= 11
	})
	var unknown []string
	for _, row := range report.Rows {
		if name := row.Of[0]; name != "" && !written[name] {
			unknown = append(unknown, name)
		}
	}
	if diff := cmp.Diff([]string(nil), unknown); diff != "" {
		t.Errorf("models in the costs:\n%s", diff)
	}
}
