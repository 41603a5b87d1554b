package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

const weatherFlat = `{"type":"function","name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}`

const weatherTool = `{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2}}}}}`

// TestWireShapes pins whole answers, headers included, byte for byte.
func TestWireShapes(t *testing.T) {
	const anthropicTool = `{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}`
	for _, c := range []struct{ name, path, body, sim string }{
		{"chat.json", "/v1/chat/completions", chatBody, "tokens=4"},
		{"chat.sse", "/v1/chat/completions", chatStreams, "tokens=4"},
		{"chat-usage.sse", "/v1/chat/completions", `{"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hello!"}]}`, "tokens=2;snapshot=gpt-4o-mini-2024-07-18"},
		{"chat-tools.sse", "/v1/chat/completions", `{"model":"gpt-4o-mini","stream":true,"tool_choice":"required","tools":[` + weatherTool + `],"messages":[{"role":"user","content":"Hello!"}]}`, "tools=2"},
		{"chat-tools.json", "/v1/chat/completions", `{"model":"gpt-4o-mini","tool_choice":"required","tools":[` + weatherTool + `],"messages":[{"role":"user","content":"Hello!"}]}`, ""},
		{"chat-refusal.sse", "/v1/chat/completions", chatStreams, "refusal=No."},
		{"chat-reasoning.sse", "/v1/chat/completions", chatStreams, "reasoning=3;reasoning-content;tokens=2"},
		{"message.json", "/v1/messages", msgBody, "tokens=4"},
		{"message.sse", "/v1/messages", msgStreams, "tokens=4"},
		{"message-thinking.sse", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":2000,"thinking":{"type":"adaptive"},"stream":true,"messages":[{"role":"user","content":"Hello!"}]}`, "tokens=2;reasoning=2"},
		{"message-tools.sse", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":100,"stream":true,"tool_choice":{"type":"any"},"tools":[` + anthropicTool + `,{"name":"now","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Hello!"}]}`, "tools=2"},
		{"message-tools.json", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":100,"tool_choice":{"type":"any"},"tools":[` + anthropicTool + `],"messages":[{"role":"user","content":"Hello!"}]}`, ""},
		{"chat-429.json", "/v1/chat/completions", chatBody, "status=429;retry-after=2;retry-after-ms=1500"},
		{"message-529.json", "/v1/messages", msgBody, "status=529"},
		{"message-error.sse", "/v1/messages", msgStreams, "tokens=4;error=3"},
		{"response.json", "/v1/responses", respBody, "tokens=4"},
		{"response.sse", "/v1/responses", respStreams, "tokens=2"},
		{"response-reasoning.sse", "/v1/responses", `{"model":"gpt-5","stream":true,"stream_options":{"include_obfuscation":false},"reasoning":{"summary":"auto"},"input":"Hello!"}`, "reasoning=2;tokens=1;finish=length"},
		{"response-tools.json", "/v1/responses", `{"model":"gpt-4o-mini","tool_choice":"required","tools":[` + weatherFlat + `,{"type":"custom","name":"patch","format":{"type":"grammar","syntax":"lark","definition":"start: /.+/"}}],"input":[{"role":"user","content":"Hello!"}]}`, "tools=2"},
		{"response-search.sse", "/v1/responses", `{"model":"gpt-4o-mini","stream":true,"tools":[{"type":"web_search"}],"input":"Hello!"}`, "tool=web_search;tokens=2"},
		{"response-error.sse", "/v1/responses", respStreams, "tokens=4;error=5"},
		{"chat-custom.sse", "/v1/chat/completions", `{"model":"gpt-4o-mini","stream":true,"tool_choice":"required","tools":[{"type":"custom","custom":{"name":"patch"}}],"messages":[{"role":"user","content":"Hello!"}]}`, "input=a b"},
		{"count.json", "/v1/messages/count_tokens", `{"model":"claude-sonnet-5","messages":[{"role":"user","content":"Hello!"}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r := start(t, Options{})
			got := ask(t, r, "POST", c.path, c.body, "X-Sim: "+c.sim)
			if got.err != nil {
				t.Fatal(got.err)
			}
			var names []string
			for name := range got.header {
				if name != "Date" {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			var b strings.Builder
			fmt.Fprintln(&b, got.status)
			for _, name := range names {
				fmt.Fprintf(&b, "%s: %s\n", strings.ToLower(name), got.header.Get(name))
			}
			b.WriteString("\n" + got.body)
			golden(t, c.name, []byte(b.String()))
		})
	}
}

// TestStreamsSplitIntoEvents checks the framing with the gateway's own splitter
// and the text with the gateway's own JSON reader, for every way of writing it.
func TestStreamsSplitIntoEvents(t *testing.T) {
	for _, sim := range []string{"", "crlf", "burst", "drip=1", "drip=3;crlf", "comments", "pause=1s;drip=7"} {
		for path, body := range map[string]string{"/v1/chat/completions": chatStreams, "/v1/messages": msgStreams, "/v1/responses": respStreams} {
			t.Run(path+" "+sim, func(t *testing.T) {
				s, r := start(t, Options{})
				got := ask(t, r, "POST", path, body, "X-Sim: "+sim)
				if got.err != nil || got.status != 200 {
					t.Fatalf("%d %v %s", got.status, got.err, got.body)
				}
				if crlf := strings.Count(got.body, "\r\n") == strings.Count(got.body, "\n"); crlf != strings.Contains(sim, "crlf") {
					t.Errorf("line ends: CRLF is %v", crlf)
				}
				var sp scan.Splitter
				sp.Feed([]byte(got.body))
				text, events, comments := "", 0, 0
				for ev, err := sp.Next(); ev != nil; ev, err = sp.Next() {
					if err != nil {
						t.Fatal(err)
					}
					data := scan.Value(ev.Data())
					if data == nil {
						comments++
						continue
					}
					events++
					text += wire.Str(data.Get("delta")) + wire.Str(data.Get("delta").Get("text")) + wire.Str(wire.First(data.Get("choices")).Get("delta").Get("content"))
				}
				if len(sp.Rest()) != 0 || text != answerText {
					t.Errorf("rest %q, text %q", sp.Rest(), text)
				}
				served := last(t, s, 1)
				if served.Events != events || served.BytesSent != int64(len(got.body)) || served.Ended != EndedComplete {
					t.Errorf("served %d events, %d bytes, %s; got %d, %d", served.Events, served.BytesSent, served.Ended, events, len(got.body))
				}
				if want := strings.Contains(sim, "comments"); (comments == events) != want {
					t.Errorf("%d comments for %d events", comments, events)
				}
			})
		}
	}
}

func TestTextHasRunesOfEveryLength(t *testing.T) {
	for _, want := range []string{"à", "好", "😀"} {
		if !strings.Contains(answerText, want) {
			t.Errorf("answer text lacks %q", want)
		}
	}
	for _, tokens := range [][]string{answerTokens, reasoningTokens} {
		for _, n := range []int{0, 1, len(tokens) - 1, len(tokens), len(tokens) + 1, 500} {
			if got := wire.CountTokens(strings.Join(cycle(tokens, n), "")); got != n {
				t.Errorf("%d tokens count as %d", n, got)
			}
		}
	}
}

// TestHeadersSayThatNothingIsLeft holds that each dialect says so in its own family and form.
func TestHeadersSayThatNothingIsLeft(t *testing.T) {
	s, r := start(t, Options{})
	const directive = "X-Sim: " + "used-up=90s"
	chat := ask(t, r, "POST", "/v1/chat/completions", chatBody, directive)
	if left, reset := chat.header.Get("X-Ratelimit-Remaining-Requests"), chat.header.Get("X-Ratelimit-Reset-Requests"); chat.status != 200 || left != "0" || reset != "1m30s" {
		t.Errorf("status %d, left %q, reset in %q", chat.status, left, reset)
	}
	message := ask(t, r, "POST", "/v1/messages", msgBody, directive)
	at, err := time.Parse(time.RFC3339, message.header.Get("Anthropic-Ratelimit-Requests-Reset"))
	if left := message.header.Get("Anthropic-Ratelimit-Requests-Remaining"); message.status != 200 || left != "0" || err != nil || !at.Equal(last(t, s, 2).Time.Add(90*time.Second).Truncate(time.Second)) {
		t.Errorf("status %d, left %q, reset at %v, %v", message.status, left, at, err)
	}
}
