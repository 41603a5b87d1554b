package guards

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// answer is what a pieces provider is asked to say: the text of the request names it, in a form
// in which guards of requests find nothing.
type answer struct {
	Pieces []string // of what it says: of a stream one for each event
	Args   bool     // they are the arguments of a tool call, else text
	Escape bool     // each character is written as an escape
	// Write has a stream leave in two writes, of which the first has so many bytes; 0: each
	// event leaves by itself.
	Write int
	Raw   string // the body, instead of all this
}

// spec is the text that asks for an answer.
func spec(a *answer) string {
	b, _ := json.Marshal(a) // texts have always a JSON form
	return "#" + hex.EncodeToString(b) + "#"
}

var specs = regexp.MustCompile(`#([0-9a-f]+)#`)

func specIn(body []byte) (a *answer, err error) {
	found := specs.FindSubmatch(body)
	if found == nil {
		return nil, fmt.Errorf("no answer is asked for: %s", body)
	}
	text, err := hex.DecodeString(string(found[1]))
	if err != nil {
		return nil, err
	}
	return a, json.Unmarshal(text, &a)
}

// pieceProvider is a provider of both dialects that says what it is asked for, piece by piece.
type pieceProvider struct {
	mu    sync.Mutex
	body  string  // of the last request
	fixed *answer // to requests that ask for none
}

// say has requests that ask for no answer get one that is too long to be asked for.
func (p *pieceProvider) say(a *answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fixed = a
}

func (p *pieceProvider) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.body
}

// ServeHTTP implements http.Handler.
func (p *pieceProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	p.body = string(body)
	a := p.fixed
	p.mu.Unlock()
	if err == nil && (a == nil || specs.Match(body)) {
		a, err = specIn(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	claude := strings.HasSuffix(r.URL.Path, "/messages")
	w.Header().Set("content-type", "application/json")
	if regexp.MustCompile(`"stream": ?true`).Match(body) {
		w.Header().Set("content-type", "text/event-stream")
		a.stream(w, a.events(claude))
		return
	}
	_, _ = io.WriteString(w, a.whole(claude))
}

func (a *answer) stream(w http.ResponseWriter, events []string) {
	if a.Write > 0 {
		all := strings.Join(events, "")
		events = []string{all[:a.Write], all[a.Write:]}
	}
	for _, ev := range events {
		_, _ = io.WriteString(w, ev)
		w.(http.Flusher).Flush()
	}
}

func (a *answer) events(claude bool) []string {
	switch {
	case a.Raw != "":
		return []string{a.Raw}
	case claude:
		return a.claudeEvents()
	}
	return a.openAIEvents()
}

func (a *answer) whole(claude bool) string {
	text := strings.Join(a.Pieces, "")
	switch {
	case a.Raw != "":
		return a.Raw
	case claude && a.Args:
		return `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"toolu_1","name":"send","input":` + text + `}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":7}}`
	case claude:
		return `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":` + a.text(text) + `}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":7}}`
	}
	message, finish := `"content":`+a.text(text), "stop"
	if a.Args {
		message, finish = `"content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"send","arguments":`+a.text(text)+`}}]`, "tool_calls"
	}
	return `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant",` + message + `},"logprobs":null,"finish_reason":"` + finish + `"}],"usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}}`
}

// text is a piece in JSON.
func (a *answer) text(piece string) string {
	if !a.Escape {
		return quoted(piece)
	}
	out := `"`
	for _, c := range piece {
		out += fmt.Sprintf(`\u%04x`, c)
	}
	return out + `"`
}

func (a *answer) openAIEvents() (events []string) {
	say := func(delta, finish string) {
		events = append(events, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":`+delta+`,"finish_reason":`+finish+`}]}`+"\n\n")
	}
	say(`{"role":"assistant","content":""}`, "null")
	finish := `"stop"`
	if a.Args {
		finish = `"tool_calls"`
		say(`{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"send","arguments":""}}]}`, "null")
	}
	for _, p := range a.Pieces {
		if a.Args {
			say(`{"tool_calls":[{"index":0,"function":{"arguments":`+a.text(p)+`}}]}`, "null")
			continue
		}
		say(`{"content":`+a.text(p)+`}`, "null")
	}
	say("{}", finish)
	return append(events, `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}}`+"\n\n", "data: [DONE]\n\n")
}

func (a *answer) claudeEvents() (events []string) {
	say := func(kind, rest string) {
		events = append(events, "event: "+kind+"\ndata: {\"type\":\""+kind+"\""+rest+"}\n\n")
	}
	say("message_start", `,"message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}`)
	stop, block, delta, member := "end_turn", `{"type":"text","text":""}`, "text_delta", "text"
	if a.Args {
		stop, block, delta, member = "tool_use", `{"type":"tool_use","id":"toolu_1","name":"send","input":{}}`, "input_json_delta", "partial_json"
	}
	say("content_block_start", `,"index":0,"content_block":`+block)
	for _, p := range a.Pieces {
		say("content_block_delta", `,"index":0,"delta":{"type":"`+delta+`","`+member+`":`+a.text(p)+`}`)
	}
	say("content_block_stop", `,"index":0`)
	say("message_delta", `,"delta":{"stop_reason":"`+stop+`","stop_sequence":null},"usage":{"output_tokens":7}`)
	say("message_stop", "")
	return events
}

// pieced is a gateway before a provider of pieces.
type pieced struct {
	*gatewaytest.Gateway
	provider *pieceProvider
}

// startPieced starts a gateway before a provider of pieces, with guarded models as start makes
// them.
func startPieced(t *testing.T, guarded map[string]string) pieced {
	t.Helper()
	p := &pieceProvider{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	text := `version: 1
unpriced: flag
backends:
  sim:    {provider: openai-compatible, url: "` + s.URL + `/v1"}
  claude: {provider: openai-compatible, dialect: anthropic, url: "` + s.URL + `/v1"}
models:
` + modelsOf(guarded)
	return pieced{gatewaytest.Start(t, text, gatewaytest.Options{}), p}
}

func (r pieced) with(t *testing.T) pieced { return pieced{r.Gateway.With(t), r.provider} }

// ask asks for an answer, after some text, or for what the provider says if there is none, and returns what it says and its body.
func (r pieced) ask(t *testing.T, w gatewaytest.Way, model, text string, a *answer) (heard, string) {
	t.Helper()
	if a != nil {
		text += spec(a)
	}
	got := r.Ask(w.Request(model, text))
	gatewaytest.MustOK(t, got)
	return hear(t, w, &got), got.Body
}
