package field

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/sim"
)

// imitation is what must come of a shape of the simulated provider (extproc/sim/shapes.yaml).
// What passes in its own dialect has the provider's words and ids: those are the client's only
// once they are translated.
type imitation struct {
	never  string // the backends whose dialects have no such shape
	status int    // of a refusal; 0: the answer arrives
	says   string // in the refusal

	garbled bool   // a stream has other text than an answer has, as the provider gave it so
	guessed bool   // no usage is reported
	calls   bool   // the answer is calls and no text
	fails   bool   // the answer fails visibly, or its row says that it is not all of it
	unended string // the backends whose dialects need the end that is missing
	openAI  string
	claude  string // the reasons of the end; empty: that of every answer
}

var imitations = map[string]imitation{
	"json-for-stream":    {},
	"stream-for-json":    {},
	"stream-called-json": {},
	"stream-called-text": {},
	"without-type":       {},
	"byte-order-mark":    {},
	"malformed-event":    {fails: true},
	"unknown-event":      {},
	"event-twice":        {garbled: true},
	"events-swapped":     {garbled: true},
	"without-end":        {unended: "claude native"},
	"huge":               {garbled: true},
	"comments":           {},
	"pings":              {never: "sim native"},

	"usage-xai":      {never: "claude native"},
	"usage-groq":     {never: "claude native"},
	"usage-deepseek": {never: "claude native"},
	"usage-moonshot": {never: "claude native"},
	"usage-litellm":  {never: "claude native"},
	"usage-early":    {never: "claude native"},
	"usage-running":  {never: "claude native"},
	"usage-null":     {never: "claude native", guessed: true},

	"ids-empty":     {calls: true},
	"ids-twice":     {calls: true},
	"calls-alone":   {calls: true, guessed: true},
	"without-names": {},

	"end-window":     {never: "native", openAI: "length", claude: "model_context_window_exceeded"},
	"end-max-length": {never: "native", openAI: "length", claude: "max_tokens"},
	"end-sensitive":  {never: "native", openAI: "content_filter", claude: "refusal"},
	"end-network":    {never: "native", fails: true},

	"error-list":    {status: 400, says: "the request is not valid"},
	"error-detail":  {status: 404, says: "error-detail"},
	"error-details": {status: 422, says: "the request"},
	"error-string":  {status: 400, says: tooLong},
	"error-flat":    {status: 400, says: tooLong},
	"error-text":    {status: 429, says: "rate limit"},
	"error-html":    {status: 503},
	"error-empty":   {status: 500},
	"error-beyond":  {status: 502},
	"error-within":  {fails: true},
}

// tooLong is in the messages of providers whose models take a shorter prompt, or "context window".
const tooLong = "tokens"

// backends are servers of chat completions, of Anthropic's messages, and of OpenAI's Responses,
// which clients of that dialect alone reach.
var backends = []string{"sim", "claude", "native"}

// ways are those of clients of every dialect.
var ways = append(slices.Clip(gatewaytest.Ways), gatewaytest.Way{Dialect: "responses"}, gatewaytest.Way{Dialect: "responses", Stream: true})

func hello(w gatewaytest.Way, model string) gatewaytest.Request {
	if w.Dialect != "responses" {
		return w.Request(model, "Hello!")
	}
	return gatewaytest.ChatRequest("/v1/responses", fmt.Sprintf(`{"model":%q,"stream":%t,"store":false,"input":"Hello!"}`, model, w.Stream), "")
}

// TestImitators plays every shape in which servers imitate a provider to clients of every
// dialect, in the same dialect and translated, as JSON and as a stream. Held is what the
// client reads, and that the row has what it cost.
func TestImitators(t *testing.T) {
	t.Parallel()
	p, g := imitate(t)
	text := gatewaytest.DirectAnswer(t, p)
	for shape, want := range imitations {
		for _, backend := range backends {
			for _, w := range ways {
				if strings.Contains(want.never, backend) || backend == "native" && w.Dialect != "responses" {
					continue
				}
				t.Run(fmt.Sprintf("%s from %s to %s", shape, backend, w), func(t *testing.T) {
					before := len(p.Settled())
					g := g.With(t)
					a := g.Ask(hello(w, backend+"-"+shape))
					id := a.Exchange()
					if id == "" {
						id = gatewaytest.RefusedExchange(a)
					}
					way := played{&want, w, backend, a, g.Row(id), p.With(t).Last(before + 1)}
					if way.check(t, text); t.Failed() {
						t.Logf("%d %v\n%.1500s\nrow %+v", a.Status, a.Header, a.Body, way.row)
					}
				})
			}
		}
	}
}

// imitate starts a provider of all shapes, and a gateway in front of it.
func imitate(t *testing.T) (*gatewaytest.Provider, *gatewaytest.Gateway) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(gatewaytest.Root(), "extproc", "sim", "shapes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := sim.ParseScript("shapes.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	p := gatewaytest.Simulate(t, sim.Options{Keyless: true, Script: script})
	var models strings.Builder
	for _, rule := range script {
		shape := rule.Match.Model
		if _, known := imitations[shape]; !known {
			t.Errorf("what must come of %s is not said", shape)
		}
		for _, backend := range backends {
			fmt.Fprintf(&models, "  %s-%s: {chain: [%[1]s/%[2]s], retries: 0}\n", backend, shape)
		}
	}
	return p, gatewaytest.Start(t, fmt.Sprintf(`version: 1
unpriced: flag
backends:
  sim:    {provider: openai-compatible, url: %q}
  claude: {provider: openai-compatible, dialect: anthropic, url: %[1]q}
  native: {provider: openai-compatible, responses: true, url: %[1]q}
models:
%[2]s`, p.URL, models.String()), gatewaytest.Options{})
}

// played is one way of a shape through the gateway.
type played struct {
	*imitation
	way     gatewaytest.Way
	backend string
	answer  gatewaytest.Answer
	row     record.Line
	served  sim.Served
}

// translates reports whether the client speaks another dialect than the provider.
func (p *played) translates() bool {
	return p.way.Dialect != map[string]string{"sim": "openai", "claude": "anthropic", "native": "responses"}[p.backend]
}

func (p *played) check(t *testing.T, text string) {
	switch {
	case p.fails, strings.Contains(p.unended, p.backend) && p.way.Stream:
		p.checkFailure(t)
	case p.status != 0:
		p.checkRefusal(t)
	default:
		p.checkAnswer(t, text)
		p.checkUsage(t)
	}
}

// checkFailure holds that the client gets an error, or that the row says what is missing.
func (p *played) checkFailure(t *testing.T) {
	if p.row.Outcome == "ok" && p.row.Detail == "" {
		t.Error("the row says that all is well")
	}
	said := strings.Contains(p.answer.Body, `"error"`)
	if p.answer.Status == http.StatusOK && p.row.Outcome != "ok" && (!said || !p.way.Stream) || p.answer.Status != http.StatusOK && !said {
		t.Error("the client gets no error")
	}
}

func (p *played) checkRefusal(t *testing.T) {
	a := p.answer
	if a.Status != p.status || p.row.Status != p.status || p.row.Outcome == "ok" {
		t.Errorf("status %d, want %d", a.Status, p.status)
	}
	said := strings.ToLower(a.Body)
	if !strings.Contains(said, p.says) && !(p.says == tooLong && strings.Contains(said, "context window")) {
		t.Errorf("the client does not read %q", p.says)
	}
	var r gatewaytest.Refusal
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil || r.Error.Message == "" || (r.Type == "error") != p.way.Claude() {
		t.Errorf("no error of the client's dialect: %v", err)
	}
	if p.says == tooLong && !p.way.Claude() && r.Error.Code != "context_length_exceeded" {
		t.Errorf("code %q", r.Error.Code)
	}
}

func (p *played) checkAnswer(t *testing.T, text string) {
	gatewaytest.MustOK(t, p.answer)
	switch {
	case p.calls:
		p.checkCalls(t)
	case p.way.Dialect == "responses":
		if got := responseText(t, p.answer.Body); got != text && !(p.garbled && len(got) >= len(text)) {
			t.Errorf("text %q", got)
		}
	case p.unended != "" && p.way.Stream && !p.translates():
		if got, _ := gatewaytest.StreamText(t, p.answer.Events()); got != text {
			t.Errorf("text %q", got)
		}
	default:
		if got := p.way.Text(t, p.answer); got != text && !(p.garbled && len(got) >= len(text)) {
			t.Errorf("text %q", got)
		}
	}
	end := p.openAI
	if p.way.Claude() {
		end = p.claude
	}
	if p.translates() && p.way.Dialect != "responses" && !strings.Contains(p.answer.Body, end) {
		t.Errorf("the end is not %s", end)
	}
	if p.row.Outcome != "ok" || p.row.Detail != "" {
		t.Errorf("outcome %s, detail %q", p.row.Outcome, p.row.Detail)
	}
}

// responseText is the text of a response: of a stream that of the event which ends it.
func responseText(t *testing.T, body string) (text string) {
	t.Helper()
	completed := value(body)
	for line := range strings.Lines(body) {
		if event := object(value(strings.TrimPrefix(strings.TrimSpace(line), "data: "))); event["type"] == "response.completed" || event["type"] == "response.incomplete" {
			completed = event["response"]
		}
	}
	if object(completed)["status"] != "completed" && object(completed)["status"] != "incomplete" {
		t.Error("the response is not complete")
	}
	walk(object(completed)["output"], func(m map[string]any) {
		if said, is := m["text"].(string); is && m["type"] == "output_text" {
			text += said
		}
	})
	return text
}

// checkCalls holds that each call has an id of its own once it is translated.
func (p *played) checkCalls(t *testing.T) {
	var ids []string
	for line := range strings.Lines(p.answer.Body) {
		walk(value(strings.TrimPrefix(strings.TrimSpace(line), "data: ")), func(m map[string]any) {
			if id, has := m["id"].(string); has && (m["type"] == "tool_use" || m["type"] == "function" || m["type"] == "function_call") {
				ids = append(ids, id)
			}
		})
	}
	unique := slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 || p.translates() && p.way.Dialect != "responses" && (len(unique) != len(ids) || slices.Contains(ids, "")) {
		t.Errorf("the calls have the ids %q", ids)
	}
	if p.way.Stream && !p.way.Ended(p.answer) && !strings.Contains(p.answer.Body, "event: response.completed") {
		t.Error("the stream has no end")
	}
}

// checkUsage holds that the row has what the provider counts, or says that it is an estimate.
func (p *played) checkUsage(t *testing.T) {
	k, u := p.row.Tokens, p.served.Usage
	if p.guessed {
		if p.row.UsageSource != "estimated" || k == nil || k.Input == 0 || k.Output == 0 {
			t.Errorf("usage %+v from %s, want an estimate", k, p.row.UsageSource)
		}
		return
	}
	if k == nil || p.row.UsageSource != "provider" || k.Input != int64(u.Input) || k.CacheRead != int64(u.CacheRead) ||
		k.CacheWrite5m != int64(u.CacheWrite5m) || k.Output != int64(u.Output) || k.Reasoning != int64(u.Reasoning) {
		t.Errorf("usage %+v from %s, want %+v", k, p.row.UsageSource, u)
	}
}
