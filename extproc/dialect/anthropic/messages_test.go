package anthropic_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/scan"
)

func TestInputIsAnEstimateUntilItIsCounted(t *testing.T) {
	e := anthropic.Dialect{}.Encoder(canon.Client{Input: 42})
	start := string(e.Append(nil, &canon.Event{Kind: canon.EventStart, ID: scan.Value(`"id"`), Model: scan.Value(`"m"`)}))
	if want := "event: message_start\n" + `data: {"type":"message_start","message":{"id":"id","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,` +
		`"usage":{"input_tokens":42,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}` + "\n\n"; start != want {
		t.Errorf("got %s", start)
	}
}

func TestAStreamThatMakesTooMuchWaitIsGivenUp(t *testing.T) {
	e := anthropic.Dialect{}.Encoder(canon.Client{})
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	e.Append(nil, &canon.Event{Kind: canon.EventToolStart, ID: scan.Value(`"c"`), Name: scan.Value(`"f"`)})
	text := scan.Value(`"` + strings.Repeat("x", 1<<20) + `"`)
	for range 16 {
		if out := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: text}); len(out) > 0 {
			t.Fatalf("%.100s", out)
		}
	}
	if out := e.Append(nil, &canon.Event{Kind: canon.EventText, Text: text}); !e.Ended() || !strings.HasPrefix(string(out), "event: error") {
		t.Errorf("%.100s", out)
	}
}

func TestToolIDsComeBackAndStayApart(t *testing.T) {
	ids := []string{"call_1", "", "a b", "hgid_YWJj", "hgid_", "abc", "hgid_YSBi", "é", "\"\\", "hgid_aGdpZF9ZV0pq", strings.Repeat("x", 100) + ":"}
	seen := map[string]string{}
	for _, id := range ids {
		there, back := anthropic.MapID(id)
		if back != id {
			t.Errorf("%q comes back as %q", id, back)
		}
		if other, ok := seen[there]; ok {
			t.Errorf("%q and %q both become %q", id, other, there)
		}
		seen[there] = id
		for _, c := range there {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", c) {
				t.Errorf("%q becomes %q, which Anthropic refuses", id, there)
			}
		}
	}
}
