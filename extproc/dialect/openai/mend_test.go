package openai_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/policy/quirk"
)

var servers = map[string]quirk.Set{
	"openai":   {History: quirk.OpenAIHistory},
	"groq":     {History: quirk.GroqHistory},
	"mistral":  {History: quirk.MistralHistory},
	"deepseek": {History: quirk.DeepSeekHistory, ReplayReasoning: true},
	"unknown":  {},
}

// TestHistoriesOfOthersAreMended holds what becomes of a conversation that other servers
// wrote, in their own dialect: bytes that no server minds stay.
func TestHistoriesOfOthersAreMended(t *testing.T) {
	const call = `{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}`
	for _, c := range []struct {
		name, servers  string
		history, want  string // WANT of the same: ""
		dropped, model string
		before, added  string // members before messages, and what they become
	}{
		{name: "what OpenAI writes is its own", servers: "openai unknown",
			history: `{"role":"assistant", "content":"x","refusal":null,"annotations":[]}`},
		{name: "empty members of others", servers: "groq mistral deepseek",
			history: `{"role":"assistant", "content":"x","refusal":null,"annotations":[],"audio":null,"function_call":null,"tool_calls":[]}`,
			want:    `{"role":"assistant", "content":"x"}`},
		{name: "no calls at all", servers: "openai",
			history: `{"tool_calls":[],"role":"assistant","content":"x","function_call":null}`,
			want:    `{"role":"assistant","content":"x"}`},
		{name: "reasoning", servers: "openai groq mistral",
			history: `{"reasoning_content":"w","role":"assistant","content":"x","reasoning_details":[{"type":"reasoning.text"}]}`,
			want:    `{"role":"assistant","content":"x"}`, dropped: "messages[1].reasoning_content messages[1].reasoning_details"},
		{name: "members that nobody has heard of", servers: "openai groq mistral deepseek",
			history: `{"role":"assistant","executed_tools":[{"x":1}],"content":"x","images":[],"later":{"a":1}}`,
			want:    `{"role":"assistant","content":"x"}`, dropped: "messages[1].executed_tools messages[1].later"},
		{name: "a server that is not known", servers: "unknown",
			history: `{"role":"assistant","content":"x","executed_tools":[{"x":1}],"reasoning_content":"w"}`},
		{name: "no prefix", servers: "openai groq", history: `{"role":"assistant","content":"x","prefix":false}`, want: `{"role":"assistant","content":"x"}`},
		{name: "no prefix at home", servers: "mistral deepseek", history: `{"role":"assistant","content":"x","prefix":false}`},
		{name: "a prefix that is asked for", servers: "openai mistral", history: `{"role":"assistant","content":"x","prefix":true}`},
		{name: "a refusal where there is none", servers: "groq mistral deepseek", history: `{"role":"assistant","content":null,"refusal":"no"}`,
			want: `{"role":"assistant","content":""}`, dropped: "messages[1].refusal"},
		{name: "thinking in the content", servers: "openai groq deepseek",
			history: `{"role":"assistant","content":[{"type":"thinking","thinking":[]}, {"type":"text","text":"x"}]}`,
			want:    `{"role":"assistant","content":[{"type":"text","text":"x"}]}`, dropped: "messages[1].content[0]"},
		{name: "thinking in the content at home", servers: "mistral",
			history: `{"role":"assistant","content":[{"type":"thinking","thinking":[]}, {"type":"text","text":"x"}]}`},
		{name: "thinking alone", servers: "openai groq", history: `{"role":"assistant","content":[{"type":"thinking","thinking":[]}]}`,
			want: `{"role":"assistant","content":""}`, dropped: "messages[1].content[0]"},
		{name: "thinking and a call", servers: "openai groq", history: `{"role":"assistant","content":[{"type":"thinking","thinking":[]}],"tool_calls":[` + call + `]}`,
			want: `{"role":"assistant","content":null,"tool_calls":[` + call + `]}`, dropped: "messages[1].content[0]"},
		{name: "reasoning and nothing said", servers: "openai", history: `{"role":"assistant","content":null,"reasoning":"w"}`,
			want: `{"role":"assistant","content":""}`, dropped: "messages[1].reasoning"},
		{name: "reasoning and no content", servers: "openai", history: `{"reasoning":"w","role":"assistant"}`,
			want: `{"content":"","role":"assistant"}`, dropped: "messages[1].reasoning"},
		{name: "what others add to calls", servers: "openai groq",
			history: `{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{}","parsed":1},"extra_content":{"s":"x"}}]}`,
			want:    `{"role":"assistant","content":null,"tool_calls":[` + call + `]}`, dropped: "messages[1].tool_calls[0].function.parsed messages[1].tool_calls[0].extra_content"},
		{name: "an index at home", servers: "mistral", history: `{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`},
		{name: "Groq's reasoning models take their own", servers: "groq", model: "openai/gpt-oss-120b", history: `{"role":"assistant","content":"x","reasoning":"w"}`},
		{name: "Groq's others do not", servers: "groq", history: `{"role":"assistant","content":"x","reasoning":"w"}`, want: `{"role":"assistant","content":"x"}`, dropped: "messages[1].reasoning"},
		{name: "DeepSeek's own loop", servers: "deepseek", history: `{"role":"assistant","content":"","reasoning_content":"w","tool_calls":[` + call + `]}`},
		{name: "a loop with another's reasoning", servers: "deepseek", history: `{"role":"assistant","content":"","reasoning":"w","tool_calls":[` + call + `]}`,
			want: `{"role":"assistant","content":"","reasoning_content":"w","tool_calls":[` + call + `]}`},
		{name: "a loop that began without", servers: "deepseek", history: `{"role":"assistant","content":"","tool_calls":[` + call + `]}`,
			want: `{"role":"assistant","content":"","tool_calls":[` + call + `]}`, dropped: "thinking", added: `"thinking":{"type":"disabled"},`},
		{name: "and what it asked for", servers: "deepseek", history: `{"role":"assistant","content":"","tool_calls":[` + call + `]}`,
			want: `{"role":"assistant","content":"","tool_calls":[` + call + `]}`, dropped: "thinking reasoning_effort",
			before: `"reasoning_effort":"high","thinking":{"type":"enabled"},`, added: `"thinking":{"type":"disabled"},`},
		{name: "a client that asks for no thinking", servers: "deepseek", history: `{"role":"assistant","content":"","tool_calls":[` + call + `]}`,
			before: `"thinking":{"type":"disabled"},`},
		{name: "a talk without tools", servers: "deepseek", history: `{"role":"assistant","content":"x"}`},
	} {
		for _, server := range strings.Fields(c.servers) {
			t.Run(c.name+", "+server, func(t *testing.T) {
				if c.want == "" {
					c.want = c.history
				}
				if c.model == "" {
					c.model = "m"
				}
				body := func(before, history string) string {
					return ` {` + before + `"model":"m","messages":[{"role":"user","content":"x","odd":1},` + history + `,{"role":"tool","tool_call_id":"c1","content":"r"}],"odd":{}}`
				}
				in, want := body(c.before, c.history), body(c.before+c.added, c.want)
				if c.added != "" {
					want = body(c.added, c.want)
				}
				got, dropped, changed := openai.Dialect{}.Mend([]byte(in), &canon.Target{Model: c.model, Quirks: servers[server]})
				if diff := cmp.Diff(want, string(got)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(c.dropped, strings.Join(dropped, " ")); diff != "" {
					t.Errorf("dropped: %s", diff)
				}
				if changed != (in != want) {
					t.Errorf("changed %v", changed)
				}
			})
		}
	}
}

// TestALaterTurnRemembersALoopWithoutReasoning holds that DeepSeek wants the reasoning
// of each turn with calls back for ever, and of others never.
func TestALaterTurnRemembersALoopWithoutReasoning(t *testing.T) {
	const (
		user   = `{"role":"user","content":"x"}`
		calls  = `{"role":"assistant","content":"","reasoning_content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"}`
		said   = `{"role":"assistant","content":"y","reasoning_content":"w"}`
		silent = `{"role":"assistant","content":"y"}`
	)
	for _, c := range []struct {
		name     string
		messages []string
		disabled bool
	}{
		{"its own turns", []string{user, calls, said, user}, false},
		{"the end of a turn is another's", []string{user, calls, silent, user}, true},
		{"a turn without calls is another's", []string{user, silent, user, calls}, false},
		{"two turns ago", []string{user, strings.Replace(calls, `"reasoning_content":"",`, "", 1), said, user, said, user}, true},
	} {
		body := `{"messages":[` + strings.Join(c.messages, ",") + `]}`
		got, _, _ := openai.Dialect{}.Mend([]byte(body), &canon.Target{Quirks: servers["deepseek"]})
		if strings.Contains(string(got), `"disabled"`) != c.disabled {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestAHistoryThatNeedsNothingCostsNothing holds that looking through one takes no
// memory.
func TestAHistoryThatNeedsNothingCostsNothing(t *testing.T) {
	turn := `{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"text","text":"y"}],"refusal":null},` +
		`{"role":"assistant","content":null,"reasoning_content":"w","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"r"},`
	body := []byte(`{"model":"m","messages":[` + strings.Repeat(turn, 50) + `{"role":"user","content":"x"}]}`)
	plain := []byte(strings.ReplaceAll(strings.ReplaceAll(string(body), `"reasoning_content":"w",`, ""), `,"refusal":null`, ""))
	for server, quirks := range servers {
		target, body := canon.Target{Model: "m", Quirks: quirks}, plain
		if server == "deepseek" {
			body = []byte(strings.ReplaceAll(string(plain), `"assistant","content"`, `"assistant","reasoning_content":"w","content"`))
		}
		if n := testing.AllocsPerRun(20, func() {
			if _, _, changed := (openai.Dialect{}).Mend(body, &target); changed || (openai.Dialect{}).Scattered(body, &target) {
				t.Fatalf("%s: changed", server)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", server, n)
		}
	}
}
