package extproc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/exchange"
	. "github.com/headgate/headgate/extproc/extproctest"
)

// formsPolicy has a model of a server of each dialect.
const formsPolicy = `
version: 1
unpriced: flag
backends:
  near: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  gpt: {provider: openai, credential: {env: OPENAI_API_KEY}}
  claude: {provider: anthropic, credential: {env: ANTHROPIC_API_KEY}}
models:
  chat: near/m
  response: gpt/gpt-4o-mini
  claude: claude/claude-sonnet-4-6
`

// formed is an answer in the dialect of a model's server, as JSON and as a stream.
type formed struct{ model, whole, stream string }

var formedAnswers = []formed{
	{"chat",
		`{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27}}`,
		`data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"}}]}` + "\n\n" +
			`data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
			`data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7}}` + "\n\ndata: [DONE]\n\n"},
	{"claude",
		`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":20,"output_tokens":7}}`,
		`data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[],"stop_reason":null,"usage":{"input_tokens":20,"output_tokens":1}}}` + "\n\n" +
			`data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n" +
			`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}` + "\n\n" +
			`data: {"type":"content_block_stop","index":0}` + "\n\n" +
			`data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}` + "\n\n" +
			`data: {"type":"message_stop"}` + "\n\n"},
	{"response",
		`{"id":"resp_1","object":"response","status":"completed","model":"gpt-4o-mini","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":20,"output_tokens":7,"total_tokens":27}}`,
		`data: {"type":"response.created","response":{"id":"resp_1","object":"response","model":"gpt-4o-mini","status":"in_progress","output":[]}}` + "\n\n" +
			`data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}}` + "\n\n" +
			`data: {"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}` + "\n\n" +
			`data: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"hi"}` + "\n\n" +
			`data: {"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}}` + "\n\n" +
			`data: {"type":"response.completed","response":{"id":"resp_1","object":"response","model":"gpt-4o-mini","status":"completed","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":20,"output_tokens":7,"total_tokens":27}}}` + "\n\n"},
}

// formsClients are the paths of clients, with what ends a stream in their dialect.
var formsClients = map[string]struct{ question, end string }{
	"/v1/chat/completions": {`{"model":%q,"stream":%v,"max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`, "data: [DONE]"},
	"/v1/messages":         {`{"model":%q,"stream":%v,"max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`, `{"type":"message_stop"}`},
	"/v1/responses":        {`{"model":%q,"stream":%v,"max_output_tokens":64,"input":"hi"}`, `"type":"response.completed"`},
}

// got is what a client gets.
type got struct {
	status, label, body string
	atOnce              bool // each piece as it came
}

// answered plays an answer as Envoy does: in pieces if it is to come as a stream.
func answered(s *Stream, label, body string) (g got) {
	h := Answered("200", label)
	if label == "" {
		h = H{":status", "200", "x-envoy-upstream-service-time", "3"}
	}
	g.status, g.label = "200", label
	note := func(r *Reply) {
		if v := r.Set(":status"); v != "" {
			g.status = v
		}
		if v := r.Set("content-type"); v != "" {
			g.label = v
		}
	}
	reply := s.ResponseHeaders(h, false)
	note(reply)
	g.atOnce = reply.Streams()
	all := []string{body}
	if g.atOnce {
		all = append(pieces(body, 61), "")
	}
	for i, piece := range all {
		r := s.ResponseBody(piece, i == len(all)-1)
		note(r)
		if changed, ok := r.Body(); ok {
			piece = changed
		}
		g.body += piece
	}
	return g
}

// TestAnswersAreTakenForWhatTheyAre holds that a client gets what it asked for, a stream or JSON,
// whichever of both came and however that is labelled, with the usage of the answer.
func TestAnswersAreTakenForWhatTheyAre(t *testing.T) {
	labels := []string{"application/json", "text/event-stream", "text/plain; charset=utf-8", "application/octet-stream", "application/x-ndjson", ""}
	for _, a := range formedAnswers {
		for path, c := range formsClients {
			if a.model == "response" && path != "/v1/responses" {
				continue // is asked for completions then
			}
			for _, label := range labels {
				for form, body := range map[string]string{"JSON": a.whole, "JSON after a mark": "\ufeff" + a.whole, "a stream": a.stream, "a stream after a mark": "\ufeff" + a.stream} {
					for _, stream := range []bool{false, true} {
						t.Run(fmt.Sprintf("%s to %s as %q, %s, stream %v", a.model, path, label, form, stream), func(t *testing.T) {
							r := newRig(t, formsPolicy)
							s, _, _ := begin(r, path, fmt.Sprintf(c.question, a.model, stream))
							g := answered(s, label, body)
							s.Cancel()
							checkForm(t, g, stream, c.end)
							if want := stream && label != "application/json"; g.atOnce != want {
								t.Errorf("each piece passes as it comes: %v, want %v", g.atOnce, want)
							}
							row := r.row()
							if row.Outcome != "ok" || row.By != "" || row.Stream != stream || row.UsageSource != "provider" || row.Tokens == nil || row.Tokens.Input != 20 || row.Tokens.Output != 7 {
								t.Errorf("row %+v, tokens %+v", row, row.Tokens)
							}
						})
					}
				}
			}
		}
	}
}

// checkForm holds that a client got the answer in the form that it asked for.
func checkForm(t *testing.T, g got, stream bool, end string) {
	t.Helper()
	if g.status != "200" || !strings.Contains(g.body, "hi") || strings.Contains(g.body, "\ufeff") {
		t.Errorf("the client gets %+v", g)
	}
	if stream {
		if !strings.HasPrefix(g.label, "text/event-stream") || !strings.Contains(g.body, end) {
			t.Errorf("no stream: %+v", g)
		}
		for _, fault := range legible([]byte(g.body), true) {
			t.Error(fault)
		}
		return
	}
	if g.label == "text/event-stream" || !json.Valid([]byte(g.body)) {
		t.Errorf("no JSON: %+v", g)
	}
}

// TestWhatIsNoAnswerIsAnError holds what a client of a stream gets of what is none: an error with
// its status while it can have one, and else the error of its dialect at the end of the stream.
func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	for _, c := range []struct{ label, body, status, says, outcome string }{
		{"text/html", "<html>down</html>", "502", "provider_answer_unreadable", "provider_error"},
		{"application/json", "<html>down</html>", "502", "provider_answer_unreadable", "provider_error"},
		{"application/json", `{"error":{"message":"no more","type":"server_error","code":500}}`, "500", "no more", "provider_error"},
		{"application/json", `{"error":{"message":"no more","code":"rate_limit_exceeded"}}`, "429", "no more", "provider_error"},
		{"application/json", `{"id":"c","choices":[{"index":0,"message":{"content":"h`, "502", "provider_answer_unreadable", "provider_error"},
		{"text/event-stream", `{"error":{"message":"no more","type":"server_error","code":500}}`, "200", "no more", "provider_error"},
		{"", `{"error":{"message":"no more","type":"server_error","code":500}}`, "200", "no more", "provider_error"},
		{"text/plain", "upstream connect error\n\nreset", "200", "neither a stream of events nor JSON", "provider_error"},
		{"", "<html>\n\n<p>down</p>\n\n</html>", "200", "neither a stream of events nor JSON", "provider_error"},
		{"application/x-ndjson", "{\"response\":\"h\"}\n{\"response\":\"i\"}\n", "200", "cannot be read", "provider_error"},
	} {
		for path, client := range formsClients {
			t.Run(fmt.Sprintf("%q as %q to %s", c.body, c.label, path), func(t *testing.T) {
				r := newRig(t, formsPolicy)
				s, _, _ := begin(r, path, fmt.Sprintf(client.question, "chat", true))
				g := answered(s, c.label, c.body)
				s.Cancel()
				if g.status != c.status || !strings.Contains(g.body, c.says) || strings.Contains(g.body, "<p>") || strings.Contains(g.body, client.end) {
					t.Errorf("the client gets %+v", g)
				}
				if g.status != "200" && !json.Valid([]byte(g.body)) {
					t.Errorf("no JSON: %+v", g)
				}
				for _, fault := range legible([]byte(g.body), g.status == "200") {
					t.Error(fault)
				}
				if row := r.row(); row.Outcome != c.outcome || row.By != "provider" || fmt.Sprint(row.Status) != c.status {
					t.Errorf("row %+v", row)
				}
			})
		}
	}
}

// TestAnAnswerWithoutAnEventIsNotPlainlyOK holds that the row says so if an event could not be read
// and was left out of an answer that is whole without it, whichever way the answer takes.
func TestAnAnswerWithoutAnEventIsNotPlainlyOK(t *testing.T) {
	models := map[string]string{"chat": "openai", "claude": "anthropic", "response": "responses"}
	for name, guards := range map[string]string{"unguarded": "{}", "guarded": "{output: [{pii: {action: mask}}]}"} {
		for _, a := range formedAnswers {
			last := strings.LastIndex(a.stream, `data: {`)
			body := a.stream[:last] + "event: ping\ndata: {\"cost\":0.\n\n" + a.stream[last:]
			for path, c := range formsClients {
				for _, stream := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s, %s to %s, stream %v", name, a.model, path, stream), func(t *testing.T) {
						r := newRig(t, maskedPolicy(guards))
						s, _, _ := begin(r, path, fmt.Sprintf(c.question, models[a.model], stream))
						g := answered(s, "text/event-stream", body)
						s.Cancel()
						checkForm(t, g, stream, c.end)
						if row := r.row(); row.Outcome != "ok" || row.By != "provider" || row.Detail != "events of the stream that could not be read: 1" {
							t.Errorf("row %+v", row)
						}
					})
				}
			}
		}
	}
}

// TestAnAnswerWithoutAModelHasTheOneThatWasAskedFor holds what clients see of a server that names no
// model, wherever the answer is written anew.
func TestAnAnswerWithoutAModelHasTheOneThatWasAskedFor(t *testing.T) {
	a := formedAnswers[0]
	for path, c := range formsClients {
		for name, with := range map[string]string{"no model": "", "an empty one": `"model":"",`, "null": `"model":null,`} {
			for form, body := range map[string]string{"application/json": a.whole, "text/event-stream": a.stream} {
				for _, stream := range []bool{false, true} {
					if path == "/v1/chat/completions" && (!stream || form != "application/json") {
						continue // passes as it came, or is made as its server would have
					}
					t.Run(fmt.Sprintf("%s, %s to %s, stream %v", name, form, path, stream), func(t *testing.T) {
						r := newRig(t, formsPolicy)
						s, _, _ := begin(r, path, fmt.Sprintf(c.question, "chat", stream))
						g := answered(s, form, strings.ReplaceAll(body, `"model":"m",`, with))
						checkForm(t, g, stream, c.end)
						if !strings.Contains(g.body, `"model":"chat"`) || strings.Contains(g.body, `"model":""`) {
							t.Errorf("the client gets %s", g.body)
						}
					})
				}
			}
		}
	}
}

// TestAWholeAnswerGoesThroughAStageThatMayCut holds that stages see the events of an answer that came
// as a stream and is none, also where Envoy takes any number of replies.
func TestAWholeAnswerGoesThroughAStageThatMayCut(t *testing.T) {
	for path, c := range formsClients {
		seen := ""
		r := newRig(t, formsPolicy, &scripted{name: "cuts", wants: exchange.Wants{Events: true, Cut: true}, events: func(events []canon.Event, emit exchange.Emit) exchange.Verdict {
			for i := range events {
				seen += string(canon.Inside(events[i].Text))
				emit(&events[i])
			}
			return exchange.Verdict{}
		}})
		s, _, _ := begin(r, path, fmt.Sprintf(c.question, "chat", true))
		s.ResponseHeaders(Answered("200", "text/plain"), false)
		body := formedAnswers[0].whole
		if text, end := said(s.ResponseBody(body[:50], false)); text != "" || end {
			t.Errorf("%s: half of the answer becomes %q, the end %v", path, text, end)
		}
		if text, end := said(s.ResponseBody(body[50:], true)); !strings.Contains(text, "hi") || !strings.Contains(text, c.end) || !end {
			t.Errorf("%s: the client gets %q, the end %v", path, text, end)
		}
		s.Cancel()
		if row := r.row(); row.Outcome != "ok" || row.Tokens.Output != 7 || seen != "hi" {
			t.Errorf("%s: row %+v, the stage saw %q", path, row, seen)
		}
	}
}
