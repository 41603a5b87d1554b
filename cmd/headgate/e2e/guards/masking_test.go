package guards

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// masksAll masks all that these tests hide, in requests.
const masksAll = `{input: [{pii: {action: mask}}]}`

// hidden is a request with something to hide, in JSON, and what stands there at the provider.
type hidden struct {
	name, path   string
	body         string // HERE stands for what is hidden
	here, masked string
	backend      string // that understands it; empty: both
}

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

const (
	chatPath   = "/v1/chat/completions"
	claudePath = "/v1/messages"
)

// hiddenCases are the places in which requests say something.
var hiddenCases = []hidden{
	{name: "system", path: chatPath, body: `{"model":"M","messages":[{"role":"system","content":"I am HERE."},{"role":"user","content":"Who?"}]}`},
	{name: "developer", path: chatPath, body: `{"model":"M","messages":[{"role":"developer","content":"I am HERE."},{"role":"user","content":"Who?"}]}`},
	{name: "text", path: chatPath, body: `{"model":"M" , "messages":[ {"role":"user","content":"I am HERE."} ]}`},
	{name: "blocks", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":[{"type":"text","text":"I am "},{"type":"text","text":"HERE"}]}]}`},
	{name: "assistant", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":"HERE"},{"role":"user","content":"Who?"}]}`},
	{name: "tool result", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":"Who?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"{\"to\":\"HERE\"}"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}`},
	{name: "arguments", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":"Who?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"HERE\",\"n\":[1]}"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}`},
	{name: "escapes in arguments", path: chatPath, here: `ada.lovelace\\u0040example.com`, body: `{"model":"M","messages":[{"role":"user","content":"Who?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"HERE\"}"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}`},
	{name: "number in arguments", path: chatPath, here: `4012888888881881`, masked: `\"[CREDIT_CARD_1]\"`, body: `{"model":"M","messages":[{"role":"user","content":"Who?"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"card\":HERE}"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]}`},
	{name: "tool definition", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":"Who?"}],"tools":[{"type":"function","function":{"name":"f","description":"Ask HERE.","parameters":{"type":"object","properties":{}}}}]}`},
	{name: "schema of a tool", path: chatPath, body: `{"model":"M","messages":[{"role":"user","content":"Who?"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"to":{"type":"string","description":"Such as HERE"}}}}}]}`},
	{name: "escapes", path: chatPath, here: `ada.lovelace\u0040ex\u0061mple.com`, body: `{"model":"M","messages":[{"role":"user","content":"I am\nHERE."}]}`},
	{name: "full-width digits", path: chatPath, here: "４０１２　８８８８ ８８８８ １８８１", masked: "[CREDIT_CARD_1]", body: `{"model":"M","messages":[{"role":"user","content":"é HERE é"}]}`},
	{name: "zero-width characters", path: chatPath, here: "ada.love\u200blace@exam\u2060ple.com", body: `{"model":"M","messages":[{"role":"user","content":"I am HERE."}]}`},
	{name: "escaped zero-width characters", path: chatPath, here: `40128\u200b88888\u00ad881881`, masked: "[CREDIT_CARD_1]", body: `{"model":"M","messages":[{"role":"user","content":"No HERE."}]}`},
	{name: "file", path: chatPath, here: in64("I am " + mail + ".\n"), masked: in64("I am [EMAIL_ADDRESS_1].\n"), backend: "openai", body: `{"model":"M","messages":[{"role":"user","content":[{"type":"text","text":"Who?"},{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,HERE"}}]}]}`},
	{name: "prediction", path: chatPath, backend: "openai", body: `{"model":"M","messages":[{"role":"user","content":"Who?"}],"prediction":{"type":"content","content":[{"type":"text","text":"You are HERE."}]}}`},
	{name: "embeddings", path: "/v1/embeddings", backend: "openai", body: `{"model":"M","input":"I am HERE."}`},
	{name: "embeddings of a list", path: "/v1/embeddings", backend: "openai", body: `{"model":"M","input":["Who?","HERE"]}`},
	{name: "system", path: claudePath, body: `{"model":"M","max_tokens":9,"system":"I am HERE.","messages":[{"role":"user","content":"Who?"}]}`},
	{name: "system blocks", path: claudePath, body: `{"model":"M","max_tokens":9,"system":[{"type":"text","text":"I am HERE.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Who?"}]}`},
	{name: "blocks", path: claudePath, body: `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"I am HERE."}]}]}`},
	{name: "arguments", path: claudePath, body: `{"model":"M","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"to":"HERE"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}]}`},
	{name: "number in arguments", path: claudePath, here: `4012888888881881`, masked: `"[CREDIT_CARD_1]"`, body: `{"model":"M","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{"card": HERE}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}]}]}`},
	{name: "tool result", path: claudePath, body: `{"model":"M","max_tokens":9,"tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"Who?"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"It is HERE"}]}]}]}`},
	{name: "document", path: claudePath, backend: "anthropic", body: `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","title":"Of HERE","source":{"type":"text","media_type":"text/plain","data":"I am HERE."}}]}]}`},
	{name: "file", path: claudePath, backend: "anthropic", here: in64("I am " + mail + ".\n"), masked: in64("I am [EMAIL_ADDRESS_1].\n"), body: `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"HERE"}}]}]}`},
	{name: "counted", path: claudePath + "/count_tokens", backend: "anthropic", body: `{"model":"M","system":"I am HERE.","messages":[{"role":"user","content":"Who?"}]}`},
}

// TestWhatIsMaskedNeverReachesTheProvider holds for each place in which a request says something
// that the provider gets a placeholder there and, of the same dialect, every other byte as it was
// sent.
func TestWhatIsMaskedNeverReachesTheProvider(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"masked": masksAll}, "", "")
	for i := range hiddenCases {
		c := &hiddenCases[i]
		for _, backend := range backends {
			if c.backend != "" && c.backend != backend {
				continue
			}
			t.Run(strings.TrimPrefix(c.path, "/v1/")+" "+c.name+" to "+backend, func(t *testing.T) { r.with(t).checkHidden(t, c, backend) })
		}
	}
}

func (r *rig) checkHidden(t *testing.T, c *hidden, backend string) {
	here, masked := c.here, c.masked
	if here == "" {
		here = mail
	}
	if masked == "" {
		masked = "[EMAIL_ADDRESS_1]"
	}
	model, claude := "masked-"+backend, strings.HasPrefix(c.path, claudePath)
	before := len(r.at.Settled())
	gatewaytest.MustOK(t, r.Ask(gatewaytest.ChatRequest(c.path, fill(c.body, model, here), "", "anthropic-version", "2023-06-01")))
	got := string(r.at.Last(before + 1).Body)
	if claude == (backend == "anthropic") {
		if want := fill(c.body, map[string]string{"openai": "plain", "anthropic": "plain-claude"}[backend], masked); got != want {
			t.Errorf("the provider got\n%s\nwant\n%s", got, want)
		}
		return
	}
	checkAbsent(t, "the provider's request", got, here, mail, "lovelace", "1881")
	if !strings.Contains(got, "_1]") {
		t.Errorf("the provider got no placeholder: %s", got)
	}
}

func fill(body, model, here string) string {
	return strings.NewReplacer("HERE", here, `"M"`, `"`+model+`"`).Replace(body)
}

// TestAConversationKeepsItsPlaceholders holds that what a conversation has said is masked by the
// same placeholders in each of its requests, and that others begin after them.
func TestAConversationKeepsItsPlaceholders(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"masked": masksAll}, "", "")
	const other = "grace.hopper@example.org"
	for _, w := range gatewaytest.Ways {
		t.Run(w.String(), func(t *testing.T) {
			r, turns, masked := r.with(t), []string{}, []string{}
			for _, turn := range [][2]string{{mail, "[EMAIL_ADDRESS_1]"}, {other, "[EMAIL_ADDRESS_2]"}, {mail + " and " + other, "[EMAIL_ADDRESS_1] and [EMAIL_ADDRESS_2]"}} {
				turns = append(turns, `{"role":"user","content":"Write to `+turn[0]+`"}`)
				masked = append(masked, `{"role":"user","content":"Write to `+turn[1]+`"}`)
				before := len(r.at.Settled())
				req := w.Request("masked-"+w.Dialect, "", "x-sim", "echo")
				req.Body = strings.Replace(req.Body, `{"role":"user","content":""}`, strings.Join(turns, ","), 1)
				if text := w.Text(t, r.Ask(req)); text != "Write to "+turn[0] {
					t.Errorf("the client got %q", text)
				}
				if got := string(r.at.Last(before + 1).Body); !strings.Contains(got, "["+strings.Join(masked, ",")+"]") {
					t.Errorf("the provider got %s, want %v", got, masked)
				}
				turns = append(turns, `{"role":"assistant","content":"I wrote to `+turn[0]+`"}`)
				masked = append(masked, `{"role":"assistant","content":"I wrote to `+turn[1]+`"}`)
			}
		})
	}
}
