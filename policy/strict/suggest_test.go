package strict

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	names := []string{"openai", "anthropic", "deepseek", "groq", "gpt-5.5"}
	for asked, want := range map[string]string{
		"opnai": "openai", "OpenAI": "openai", "antropic": "anthropic", "depseek": "deepseek", "deespeek": "deepseek",
		"gpt-5,5": "gpt-5.5", "grok": "groq", "gemini": "", "x": "", "": "", "openai": "",
		strings.Repeat("a", 10_000): "",
	} {
		if got := Suggest(asked, names); got != want {
			t.Errorf("Suggest(%.20q) = %q, want %q", asked, got, want)
		}
	}
}
