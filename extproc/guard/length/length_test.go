package length_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/dialect/anthropic"
	"github.com/headgate/headgate/extproc/dialect/openai"
	"github.com/headgate/headgate/extproc/guard/content"
	"github.com/headgate/headgate/extproc/guard/length"
	"github.com/headgate/headgate/policy"
)

// three are requests of three messages, as clients count them.
var three = map[string]string{
	"openai":    `{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"a","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`,
	"anthropic": `{"model":"m","max_tokens":1,"system":"s","messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"r"},{"type":"text","text":"u"}]}]}`,
}

func request(t *testing.T, dialect string) *canon.Request {
	t.Helper()
	decode := openai.Dialect{}.Decode
	if dialect == "anthropic" {
		decode = anthropic.Dialect{}.Decode
	}
	r, err := decode([]byte(three[dialect]))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMeasure holds what is counted.
func TestMeasure(t *testing.T) {
	texts := []content.Text{{Plain: []byte("grüße")}, {Plain: []byte("机密"), Kind: content.Result}, {}}
	for dialect := range three {
		want := length.Size{Chars: 7, Tokens: 4, Messages: 3}
		if got := length.Measure(request(t, dialect), texts); got != want {
			t.Errorf("%s: %+v instead of %+v", dialect, got, want)
		}
	}
	if got := length.Measure(nil, texts); got != (length.Size{Chars: 7, Tokens: 4}) {
		t.Errorf("no request: %+v", got)
	}
}

// TestCheck holds what is said of the bounds.
func TestCheck(t *testing.T) {
	texts := []content.Text{{Plain: []byte("twelve chars")}}
	for _, c := range []struct {
		name   string
		bounds policy.LengthGuard
		want   content.Opinion
	}{
		{"at each bound", policy.LengthGuard{MaxChars: 12, MaxTokens: 3, MaxMessages: 3}, content.Opinion{}},
		{"no bound", policy.LengthGuard{}, content.Opinion{}},
		{"characters", policy.LengthGuard{MaxChars: 11}, content.Opinion{Flagged: true, Types: []string{length.Chars}, Message: "The request is too long: it has 12 characters, and the limit is 11."}},
		{"tokens", policy.LengthGuard{MaxTokens: 2}, content.Opinion{Flagged: true, Types: []string{length.Tokens}, Message: "The request is too long: it has about 3 tokens, and the limit is 2."}},
		{"messages", policy.LengthGuard{MaxMessages: 2}, content.Opinion{Flagged: true, Types: []string{length.Messages}, Message: "The request is too long: it has 3 messages, and the limit is 2."}},
		{"several, of which the first is named", policy.LengthGuard{MaxTokens: 2, MaxMessages: 2}, content.Opinion{Flagged: true, Types: []string{length.Tokens, length.Messages}, Message: "The request is too long: it has about 3 tokens, and the limit is 2."}},
	} {
		if diff := cmp.Diff(c.want, length.New(&c.bounds).Check(request(t, "openai"), texts)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
