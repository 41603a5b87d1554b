package guards

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// answer is what a pieces provider is asked to stream: the text of the request says so.
type answer struct {
	Pieces []string `json:"pieces"`
	Args   bool     `json:"args,omitempty"` // they are the arguments of a tool call, else text
	// Write has the stream leave in two writes, of which the first has so many bytes; 0: each
	// event leaves by itself.
	Write int `json:"write,omitempty"`
	// Escape writes the characters of the pieces that have to be none as escapes.
	Escape bool `json:"escape,omitempty"`
}

// pieces starts a provider of both dialects that streams what it is asked for, piece by piece. It
// returns its base URL.
func pieces(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var a answer
		if err == nil {
			err = json.Unmarshal([]byte(lastText(body)), &a)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		events := a.openAI()
		if strings.HasSuffix(r.URL.Path, "/messages") {
			events = a.claude()
		}
		w.Header().Set("content-type", "text/event-stream")
		a.write(w, events)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

// lastText is the text of the last message of a request.
func lastText(body []byte) string {
	var r struct {
		Messages []struct{ Content json.RawMessage }
	}
	if json.Unmarshal(body, &r) != nil || len(r.Messages) == 0 {
		return ""
	}
	content := r.Messages[len(r.Messages)-1].Content
	var text string
	if json.Unmarshal(content, &text) == nil {
		return text
	}
	var blocks []struct{ Text string }
	if json.Unmarshal(content, &blocks) != nil || len(blocks) == 0 {
		return ""
	}
	return blocks[0].Text
}

func (a *answer) write(w http.ResponseWriter, events []string) {
	if a.Write == 0 {
		for _, ev := range events {
			_, _ = io.WriteString(w, ev)
			w.(http.Flusher).Flush()
		}
		return
	}
	all := strings.Join(events, "")
	n := min(a.Write, len(all))
	_, _ = io.WriteString(w, all[:n])
	w.(http.Flusher).Flush()
	_, _ = io.WriteString(w, all[n:])
}

// text is a piece in JSON.
func (a *answer) text(piece string) string {
	if !a.Escape {
		return quoted(piece)
	}
	out := `"`
	for _, c := range piece {
		if c < 0x10000 {
			out += fmt.Sprintf(`\u%04x`, c)
			continue
		}
		out += strings.Trim(quoted(string(c)), `"`)
	}
	return out + `"`
}

func (a *answer) openAI() (events []string) {
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

func (a *answer) claude() (events []string) {
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
type pieced struct{ *gatewaytest.Gateway }

// startPieced starts a gateway before a provider of pieces, with guarded models as start makes
// them.
func startPieced(t *testing.T, guarded map[string]string) pieced {
	t.Helper()
	url := pieces(t)
	text := `version: 1
unpriced: flag
backends:
  sim:    {provider: openai-compatible, url: "` + url + `"}
  claude: {provider: openai-compatible, dialect: anthropic, url: "` + url + `"}
models:
` + modelsOf(guarded)
	return pieced{gatewaytest.Start(t, text, gatewaytest.Options{})}
}
