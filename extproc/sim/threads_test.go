package sim

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/scan"
	"github.com/headgate/headgate/extproc/sim/wire"
)

// TestSystemBetweenTheTurns holds which models take a system message inside messages, and where.
func TestSystemBetweenTheTurns(t *testing.T) {
	const (
		user   = `{"role":"user","content":"x"}`
		system = `{"role":"system","content":"Be brief."}`
		said   = `{"role":"assistant","content":"y"}`
		use    = `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]}`
		result = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"z"}]}`
	)
	for _, c := range []struct{ model, messages, want string }{
		{"claude-opus-4-8", user + "," + system, ""},
		{"claude-opus-5", user + "," + said + "," + user + "," + system, ""},
		{"claude-fable-5-1", user + "," + system + "," + said + "," + user, ""},
		{"claude-opus-5", user + "," + use + "," + result + "," + system + "," + system, ""},
		{"claude-opus-5", `{"role":"user","content":"x"},{"role":"system","output_config":{"effort":"low"}},` + user, ""},
		{"claude-sonnet-5", user + "," + system, "role 'system' is not supported on this model"},
		{"claude-haiku-4-5", user + "," + system, "role 'system' is not supported on this model"},
		{"claude-opus-5", system + "," + user, "use the top-level 'system' parameter"},
		{"claude-opus-5", user + "," + said + "," + system, "messages.2: role 'system' must follow"},
		{"claude-opus-5", user + "," + use + "," + system + "," + result, "messages.2: role 'system' must follow"},
		{"claude-opus-5", user + "," + system + "," + user, "messages.1: role 'system' must precede"},
		{"claude-opus-5", user + `,{"role":"system","content":[{"type":"image"}]}`, "Input tag 'image'"},
	} {
		_, r := start(t, Options{})
		got := ask(t, r, "POST", "/v1/messages", `{"model":"`+c.model+`","max_tokens":99,"messages":[`+c.messages+`]}`)
		if (c.want == "") != (got.status == 200) || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: %d %s, want %s", c.model, c.messages, got.status, got.body, c.want)
		}
	}
}

// TestThreadsGoOn holds that a thread goes on from its last answer, once, for its account, with
// the prompt and the tools that it was created with.
func TestThreadsGoOn(t *testing.T) {
	for _, stream := range []string{"false", "true"} {
		s, r := start(t, Options{})
		send := func(key, more, text string) answered {
			return ask(t, r, "POST", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":99,"stream":`+stream+`,`+more+`"messages":[{"role":"user","content":"`+text+`"}]}`, "X-Api-Key: "+key)
		}
		const mine, create = "sk-ant-test", `"thread":{"type":"create"},`
		send(mine, create+`"system":"Be brief.","tools":[{"name":"f","input_schema":{"type":"object"}}],`, "Go on. [[sim tool=f]]")
		first := last(t, s, 1)
		goOn := func(id string) string { return `"thread":{"type":"continue","previous_message_id":"` + id + `"},` }
		if got := send("sk-ant-other", goOn(first.ID), "And?"); !strings.Contains(got.body, `"error_code":"thread_not_found"`) {
			t.Errorf("another account: %d %s", got.status, got.body)
		}
		if got := send(mine, goOn(first.ID)+`"system":"x",`, "And?"); got.status != 400 || !strings.Contains(got.body, "system: ") {
			t.Errorf("a prompt again: %d %s", got.status, got.body)
		}
		if got := send(mine, goOn(first.ID), "And?"); got.status != 400 || !strings.Contains(got.body, "without `tool_result` blocks") {
			t.Errorf("without the result of its call: %d %s", got.status, got.body)
		}
		id := s.speaker(first.Header).CallID(s.ids, first.Seq, 2)
		result := ask(t, r, "POST", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":99,`+goOn(first.ID)+`"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"`+id+`","content":"z"}]}]}`)
		next := scan.Value(result.body)
		if result.status != 200 || wire.Str(wire.First(next.Get("content")).Get("text")) != answerText {
			t.Fatalf("%d %s", result.status, result.body)
		}
		if got := send(mine, goOn(first.ID), "And?"); !strings.Contains(got.body, `"error_code":"thread_already_continued"`) {
			t.Errorf("from there again: %d %s", got.status, got.body)
		}
		if got := send(mine, goOn(wire.Str(next.Get("id"))), "And?"); got.status != 200 {
			t.Errorf("from the next answer: %d %s", got.status, got.body)
		}
	}
}
