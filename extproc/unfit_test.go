package extproc

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/exchange"
)

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

// unfit are requests of each kind that some link cannot be given: what is wrong is told by
// the field, or the link is left out, or the field is. They are of the models of wildPolicy.
var unfit = []struct {
	name, path, model, body string
	refused                 string // the field at fault; empty: a link is asked
}{
	{"an empty text", chatPath, "claude", `"messages":[{"role":"user","content":""}]`, "messages[0].content"},
	{"a text of blanks beyond ASCII", chatPath, "claude", `"messages":[{"role":"user","content":"\u00a0"}]`, "messages[0].content"},
	{"no parts", messagesPath, "gpt", `"messages":[{"role":"user","content":[]}]`, "messages[0].content"},
	{"only another provider's thinking", messagesPath, "gpt", `"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}]}]`, "messages[0].content"},
	{"results without calls", chatPath, "claude", `"messages":[{"role":"tool","tool_call_id":"c","content":"r"}]`, "messages[0]"},
	{"the assistant first, after an empty user", chatPath, "claude", `"messages":[{"role":"user","content":""},{"role":"assistant","content":"a"},{"role":"user","content":"b"}]`, "messages[1].role"},
	{"an image that only one model of a server refuses", chatPath, "others", `"messages":[{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]}]`, ""},
	{"an image as the system prompt", chatPath, "opus", `"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]},{"role":"user","content":"a"}]`, ""},
	{"an image as the system prompt, the other way", messagesPath, "gpt", `"system":[{"type":"image","source":{"type":"url","url":"https://x.test/a.png"}}],"messages":[{"role":"user","content":"a"}]`, "system[0]"},
	{"calls of both forms in neighbouring turns", chatPath, "gpt", `"tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"assistant","function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}]`, ""},
	{"a choice among no functions", chatPath, "mistral", `"function_call":"auto","messages":[{"role":"user","content":"a"}]`, ""},
	{"a call inside a result", messagesPath, "gpts", `"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]}]}]`, ""},
	{"a result in the system's words", messagesPath, "mistral", `"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"system","content":[{"type":"tool_result","tool_use_id":"c"}]},{"role":"user","content":"b"}]`, ""},
	{"two results by an id that nobody wrote", chatPath, "opus", `"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"hgid1_Yw","content":"r"},{"role":"tool","tool_call_id":"hgid1_Yw","content":"r"},{"role":"user","content":"b"}]`, ""},
	{"an image of no known type", chatPath, "claude", `"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/bmp;base64,AAAA"}}]}]`, "messages[0].content[0].image_url"},
	{"an image without data", messagesPath, "gpt", `"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":""}}]}]`, "messages[0].content[0]"},
	{"an image at no web address", messagesPath, "gpt", `"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"file:///a"}}]}]`, "messages[0].content[0]"},
	{"a temperature in words", chatPath, "claude", `"temperature":"hot","messages":[{"role":"user","content":"a"}]`, "temperature"},
	{"a temperature beyond numbers", messagesPath, "gpts", `"temperature":1e400,"messages":[{"role":"user","content":"a"}]`, ""},
	{"a top_p below 0", messagesPath, "others", `"top_p":-1,"messages":[{"role":"user","content":"a"}]`, ""},
	{"a kind of cache that there is not", chatPath, "claude", `"cache_control":{"type":"ephemeral","ttl":"2h"},"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"persistent"}}]}]`, ""},
	{"a choice of a tool that is not there", chatPath, "claude", `"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}},"messages":[{"role":"user","content":"a"}]`, "tool_choice"},
	{"a choice of no tools", messagesPath, "gpt", `"tool_choice":{"type":"any"},"messages":[{"role":"user","content":"a"}]`, ""},
	{"two tools of one name", chatPath, "claude", `"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"}]`, "tools[1]"},
	{"a tool without a name", messagesPath, "gpt", `"tools":[{"name":"","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"a"}]`, ""},
	{"an effort that nobody knows", messagesPath, "gpts", `"thinking":{"type":"adaptive"},"output_config":{"effort":"extreme"},"messages":[{"role":"user","content":"a"}]`, ""},
	{"thinking before the assistant's own beginning", chatPath, "claudes", `"thinking":{"type":"enabled","budget_tokens":2048},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]`, ""},
	{"a beginning of several turns that a model does not go on with", chatPath, "claude", `"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":" "},{"role":"assistant","content":"c"}]`, "messages[1].role"},
	{"nothing but an assistant who says nothing", messagesPath, "mistral", `"messages":[{"role":"assistant","content":[{"type":"text","text":""}]}]`, "messages[0].content"},
	{"stop sequences of blanks", chatPath, "opus", `"stop":["\u00a0"],"messages":[{"role":"user","content":"a"}]`, ""},
	{"a member in other letters", chatPath, "claude", `"Messages":[],"messages":[{"role":"user","content":"a"}]`, "messages"},
}

// TestNoRequestIsTheGatewaysFault holds of each that whatever is sent is what its link
// takes, and that nothing is the gateway's error.
func TestNoRequestIsTheGatewaysFault(t *testing.T) {
	w := newWilds(t)
	for _, tc := range unfit {
		t.Run(tc.name, func(t *testing.T) {
			for _, fault := range w.play(t, wildAsk{path: tc.path, model: tc.model, body: []byte(`{"model":"` + tc.model + `","max_tokens":4096,` + tc.body + `}`)}) {
				t.Error(fault)
			}
			ex, _ := w.end()
			refused := ex.Refused.Action == exchange.Deny
			if refused != (tc.refused != "") || tc.refused != "" && (ex.Refused.Param != tc.refused || !strings.Contains(ex.Refused.Message, tc.refused)) {
				t.Errorf("refused at %q, want %q: %s", ex.Refused.Param, tc.refused, ex.Refused.Message)
			}
		})
	}
}
