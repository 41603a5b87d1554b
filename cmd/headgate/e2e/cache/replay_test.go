package cache

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
	"github.com/headgate/headgate/extproc/sim"
)

// sent is what a provider was asked, and the bytes of its answer.
type sent struct {
	asked  string
	stream bool
	body   bytes.Buffer
}

// recorder keeps what a provider sends.
type recorder struct {
	at  http.Handler
	mu  sync.Mutex
	all []*sent
}

// simulate starts a provider whose answers are kept.
func simulate(t *testing.T) (*gatewaytest.Provider, *recorder) {
	t.Helper()
	s, err := sim.New(gatewaytest.Keyless)
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{at: s}
	server := httptest.NewServer(rec)
	t.Cleanup(server.Close)
	return (&gatewaytest.Provider{Server: s, URL: server.URL + "/v1"}).With(t), rec
}

// ServeHTTP implements http.Handler.
func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(asked))
	one := &sent{asked: string(asked), stream: bytes.Contains(asked, []byte(`"stream":true`))}
	rec.mu.Lock()
	rec.all = append(rec.all, one)
	rec.mu.Unlock()
	w = &copied{w, one, &rec.mu}
	if bytes.Contains(asked, []byte(`"logprobs":true`)) {
		giveProbabilities(w, one.stream)
		return
	}
	rec.at.ServeHTTP(w, r)
}

// giveProbabilities gives an answer with the log probabilities of its tokens, which the simulated
// provider has not.
func giveProbabilities(w http.ResponseWriter, stream bool) {
	const tokens = `"logprobs":{"content":[{"token":"Y","logprob":-0.25,"bytes":[89],"top_logprobs":[]},{"token":"es","logprob":-1e-9,"bytes":null,"top_logprobs":[]}],"refusal":null}`
	const head = `"id":"chatcmpl-p","created":1700000000,"model":"plain","object":"chat.completion`
	const used = `"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}`
	if !stream {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{`+head+`","choices":[{"index":0,"message":{"role":"assistant","content":"Yes"},`+tokens+`,"finish_reason":"stop"}],`+used+`}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, `data: {`+head+`.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":"Yes"},`+tokens+`,"finish_reason":null}]}`+"\n\n"+
		`data: {`+head+`.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n"+
		`data: {`+head+`.chunk","choices":[],`+used+"}\n\ndata: [DONE]\n\n")
}

// copied is an answer of which a copy is kept.
type copied struct {
	http.ResponseWriter
	one *sent
	mu  *sync.Mutex
}

// Write implements io.Writer.
func (c *copied) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.one.body.Write(b)
	c.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// of is what the provider sent to the one request that has a mark.
func (rec *recorder) of(t *testing.T, mark string, claude bool) answered {
	t.Helper()
	one := rec.one(t, mark)
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return readAnswer(t, claude, one.stream, one.body.String())
}

// one is the one request that has a mark.
func (rec *recorder) one(t *testing.T, mark string) *sent {
	t.Helper()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	var found []*sent
	for _, one := range rec.all {
		if strings.Contains(one.asked, mark) {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the provider was asked %d times for %q", len(found), mark)
	}
	return found[0]
}

// said is a kind of answer, and how it is asked for.
type said struct {
	name, sim      string
	openai, claude string // members of the request in each client's dialect
	only           string // the client's dialect that has words for it; empty: both
	differs        bool   // the words of both dialects do not mean the same
	of             string // the backend that can say it; empty: both
}

const (
	chatTools   = `"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}],`
	claudeTools = `"tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}],`
)

var sayings = []said{
	{name: "text", sim: "cached=7"},
	{name: "escapes", sim: `text="a \"quoted\" line,\n</tag> 中文 😀 \\ and a tab\t"`},
	{name: "what is compressed", sim: "gzip"},
	{name: "what comes in pieces", sim: "drip=7"},
	{name: "what has other line ends and comments", sim: "crlf;comments;burst"},
	{name: "calls of tools", sim: "tools=2", openai: chatTools, claude: claudeTools},
	{name: "reasoning", sim: "reasoning=9;reasoning-content", of: "openai"},
	{name: "reasoning and a call", sim: "reasoning=9;reasoning-content;tools=1", openai: chatTools, claude: claudeTools, of: "openai"},
	{name: "signed thinking", sim: "tools=1", openai: `"reasoning_effort":"low",` + chatTools, claude: `"thinking":{"type":"enabled","budget_tokens":1024},` + claudeTools, differs: true, of: "anthropic"},
	{name: "several choices", openai: `"n":3,`, only: "openai", of: "openai"},
	{name: "several choices of calls", sim: "tools=2", openai: `"n":2,` + chatTools, only: "openai", of: "openai"},
	{name: "log probabilities", openai: `"logprobs":true,`, only: "openai", of: "openai"},
}

// asks reports whether the clients of a dialect can ask for it, after one of another has.
func (s *said) asks(dialect, first string) bool {
	return (s.only == "" || s.only == dialect) && (!s.differs || dialect == first)
}

// answering are models by how they are answered: by a backend of which dialect, alone, in a chain, or
// by a stream that the gateway folds.
var answering = []struct{ model, dialect, rest string }{
	{"openai", "openai", "chain: [sim/plain]"},
	{"anthropic", "anthropic", "chain: [claude/plain-claude]"},
	{"chain-of-openai", "openai", "chain: [sim/plain, claude/plain-claude]"},
	{"chain-of-anthropic", "anthropic", "chain: [claude/plain-claude, sim/plain]"},
	{"folded-openai", "openai", "chain: [sim/plain], ask: stream"},
	{"folded-anthropic", "anthropic", "chain: [claude/plain-claude], ask: stream"},
}

// TestAnswersAreGivenAgainAsTheyWere holds that an answer that was given in one way, by a backend
// of either dialect, is given again in each way, with all that the backend said: texts, thinking,
// calls, ends, ids and the original usage.
func TestAnswersAreGivenAgainAsTheyWere(t *testing.T) {
	t.Parallel()
	p, rec := simulate(t)
	models := ""
	for _, m := range answering {
		models += fmt.Sprintf("  %s: {%s, cache: {tool_calls: true}}\n", m.model, m.rest)
	}
	r := &rig{gatewaytest.Start(t, gatewaytest.PolicyFor(p, models), gatewaytest.Options{Env: []string{gatewaytest.BackendKeyName + "=" + gatewaytest.BackendKey}}), p}
	for i := range sayings {
		s := &sayings[i]
		for _, m := range answering {
			for _, first := range gatewaytest.Ways {
				if !s.asks(first.Dialect, first.Dialect) || s.of != "" && s.of != m.dialect {
					continue
				}
				t.Run(fmt.Sprintf("%s of %s, first %s", s.name, m.model, first), func(t *testing.T) {
					r.with(t).checkReplays(t, rec, s, m.model, m.dialect, first)
				})
			}
		}
	}
}

// inShape is an answer's id as clients of a way get it: all after the word that it begins with is
// the same for all of them.
func inShape(id string, w gatewaytest.Way) string {
	own := strings.TrimPrefix(strings.TrimPrefix(id, "chatcmpl-"), "msg_")
	if w.Claude() {
		return "msg_" + own
	}
	return "chatcmpl-" + own
}

func (r *rig) checkReplays(t *testing.T, rec *recorder, s *said, model, dialect string, first gatewaytest.Way) {
	mark := "Say " + s.name + " as " + first.String() + " of " + model + "."
	a := r.Ask(s.request(first, model, mark, s.sim))
	wants(t, a, "miss unknown")
	r.stored(t, a)
	want := readAnswer(t, first.Claude(), first.Stream, a.Body)
	if s.sim != "gzip" { // of which the bytes say nothing
		id := want.ID
		want = rec.of(t, mark, dialect == "anthropic")
		want.ID = id
	}
	for _, w := range gatewaytest.Ways {
		if !s.asks(w.Dialect, first.Dialect) {
			continue
		}
		again := r.Ask(s.request(w, model, mark, "text=another"))
		wants(t, again, "hit")
		got := readAnswer(t, w.Claude(), w.Stream, again.Body)
		want.ID = inShape(want.ID, w)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-the provider's +again):\n%s", w, d)
		}
	}
	if s.asks("openai", first.Dialect) {
		stream := s.request(gatewaytest.Way{Dialect: "openai"}, model, mark, "")
		stream.Body = strings.Replace(stream.Body, `"stream":false`, `"stream":true`, 1)
		if again := r.Ask(stream); result(again) != "hit" || strings.Contains(again.Body, `"usage":{`) {
			t.Errorf("who wants no usage gets %s", again.Body)
		}
	}
	rec.one(t, mark)
}

// request asks for the answer in a way.
func (s *said) request(w gatewaytest.Way, model, mark, sim string) gatewaytest.Request {
	req := w.Request(model, mark, "x-sim", sim)
	members := s.openai
	if w.Claude() {
		members = s.claude
	} else if w.Stream {
		members += `"stream_options":{"include_usage":true},`
	}
	req.Body = strings.Replace("{"+members+strings.TrimPrefix(req.Body, "{"), `"max_tokens":512`, `"max_tokens":4096`, 1)
	return req
}

// TestLargeAnswersAreGivenAgain holds that answers beyond what Envoy buffers are given again whole.
func TestLargeAnswersAreGivenAgain(t *testing.T) {
	t.Parallel()
	r := start(t, "  large: {chain: [sim/plain], cache: {max_entry: 16MiB}}\n", "", nil)
	for _, first := range gatewaytest.Ways {
		t.Run("first "+first.String(), func(t *testing.T) {
			r := r.with(t)
			ask := func(w gatewaytest.Way, sim string) gatewaytest.Answer {
				req := w.Request("large", "Be long for "+first.String()+".", "x-sim", sim)
				req.Body = strings.Replace(req.Body, `"max_tokens":512`, `"max_tokens":9000000`, 1)
				return r.Ask(req)
			}
			a := ask(first, "oversize=5000000;burst")
			r.stored(t, a)
			want := readAnswer(t, first.Claude(), first.Stream, a.Body).Choices[0].Text
			for _, w := range gatewaytest.Ways {
				again := ask(w, "")
				if result(again) != "hit" || readAnswer(t, w.Claude(), w.Stream, again.Body).Choices[0].Text != want || len(want) < 5_000_000 {
					t.Errorf("%s gets %d bytes of %d, as a %s", w, len(again.Body), len(want), result(again))
				}
			}
		})
	}
}
