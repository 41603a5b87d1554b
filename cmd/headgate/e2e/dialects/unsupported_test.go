package dialects

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/cmd/headgate/gatewaytest/sdk"
)

// unsupportedCase is a request with something that a backend of the other dialect cannot
// express.
type unsupportedCase struct {
	name    string
	dialect string // the client's
	field   string // as the client wrote it
	request string // members beside model; MARK tells it apart
	path    string // empty: of a chat
}

const markText = `"messages":[{"role":"user","content":"MARK"}]`

var unsupportedCases = []unsupportedCase{
	{"several answers", "openai", "n", `"n":2,` + markText, ""},
	{"log probabilities", "openai", "logprobs", `"logprobs":true,` + markText, ""},
	{"audio out", "openai", "modalities", `"modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"},` + markText, ""},
	{"audio in", "openai", "messages[0].content[1]", `"messages":[{"role":"user","content":[{"type":"text","text":"MARK"},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]`, ""},
	{"a file by id", "openai", "messages[0].content[1]", `"messages":[{"role":"user","content":[{"type":"text","text":"MARK"},{"type":"file","file":{"file_id":"file-1"}}]}]`, ""},
	{"web search", "openai", "web_search_options", `"web_search_options":{},` + markText, ""},
	{"a map in the answer", "openai", "response_format.json_schema.schema.properties.m.additionalProperties", `"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"string"}}},"required":["m"]}}},` + markText, ""},
	{"a list as the answer", "anthropic", "output_config.format.schema.type", `"max_tokens":99,"output_config":{"format":{"type":"json_schema","schema":{"type":"array","items":{"type":"string"}}}},` + markText, ""},
	{"embeddings", "openai", "/v1/embeddings", `"input":"MARK"`, "/v1/embeddings"},
	{"a document by address", "anthropic", "messages[0].content[1]", `"max_tokens":99,"messages":[{"role":"user","content":[{"type":"text","text":"MARK"},{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}}]}]`, ""},
	{"a tool that the provider runs", "anthropic", "tools[0]", `"max_tokens":99,"tools":[{"type":"web_search_20250305","name":"web_search"}],` + markText, ""},
	{"five stop sequences", "anthropic", "stop_sequences", `"max_tokens":99,"stop_sequences":["1","2","3","4","5"],` + markText, ""},
}

func (c *unsupportedCase) ask(g *gatewaytest.Gateway, model, mark string) gatewaytest.Answer {
	path := c.path
	if path == "" {
		path = map[string]string{"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}[c.dialect]
	}
	body := fmt.Sprintf(`{"model":%q,%s}`, model, strings.ReplaceAll(c.request, "MARK", mark))
	return g.Ask(gatewaytest.ChatRequest(path, body, "", "anthropic-version", "2023-06-01"))
}

// TestUnsupportedRequests holds what becomes of requests that a backend cannot express: refused
// before anything is sent, sent to a backend that can, or sent without it.
func TestUnsupportedRequests(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, `  openai-first: {chain: [sim/plain, claude/plain-claude]}
  claude-first: {chain: [claude/plain-claude, sim/plain]}
  drops: {chain: [sim/plain], unfit: drop}
  drops-claude: {chain: [claude/plain-claude], unfit: drop}
`)
	for _, c := range unsupportedCases {
		other, first := "plain-claude", "claude-first"
		backends := [2]string{"claude", "sim"} // that cannot, that can
		drops := "drops-claude"
		if c.dialect == "anthropic" {
			other, first, drops, backends = "plain", "openai-first", "drops", [2]string{"sim", "claude"}
		}
		t.Run(c.name+" is refused", func(t *testing.T) {
			before, mark := len(p.Settled()), "refuse "+c.name
			a := c.ask(g, other, mark)
			checkUnsupported(t, a, c, backends[0])
			if row := g.With(t).Row(a.Exchange()); row.Outcome != "client_error" || row.Reason != "unsupported_field" || row.Attempts != 0 || row.Tokens != nil {
				t.Errorf("record %+v", row)
			}
			if n := len(p.Settled()); n != before {
				t.Errorf("the provider got %d requests", n-before)
			}
		})
		t.Run(c.name+" goes to a backend that can", func(t *testing.T) {
			mark := "skip " + c.name
			a := c.ask(g, first, mark)
			gatewaytest.MustOK(t, a)
			row := g.With(t).Row(a.Exchange())
			if got := gatewaytest.Tried(row); got != backends[1]+"200" || a.Header.Get("x-headgate-backend") != backends[1] || row.Backend != backends[1] {
				t.Errorf("tried %q: %v", got, a.Internals())
			}
			if all := p.With(t).FindAll(mark, 1); len(all) != 1 {
				t.Errorf("the provider got %d requests", len(all))
			}
		})
		if c.path != "" {
			continue // an operation is no field
		}
		t.Run(c.name+" is dropped", func(t *testing.T) {
			mark := "drop " + c.name
			a := c.ask(g, drops, mark)
			gatewaytest.MustOK(t, a)
			row := g.With(t).Row(a.Exchange())
			if d := a.Header.Get("x-headgate-dropped"); !strings.Contains(","+d+",", ","+c.field) || strings.Join(row.Dropped, ",") != d {
				t.Errorf("x-headgate-dropped %q, the record has %v", d, row.Dropped)
			}
			sdk.CheckWords(t, map[string]string{"sim": "openai", "claude": "anthropic"}[backends[0]], p.With(t).Find(mark).Body)
		})
	}
}

func checkUnsupported(t *testing.T, a gatewaytest.Answer, c unsupportedCase, backend string) {
	t.Helper()
	if a.Status != 400 || a.Header.Get("x-headgate-refused-by") != "gateway" {
		t.Errorf("status %d, refused by %q", a.Status, a.Header.Get("x-headgate-refused-by"))
	}
	gatewaytest.CheckRefusal(t, a, c.dialect == "anthropic", "invalid_request_error", "unsupported_field")
	var r struct {
		Error struct{ Message, Param string }
	}
	if err := json.Unmarshal([]byte(a.Body), &r); err != nil {
		t.Fatal(err)
	}
	field, why := c.field, fmt.Sprintf("Backend %q cannot take \"%s", backend, c.field)
	if strings.HasPrefix(field, "/") { // an operation, which is no field
		field, why = "", fmt.Sprintf("Backend %q cannot serve it: it has no ", backend)
	}
	if !strings.Contains(r.Error.Message, why) {
		t.Errorf("message %q", r.Error.Message)
	}
	if c.dialect == "openai" && !strings.HasPrefix(r.Error.Param, field) {
		t.Errorf("param %q", r.Error.Param)
	}
}

// TestTuningIsDropped holds that what only tunes an answer is left out without a
// refusal, and said.
func TestTuningIsDropped(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct{ name, dialect, members, want string }{
		{"sampling of OpenAI's", "openai", `"seed":1,"logit_bias":{"1":2},"presence_penalty":0.5,`, "logit_bias,presence_penalty,seed"},
		{"bookkeeping of OpenAI's", "openai", `"store":true,"service_tier":"flex","metadata":{"a":"b"},`, "metadata,service_tier,store"},
		{"sampling of Anthropic's", "anthropic", `"max_tokens":99,"top_k":5,`, "top_k"},
		{"nothing", "openai", `"n":1,"store":false,`, ""},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %t", c.name, stream), func(t *testing.T) {
				w, mark := gatewaytest.Way{Dialect: c.dialect, Stream: stream}, fmt.Sprintf("tune %s %t", c.name, stream)
				model := map[string]string{"openai": "plain-claude", "anthropic": "plain"}[c.dialect]
				r := w.Request(model, mark)
				r.Body = fmt.Sprintf(`{"model":%q,"stream":%t,%s%s}`, model, stream, c.members, strings.ReplaceAll(markText, "MARK", mark))
				a := g.Ask(r)
				w.Text(t, a)
				row := g.With(t).Row(a.Exchange())
				if got := sorted(a.Header.Get("x-headgate-dropped")); got != c.want || sorted(strings.Join(row.Dropped, ",")) != c.want {
					t.Errorf("x-headgate-dropped %q, record %v, want %q", got, row.Dropped, c.want)
				}
				sdk.CheckWords(t, map[string]string{"openai": "anthropic", "anthropic": "openai"}[c.dialect], p.With(t).Find(mark).Body)
			})
		}
	}
}

// sorted brings a list in a header into order.
func sorted(list string) string {
	all := strings.Split(list, ",")
	slices.Sort(all)
	return strings.Join(all, ",")
}

// TestQuirks asks servers that imitate OpenAI for what they do not know: they get
// what they do.
func TestQuirks(t *testing.T) {
	t.Parallel()
	p := gatewaytest.Simulate(t, gatewaytest.Keyless)
	var b strings.Builder
	b.WriteString("version: 1\nunpriced: flag\nbackends:\n")
	providers := []string{"deepseek", "groq", "mistral", "openrouter", "openai-compatible", "openai"}
	for _, name := range providers {
		fmt.Fprintf(&b, "  %s: {provider: %[1]s, url: %q, credential: {env: %s}}\n", name, p.URL, gatewaytest.BackendKeyName)
	}
	b.WriteString("models:\n")
	for _, name := range providers {
		fmt.Fprintf(&b, "  %s: %[1]s/m\n", name)
	}
	g := gatewaytest.Start(t, b.String(), gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}})
	system := map[string]any{"role": "system", "content": "Be brief."}
	developer := map[string]any{"role": "developer", "content": "Be brief."}
	for _, c := range []struct {
		provider string
		limit    string
		first    map[string]any
		options  bool
	}{
		{"deepseek", "max_tokens", system, true},
		{"mistral", "max_tokens", system, false},
		{"groq", "max_completion_tokens", developer, true},
		{"openrouter", "max_completion_tokens", developer, true},
		{"openai-compatible", "max_completion_tokens", developer, true},
		{"openai", "max_completion_tokens", developer, true},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream %t", c.provider, stream), func(t *testing.T) {
				mark := fmt.Sprintf("quirk %s %t", c.provider, stream)
				a := g.Ask(gatewaytest.ChatRequest("/v1/chat/completions", fmt.Sprintf(
					`{"model":%q,"stream":%t,"max_completion_tokens":77,"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":%q}]}`, c.provider, stream, mark), ""))
				gatewaytest.Way{Dialect: "openai", Stream: stream}.Text(t, a)
				served := p.With(t).Find(mark)
				want := map[string]any{
					"model": "m", c.limit: 77.0, "messages": []any{c.first, map[string]any{"role": "user", "content": mark}},
				}
				got := gatewaytest.Decoded(t, served.Body)
				if want["stream"] = stream; !stream && got["stream"] == nil {
					delete(want, "stream")
				}
				if stream && c.options {
					want["stream_options"] = map[string]any{"include_usage": true}
				}
				if d := cmp.Diff(want, got); d != "" || served.Key != gatewaytest.BackendKey {
					t.Errorf("the server got, with key %q (-want +got):\n%s", served.Key, d)
				}
			})
		}
	}
	t.Run("what a server cannot take at all", func(t *testing.T) {
		a := g.Ask(gatewaytest.ChatRequest("/v1/chat/completions", `{"model":"deepseek","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]}`, ""))
		checkUnsupported(t, a, unsupportedCase{dialect: "openai", field: "messages[0].content[0]"}, "deepseek")
	})
}
