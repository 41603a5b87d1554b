package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/policy/quirk"
	"github.com/headgate/headgate/policy/trait"
)

const (
	enabled    = `"thinking":{"type":"enabled","budget_tokens":2048},`
	disabled   = `"thinking":{"type":"disabled"},`
	adaptive   = `"thinking":{"type":"adaptive"},`
	user       = `{"role":"user","content":"x"}`
	use        = `{"type":"tool_use","id":"t1","name":"f","input":{}}`
	result     = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r"}]}`
	signed     = `{"type":"thinking","thinking":"w","signature":"EqEE+/=="}`
	unsigned   = `{"type":"thinking","thinking":"w","signature":""}`
	elsewhere  = `{"type":"thinking","thinking":"w","signature":"5d3c-uuid"}`
	otherCloud = `{"type":"redacted_thinking","data":"gAAAAABo"}`
	redacted   = `{"type":"redacted_thinking","data":"EmwKAhgB"}`
	text       = `{"type":"text","text":"y"}`
	blank      = `{"type":"text","text":" \n"}`
	empty      = `{"type":"text","text":""}`
)

func says(blocks ...string) string {
	return `{"role":"assistant","content":[` + strings.Join(blocks, ", ") + `]}`
}

// TestHistoriesOfOthersAreMended holds what becomes of a conversation that other servers
// wrote, in Anthropic's own dialect: bytes that it does not mind stay.
func TestHistoriesOfOthersAreMended(t *testing.T) {
	for _, c := range []struct {
		name           string
		head, wantHead string
		messages, want []string // want of the same: nil
		dropped        string
		traits         trait.Set
	}{
		{name: "its own", head: enabled, messages: []string{user, says(signed, use), result, says(redacted, use), result}},
		{name: "a loop of which a later call has none", head: enabled, messages: []string{user, says(signed, use), result, says(use), result}},
		{name: "an answer without thinking", head: enabled, messages: []string{user, says(text), user}},
		{name: "unsigned, by another, encrypted", messages: []string{user, says(unsigned, elsewhere, otherCloud, text), user},
			want: []string{user, says(text), user}, dropped: "messages[1].content[0] messages[1].content[1] messages[1].content[2]"},
		{name: "no signature at all", messages: []string{user, says(text, `{"type":"thinking","thinking":"w"}`), user},
			want: []string{user, says(text), user}, dropped: "messages[1].content[1]"},
		{name: "nothing else was said", messages: []string{user, says(unsigned), user}, want: []string{user, user}, dropped: "messages[1]"},
		{name: "a loop that began without", head: enabled, wantHead: disabled, messages: []string{user, says(use), result}, want: []string{user, says(use), result}, dropped: "thinking"},
		{name: "a loop whose thinking goes", head: enabled, wantHead: disabled, messages: []string{user, says(unsigned, use), result},
			want: []string{user, says(use), result}, dropped: "thinking messages[1].content[0]"},
		{name: "a loop whose later thinking is signed", head: enabled, wantHead: disabled, messages: []string{user, says(use), result, says(signed, use), result},
			want: []string{user, says(use), result, says(signed, use), result}, dropped: "thinking"},
		{name: "a loop that is over", head: enabled, messages: []string{user, says(use), result, says(text), user}},
		{name: "text after the result", head: enabled, wantHead: disabled, dropped: "thinking",
			messages: []string{user, says(use), `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"},{"type":"text","text":"go on"}]}`},
			want:     []string{user, says(use), `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"},{"type":"text","text":"go on"}]}`}},
		{name: "a model that chooses", head: enabled, wantHead: adaptive, traits: trait.Set{Forms: trait.Adaptive},
			messages: []string{user, says(use), result}, want: []string{user, says(use), result}, dropped: "thinking"},
		{name: "thinking that the model chooses", head: adaptive, messages: []string{user, says(use), result}},
		{name: "no thinking", messages: []string{user, says(use), result}},
		{name: "edits that want thinking", head: `"context_management":{"edits":[{"type":"clear_thinking_20251015"}]},` + enabled, wantHead: disabled,
			messages: []string{user, says(use), result}, want: []string{user, says(use), result}, dropped: "context_management thinking"},
		{name: "blanks", messages: []string{user, says(blank, use, empty), `{"role":"user","content":[` + text + `,` + empty + `]}`},
			want: []string{user, says(use), `{"role":"user","content":[` + text + `]}`}, dropped: "messages[1].content[0]"},
		{name: "a user who says nothing is told so", messages: []string{user, says(text), `{"role":"user","content":[` + empty + `]}`}},
		{name: "an answer of nothing", messages: []string{user, `{"role":"assistant","content":""}`, user}, want: []string{user, user}, dropped: "messages[1]"},
		{name: "an answer sent back whole", messages: []string{user, `{"id":"msg_1","type":"message","role":"assistant","content":[` + text + `],"stop_sequence":null}`, user},
			want: []string{user, says(text), user}, dropped: "messages[1].id messages[1].type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == nil {
				c.want, c.wantHead = c.messages, c.head
			}
			body := func(head string, messages []string) string {
				return ` {` + head + `"model":"m","messages":[` + strings.Join(messages, " ,") + `],"odd":1}`
			}
			in, want := body(c.head, c.messages), body(c.wantHead, c.want)
			got, dropped, changed := anthropic.Dialect{}.Mend([]byte(in), &canon.Target{Quirks: quirk.Set{SignedThinking: true}, Traits: c.traits})
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.dropped, strings.Join(dropped, " ")); diff != "" {
				t.Errorf("dropped: %s", diff)
			}
			if changed != (in != want) {
				t.Errorf("changed %v", changed)
			}
			if got, _, changed := (anthropic.Dialect{}).Mend([]byte(in), &canon.Target{}); changed || string(got) != in {
				t.Errorf("a server that checks nothing got %s", got)
			}
		})
	}
}

// TestAHistoryThatNeedsNothingCostsNothing holds that looking through one takes no
// memory.
func TestAHistoryThatNeedsNothingCostsNothing(t *testing.T) {
	turn := strings.Join([]string{user, says(signed, text, use), result, says(text)}, ",") + ","
	body := []byte(`{` + enabled + `"model":"m","messages":[` + strings.Repeat(turn, 50) + user + `]}`)
	target := canon.Target{Quirks: quirk.Set{SignedThinking: true}}
	if n := testing.AllocsPerRun(20, func() {
		if _, _, changed := (anthropic.Dialect{}).Mend(body, &target); changed {
			t.Fatal("changed")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
