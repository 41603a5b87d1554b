package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/responses"
	"github.com/headgate/headgate/policy/quirk"
)

// TestItemsOfOthersAreMended holds what becomes of items that other servers gave, or
// Headgate wrote for them: bytes that no server minds stay.
func TestItemsOfOthersAreMended(t *testing.T) {
	const call = `{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}`
	for _, c := range []struct {
		name, servers, item, want string // WANT of the same: "same"; of none: ""
		unkept                    bool   // the request says that nothing is kept
	}{
		{name: "OpenAI's own", servers: "openai unknown", want: "same", item: `{"id":"msg_1", "type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"x","annotations":[]}]}`},
		{name: "OpenAI's own call", servers: "openai unknown", want: "same", item: `{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}","status":"completed"}`},
		{name: "OpenAI's own reasoning", servers: "openai unknown", want: "same", unkept: true, item: `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAAAB="}`},
		{name: "OpenAI's reasoning by its id", servers: "openai unknown", want: "same", item: `{"type":"reasoning","id":"rs_1","summary":[]}`},
		{name: "OpenAI's reasoning by its id where nothing is kept", servers: "openai", unkept: true, item: `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":null}`},
		{name: "and at another server", servers: "unknown", want: "same", unkept: true, item: `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":null}`},
		{name: "what Anthropic thought", servers: "openai unknown", item: `{"type":"reasoning","id":"rs_hg_1_0","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"hg1.anthropic.thinking.c2ln"}`},
		{name: "what others thought", servers: "openai", item: `{"type":"reasoning","id":"rs_hg_1_0","summary":[{"type":"summary_text","text":"hm"}]}`},
		{name: "an id that Headgate made", servers: "openai", item: `{"id":"msg_hg_1_0","type":"message","role":"assistant","content":"x"}`, want: `{"type":"message","role":"assistant","content":"x"}`},
		{name: "of a call", servers: "openai", item: strings.Replace(call, `,"name"`, `,"id":"fc_hg_1_1", "name"`, 1), want: call},
		{name: "which another server takes", servers: "unknown", want: "same", item: `{"id":"msg_hg_1_0","type":"message","role":"assistant","content":"x"}`},
		{name: "an id of another form", servers: "openai", item: `{"role":"assistant","content":"x","id":"chatcmpl-7"}`, want: `{"role":"assistant","content":"x"}`},
		{name: "an id that is too long", servers: "openai", item: `{"id":"ctc_` + strings.Repeat("x", 61) + `","type":"custom_tool_call","call_id":"c","name":"f","input":""}`,
			want: `{"type":"custom_tool_call","call_id":"c","name":"f","input":""}`},
		{name: "what stands for another item", servers: "openai", want: "same", item: `{"type":"item_reference","id":"odd"}`},
		{name: "a tool that the server runs", servers: "openai", want: "same", item: `{"type":"web_search_call","id":"ws_1","status":"completed"}`},
	} {
		servers := map[string]quirk.Set{"openai": {History: quirk.OpenAIHistory}, "unknown": {}}
		for _, server := range strings.Fields(c.servers) {
			t.Run(c.name+"/"+server, func(t *testing.T) {
				head := `{"model":"m", "store":true`
				if c.unkept {
					head = `{"model":"m", "store":false`
				}
				body := head + `,"input":[{"role":"user","content":"hi"}, ` + c.item + `, {"role":"user","content":"id"}], "tools":[]}`
				want, lost := strings.Replace(body, c.item, c.want, 1), canon.Dropped(nil)
				switch c.want {
				case "same":
					want = body
				case "":
					want, lost = strings.Replace(body, `, `+c.item, "", 1), canon.Dropped{"input[1]"}
				}
				got, dropped, changed := responses.Dialect{}.Mend([]byte(body), &canon.Target{Quirks: servers[server]})
				if !json.Valid(got) || changed != (want != body) {
					t.Fatalf("changed %v: %s", changed, got)
				}
				if diff := cmp.Diff(compact(want), compact(string(got))); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(lost, dropped); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestABodyWithoutItemsIsNotMended holds that of bodies of other forms.
func TestABodyWithoutItemsIsNotMended(t *testing.T) {
	for _, body := range []string{`{"model":"m","input":"an \"id\""}`, `{"model":"m","prompt":{"id":"pmpt_1"}}`, `{"model":"m","input":[]}`, `{"id":1,"input":{"id":2}}`} {
		if got, dropped, changed := (responses.Dialect{}).Mend([]byte(body), &canon.Target{Quirks: quirk.Set{History: quirk.OpenAIHistory}}); changed || string(got) != body || dropped != nil {
			t.Errorf("%s became %s, without %q", body, got, dropped)
		}
	}
}
