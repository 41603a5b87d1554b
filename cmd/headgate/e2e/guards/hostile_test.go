package guards

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// everything is all guards that look by rules, in requests and in answers.
const everything = `{input: [{length: {max_chars: 20000000}}, {pii: {}}, {secrets: {}}, {words: {words: [project falcon], action: mask}}, {pattern: {patterns: {ticket: "TICK-[0-9]+"}, action: mask}}],
    output: [{pii: {}}, {secrets: {}}, {words: {words: [project falcon], action: mask}}, {pattern: {patterns: {ticket: "TICK-[0-9]+"}, action: mask}}]}`

// TestLongRequestsAreBounded holds that requests of ten megabytes, also such as are full of what
// guards look for, get an answer of a gateway that goes on.
func TestLongRequestsAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"guarded": everything}, "", "")
	const size = 10 << 20
	for name, text := range map[string]string{
		"mails":        mail + " ",
		"cards":        card + ", ",
		"at signs":     "a@",
		"dots":         "a.b",
		"brackets":     "[EMAIL_ADDRESS_1",
		"escapes":      `\\\u0041`,
		"zero widths":  "\u200b4",
		"half a match": "project  ",
		"keys":         "sk-",
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"model":"guarded-openai","messages":[{"role":"user","content":"` + strings.Repeat(text, size/len(text)) + `"}]}`
			if a := r.with(t).Chat(body, "tokens=1"); a.Status != 200 {
				t.Errorf("%d %.300s", a.Status, a.Body)
			}
		})
	}
}

// hostileBodies are requests with something wrong, or as no client would write them.
var hostileBodies = map[string]string{
	"nothing":                `{}`,
	"no JSON":                `{"model":"M","messages":[`,
	"null texts":             `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":null}]}`,
	"numbers for texts":      `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":1e400}]}`,
	"texts for messages":     `{"model":"M","max_tokens":9,"messages":"MAIL"}`,
	"texts in messages":      `{"model":"M","max_tokens":9,"messages":["MAIL"]}`,
	"invalid UTF-8":          "{\"model\":\"M\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xc3(MAIL\xf0\x90\"}]}",
	"lone surrogates":        `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"\ud800MAIL\udc00 \ud800\u0041"}]}`,
	"NULs":                   `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"\u0000MAIL\u0000"}]}`,
	"names twice":            `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"}],"messages":[{"role":"user","content":"MAIL"}]}`,
	"content twice":          `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL","content":"MAIL"}]}`,
	"escaped names":          `{"model":"M","max_tokens":9,"\u006dessages":[{"role":"user","\u0063ontent":"MAIL"}]}`,
	"deep parts":             `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":DEEP}]}`,
	"deep members":           `{"model":"M","max_tokens":9,"x":DEEP,"messages":[{"role":"user","content":"MAIL","y":DEEP}]}`,
	"deep arguments":         `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":DEEP}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"MAIL"}]}]}`,
	"broken arguments":       `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"to\":\"MAIL"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}]}`,
	"no JSON for arguments":  `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"MAIL \\\" MAIL \\\\u00"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}]}`,
	"a key as a name":        `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"MAIL\":4012888888881881,\"4012888888881881\":[-4012888888881881.0e1]}"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}]}`,
	"malformed base64":       `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"YWRh*"}}]}]}`,
	"escaped base64":         `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"YWRhQGV4YW1wbGUuY29t\n"}}]}]}`,
	"base64 that is no text": `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"text/plain","data":"/////w=="}}]}]}`,
	"a file without data":    `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a","file_data":"data:text/plain;base64"}}]}]}`,
	"an unknown part":        `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":[{"type":"x","x":["MAIL",{"x":"MAIL"}]}]}]}`,
	"an unknown role":        `{"model":"M","max_tokens":9,"messages":[{"role":"x","content":"MAIL"}]}`,
	"unknown tools":          `{"model":"M","max_tokens":9,"messages":[{"role":"user","content":"MAIL"}],"tools":[{"type":"x","x":"MAIL"},"MAIL",1]}`,
}

// TestNoClientCanCauseAGatewayError holds that whatever a client sends is answered, or refused as
// its own fault, and that nothing of what is masked reaches the provider of a good request.
func TestNoClientCanCauseAGatewayError(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"guarded": everything}, "", "")
	for name, body := range hostileBodies {
		for _, backend := range backends {
			for _, path := range []string{chatPath, claudePath, claudePath + "/count_tokens", "/v1/embeddings"} {
				t.Run(name+" "+strings.TrimPrefix(path, "/v1/")+" to "+backend, func(t *testing.T) { r.with(t).checkHostile(t, path, body, backend) })
			}
		}
	}
	if strings.Contains(r.Metrics(), `outcome="gateway_error"`) {
		t.Error("there are gateway errors")
	}
}

func (r *rig) checkHostile(t *testing.T, path, body, backend string) {
	before := len(r.at.Settled())
	body = strings.NewReplacer("MAIL", mail, `"M"`, `"guarded-`+backend+`"`, "DEEP", strings.Repeat(`[{"a":`, 5000)+`"`+mail+`"`+strings.Repeat(`}]`, 5000)).Replace(body)
	a := r.Ask(gatewaytest.ChatRequest(path, body, "", "anthropic-version", "2023-06-01"))
	if a.Status >= 500 || a.Err != nil {
		t.Errorf("%d %v %s", a.Status, a.Err, a.Body)
	}
	if path == "/v1/embeddings" {
		return // what is not the input is no text there
	}
	for _, s := range r.at.Settled()[before:] {
		if got := string(s.Body); strings.Contains(got, mail) {
			t.Errorf("the provider got %.2000s", got)
		}
	}
}
