package canon

import (
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// TestCallIDsComeBack holds that what a client sees of an id leads back to it, and that
// no two look alike.
func TestCallIDsComeBack(t *testing.T) {
	ids := []string{"", "call_1", "a b", "hgid", "hgid_", "hgid1_", "hgid01_", "hgid1_Y2FsbF8x", "hgid_Y2FsbF8x", "hgid_YSBi", "hgid9999999999_YSBi", "é", "\"\\", "7"}
	for _, plain := range []bool{true, false} {
		seen := map[string]bool{}
		for _, id := range ids {
			for twin := range int32(12) {
				there := AppendCallID(nil, scan.AppendString(nil, id), twin, plain)
				back, n := ReadCallID(there)
				if Str(back) != id || n != twin {
					t.Errorf("%q %d becomes %s and comes back as %s %d", id, twin, there, back, n)
				}
				if seen[string(there)] || plain && !Plain(Inside(there)) {
					t.Errorf("%q %d becomes %s", id, twin, there)
				}
				seen[string(there)] = true
			}
		}
	}
}

func TestIDsThatNobodyWroteAreNotRead(t *testing.T) {
	for text, want := range map[string]string{`7`: `"7"`, `true`: "", `{}`: "", `""`: "", `"hgid_x="`: `"hgid_x="`, `"hgid1_"`: "", `"hgid0_Y2FsbF8x"`: `"hgid0_Y2FsbF8x"`,
		`"hgid_/w"`: `"hgid_/w"`, `"hgid_Y2FsbF8x"`: `"hgid_Y2FsbF8x"`, `"hgid99999999999_Y2FsbF8x"`: `"hgid99999999999_Y2FsbF8x"`} {
		if got, _ := ReadCallID(scan.Value(text)); string(got) != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}

// A thousand calls of one id cost what a thousand others do, and each has its result.
func TestManyCallsOfOneIDArePaired(t *testing.T) {
	const n = 50_000
	id := scan.Value(`"c"`)
	r := Request{Messages: []Message{{Role: RoleAssistant}, {Role: RoleUser}}}
	for range n {
		r.Messages[0].Parts = append(r.Messages[0].Parts, Part{Kind: ToolCall, ID: id})
		r.Messages[1].Parts = append(r.Messages[1].Parts, Part{Kind: ToolResult, ID: id})
	}
	r.PairCalls()
	for i := range int32(n) {
		if a, b := r.Messages[0].Parts[i].Twin, r.Messages[1].Parts[i].Twin; a != i || b != i {
			t.Fatalf("call %d has number %d, its result %d", i, a, b)
		}
	}
}

// TestCallsAndResultsThatAreAloneAreFound holds that only the next turn answers a call, in
// small conversations and in large ones.
func TestCallsAndResultsThatAreAloneAreFound(t *testing.T) {
	for _, n := range []int{1, 100} {
		var r Request
		add := func(role Role, kind Kind, prefix string) {
			m := Message{Role: role}
			for i := range n {
				m.Parts = append(m.Parts, Part{Kind: kind, ID: scan.AppendString(nil, prefix+string(rune('a'+i)))})
			}
			r.Messages = append(r.Messages, m)
		}
		add(RoleUser, ToolResult, "early")
		add(RoleAssistant, ToolCall, "one")
		add(RoleAssistant, ToolCall, "two")
		add(RoleSystem, Text, "")
		add(RoleUser, ToolResult, "two")
		add(RoleUser, ToolResult, "one")
		add(RoleAssistant, ToolCall, "late")
		add(RoleUser, Text, "")
		add(RoleAssistant, Text, "")
		add(RoleUser, ToolResult, "late")
		r.PairCalls()
		for i, want := range []bool{true, false, false, false, false, false, true, false, false, true} {
			for k := range r.Messages[i].Parts {
				if got := r.Messages[i].Parts[k].Alone; got != want {
					t.Fatalf("%d each: part %d of message %d: alone %v", n, k, i, got)
				}
			}
		}
	}
}
