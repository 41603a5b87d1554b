package anthropic

import "testing"

func TestArgumentsAreWholeAtTheirLastBraceWhereverTheyAreCut(t *testing.T) {
	for _, text := range []string{
		`{}`, `{\"a\":1}`, `{\"a\":\"}\"}`, `{\"a\":\"\\\"}\"}`, `{\"a\":\"\\\\\"}`, `{\"a\":[{\"b\":{}}]}`, `\n{ \n}`, `{\"a\":\u0022}\u0022}`, `{\u0022a\u0022:1\u007d`, `{\"\/\":\"\u00e9\\u0022\"}`,
	} {
		// Pieces are cut between escapes, as strings always are.
		var pieces []string
		for i := 0; i < len(text); {
			n := 1
			if text[i] == '\\' {
				n = 2
				if text[i+1] == 'u' {
					n = 6
				}
			}
			pieces = append(pieces, text[i:i+n])
			i += n
		}
		var c complete
		for i, p := range pieces {
			if c.done() {
				t.Errorf("%s: done before piece %d of %d", text, i, len(pieces))
			}
			c.feed([]byte(p))
		}
		if !c.done() {
			t.Errorf("%s: not done", text)
		}
	}
}
