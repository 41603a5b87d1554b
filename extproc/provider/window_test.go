package provider

import (
	"strings"
	"testing"
)

// TestMinTokens holds that what a text has of tokens at least is no more than any tokenizer
// makes of it: escapes and data count for what they stand for.
func TestMinTokens(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int64
	}{
		{"English", strings.Repeat("word ", 1000), 1000},
		{"Japanese", strings.Repeat("日本", 1000), 1200},
		{"Japanese, escaped", strings.Repeat(`\u65e5\u672c`, 1000), 1200},
		{"an image", `"` + strings.Repeat("iVBORw0KGgo+", 300_000) + `"`, 1280},
	} {
		if got := minTokens([]byte(c.text)); got != c.want {
			t.Errorf("%s: %d tokens, want %d", c.name, got, c.want)
		}
	}
}
