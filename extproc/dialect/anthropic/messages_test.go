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
	if want := "event: message_start\n" + `data: {"type":"message_start","message":{"id":"msg_id","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,` +
		`"usage":{"input_tokens":42,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}` + "\n\n"; start != want {
		t.Errorf("got %s", start)
	}
	end := func(usage *canon.Usage) string {
		e := anthropic.Dialect{}.Encoder(canon.Client{Input: 42})
		e.Append(nil, &canon.Event{Kind: canon.EventStart})
		if usage != nil {
			e.Append(nil, &canon.Event{Kind: canon.EventUsage, Usage: usage})
		}
		return string(e.Append(nil, &canon.Event{Kind: canon.EventDone}))
	}
	if got := end(nil); !strings.Contains(got, `"usage":{"input_tokens":42,`) {
		t.Errorf("nothing was counted: %s", got)
	}
	if got := end(&canon.Usage{Input: 7, Seen: canon.BucketInput}); !strings.Contains(got, `"usage":{"input_tokens":7,`) {
		t.Errorf("7 were counted: %s", got)
	}
}

// TestARawBlockKeepsItsFrame holds that line ends inside JSON do not end the frame.
func TestARawBlockKeepsItsFrame(t *testing.T) {
	e := anthropic.Dialect{}.Encoder(canon.Client{})
	e.Append(nil, &canon.Event{Kind: canon.EventStart})
	got := string(e.Append(nil, &canon.Event{Kind: canon.EventOther, Raw: scan.Value("{\r\n\"type\":\r\"x\"\n}")}))
	if _, data, _ := strings.Cut(got, "data: "); strings.ContainsAny(strings.TrimSuffix(data, "\n\n"), "\r\n") {
		t.Errorf("got %q", got)
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
