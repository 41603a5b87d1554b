package dialect_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/canon/canontest"
	"github.com/headgate/headgate/extproc/dialect"
)

// TestToolNamesReachServersAndComeBack holds that a tool whose name a server does not take
// goes by one that it takes, the same in tools, choice and history, and that a call of it
// in the answer has the client's name.
func TestToolNamesReachServersAndComeBack(t *testing.T) {
	forms := map[string]func(name string) object{
		"anthropic": func(name string) object {
			return object{"tools": []any{object{"name": name, "input_schema": object{"type": "object"}}, object{"name": "g", "input_schema": object{"type": "object"}}},
				"tool_choice": object{"type": "tool", "name": name}}
		},
		"openai": func(name string) object {
			f := object{"name": name}
			return object{"tools": []any{object{"type": "function", "function": f}, object{"type": "function", "function": object{"name": "g"}}}, "tool_choice": object{"type": "function", "function": f}}
		},
	}
	for _, c := range []struct {
		client, server, name string
		max                  int
	}{
		{"anthropic", "openai", "f", 1},
		{"anthropic", "openai", strings.Repeat("n", 65), 64},
		{"anthropic", "openai", "mcp__" + strings.Repeat("n", 123), 64},
		{"openai", "anthropic", strings.Repeat("n", 129), 128},
		{"openai", "anthropic", "server.tool: one", 128},
	} {
		body := forms[c.client](c.name)
		calls := []call{{"call_1", "m"}}
		body["model"], body["max_tokens"] = "m", 9
		body["messages"] = append([]any{object{"role": "user", "content": "go"}}, said[c.client](calls, calls)...)
		asked := strings.ReplaceAll(string(encoded(body)), `"name":"f"`, `"name":`+string(encoded(c.name)))
		r, err := dialect.ByName(c.client).Decode([]byte(asked))
		if err != nil {
			t.Fatal(err)
		}
		server, client := dialect.ByName(c.server), dialect.ByName(c.client)
		sent, dropped, err := server.Encode(nil, r, canon.Target{Model: "m"})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %q, %v", dropped, err)
		}
		names := namesIn(string(sent))
		if len(names) != 4 || names[0] != names[2] && names[0] != names[3] || len(names[0]) > c.max || !plainID.MatchString(names[0]) {
			t.Errorf("%s to %s: %q", c.client, c.server, names)
		}
		called := func(b []byte) []byte {
			return []byte(strings.ReplaceAll(string(b), `"name":"f"`, `"name":"`+names[0]+`"`))
		}
		asker := canon.Client{Request: r}
		answer, err := server.DecodeAnswer(called(whole[c.server](0, []string{`"c"`})))
		if err != nil {
			t.Fatal(err)
		}
		stream := canontest.Stream(server.Decoder(false), client.Encoder(asker), called(streamed[c.server](0, []string{`"c"`})))
		for _, got := range [][]byte{client.EncodeAnswer(nil, answer, asker), stream} {
			if !strings.Contains(string(got), `"name":`+string(encoded(c.name))) {
				t.Errorf("%s from %s: %s", c.client, c.server, got)
			}
		}
	}
}

// namesIn returns the names in a body, in their order.
func namesIn(body string) (all []string) {
	for _, rest := range strings.Split(body, `"name":"`)[1:] {
		name, _, _ := strings.Cut(rest, `"`)
		all = append(all, name)
	}
	return all
}
