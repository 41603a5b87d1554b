package redact_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/redact"
)

const limit = 300

func TestText(t *testing.T) {
	const request = `{"model":"gpt-4o","messages":[{"role":"user","content":"Call Ann on 555 0100, please. \u30c6\u30b9\u30c8\u6587\u66f8\u3067\u3059"},{"role":"user","content":"M\u00fcller"},{"content": [{"text": "Salt"}]}]}`
	for name, c := range map[string]struct{ text, want string }{
		"words of the provider stay":  {"This model's maximum context length is 8192 tokens.", "This model's maximum context length is 8192 tokens."},
		"names in quotes stay":        {"Unsupported parameter: 'max_tokens'. Use \"max_completion_tokens\" with `o3-mini-2025-01-31`.", "Unsupported parameter: 'max_tokens'. Use \"max_completion_tokens\" with `o3-mini-2025-01-31`."},
		"dated models stay":           {"claude-sonnet-4-5-20250929 is not served", "claude-sonnet-4-5-20250929 is not served"},
		"sentences in quotes do not":  {"Invalid value: 'my secret plan' at messages[0]", "Invalid value: '[...]' at messages[0]"},
		"a quote that does not end":   {"cannot parse \"my secret plan", "cannot parse \"[...]\""},
		"objects do not":              {"Input should be a string, input_value={'text': {'a': 'b'}} of type dict", "Input should be a string, input_value={[...]} of type dict"},
		"a long word in quotes":       {"bad '" + strings.Repeat("x", 65) + "'", "bad '[...]'"},
		"words of the request do not": {"moderation stopped at: Call Ann on 555 0100, please.", "moderation stopped at: [...]"},
		"nor those of other scripts":  {"bad input テスト文書です here", "bad input [...] here"},
		"a whole text of one word":    {"I will not answer 'Müller', nor Salt.", "I will not answer [...] nor [...]"},
		"keys":                        {"Incorrect API key provided: sk-proj-abcdef. See https://example.com/keys.", "Incorrect API key provided: [...] See https://example.com/keys."},
		"masked keys":                 {"key abcd****wxyz is wrong", "key [...] is wrong"},
		"random words":                {"token=a1b2c3d4e5f6a7b8c9 of deployment eastus-2", "[...] of deployment eastus-2"},
		"credentials":                 {"got Bearer abc", "got Bearer [...]"},
		"addresses":                   {"account of jane.doe@example.com, closed", "account of [...] closed"},
		"given secrets":               {"the key k1 is wrong", "the key [...] is wrong"},
		"signs for terminals":         {"no\x1b[31m such\u202e\nmodel", "no [31m such model"},
		"nothing":                     {"", ""},
	} {
		if got := redact.Text(c.text, []byte(request), []string{"k1", ""}, limit); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	got := redact.Text(strings.Repeat("ü is wrong ", 1000), nil, nil, limit)
	if len(got) > limit || len(got) < limit-8 || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("Invalid value: 'a b' {x", `{"a":"b"}`)
	f.Add("\xff“a", "")
	f.Fuzz(func(t *testing.T, text, request string) {
		got := redact.Text(text, []byte(request), []string{"secret"}, limit)
		if len(got) > limit || !utf8.ValidString(got) || strings.Contains(got, "secret") && !strings.Contains(text, "secret") {
			t.Errorf("%q", got)
		}
	})
}
