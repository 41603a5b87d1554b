package answers

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/cmd/headgate/gatewaytest"
)

// oddBody is valid JSON that no encoder would write: it shows whether a byte of
// what nobody rewrites was touched.
const oddBody = "\n { \"metadata\" : {\"a\":1.50,\"a\":1.5e+00, \"deep\":[[[ ]]]} ,\t\"model\"\r\n:  \"%s\"  , \"temperature\":0.50,\"messages\" : [ {\"role\":\"user\",\"content\":\"%s \\u00e9\\ud83d\\ude00 \\/ é\"} ] , \"service_tier\":12345678901234567890 }  \n"

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	g, p := gatewaytest.Serve(t, "")
	for _, c := range []struct {
		name, path, body, want string
		chunked                bool
	}{
		{"same name: byte for byte", "/v1/chat/completions", fmt.Sprintf(oddBody, "plain", "odd one"), fmt.Sprintf(oddBody, "plain", "odd one"), false},
		{"other name: only the value", "/v1/chat/completions", fmt.Sprintf(oddBody, "renamed", "odd two"), fmt.Sprintf(oddBody, "plain", "odd two"), false},
		{"an escaped name is the name", "/v1/chat/completions", fmt.Sprintf(oddBody, `r\u0065named`, "odd three"), fmt.Sprintf(oddBody, "plain", "odd three"), false},
		{"chunked upload", "/v1/chat/completions", fmt.Sprintf(oddBody, "plain", "odd four"), fmt.Sprintf(oddBody, "plain", "odd four"), true},
		{"chunked upload that is rewritten", "/v1/chat/completions", fmt.Sprintf(oddBody, "renamed", "odd five"), fmt.Sprintf(oddBody, "plain", "odd five"), true},
		{"Anthropic: byte for byte", "/v1/messages", fmt.Sprintf(strings.Replace(oddBody, "{", `{"max_tokens":5,`, 1), "plain-claude", "odd six"),
			fmt.Sprintf(strings.Replace(oddBody, "{", `{"max_tokens":5,`, 1), "plain-claude", "odd six"), false},
		{"Anthropic: only the value", "/v1/messages", fmt.Sprintf(strings.Replace(oddBody, "{", `{"max_tokens":5,`, 1), "renamed-claude", "odd seven"),
			fmt.Sprintf(strings.Replace(oddBody, "{", `{"max_tokens":5,`, 1), "plain-claude", "odd seven"), false},
		{"an unknown field", "/v1/chat/completions", strings.Replace(fmt.Sprintf(oddBody, "renamed", "odd nine"), "temperature", "x-unknown", 1),
			strings.Replace(fmt.Sprintf(oddBody, "plain", "odd nine"), "temperature", "x-unknown", 1), false},
		{"usage is asked for in a stream", "/v1/chat/completions", `{"model":"renamed", "stream":true,"messages":[{"role":"user","content":"odd eight"}]}`,
			`{"stream_options":{"include_usage":true},"model":"plain", "stream":true,"messages":[{"role":"user","content":"odd eight"}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g, p := g.With(t), p.With(t)
			r := gatewaytest.ChatRequest(c.path, c.body, "", "anthropic-version", "2023-06-01")
			r.Chunked = c.chunked
			if a := g.Ask(r); a.Status != 200 && !strings.Contains(a.Body, "x-unknown") { // which the provider refuses, not the gateway
				t.Fatalf("status %d: %s", a.Status, a.Body)
			}
			i := strings.Index(c.body, "odd ")
			served := p.Find(c.body[i : i+len("odd xx")])
			if got := string(served.Body); got != c.want {
				t.Errorf("the provider got\n%q, want\n%q", got, c.want)
			}
			if got := served.Header.Get("Content-Length"); got != strconv.Itoa(len(c.want)) {
				t.Errorf("content-length %q, want %d", got, len(c.want))
			}
		})
	}
}
