package canon

import "testing"

func TestArgumentsAreWholeAtTheirLastBraceWhereverTheyAreCut(t *testing.T) {
	for _, text := range []string{
		`{}`, `{\"a\":1}`, `{\"a\":\"}\"}`, `{\"a\":\"\\\"}\"}`, `{\"a\":\"\\\\\"}`, `{\"a\":[{\"b\":{}}]}`, `\n{ \n}`, `{\"a\":\u0022}\u0022}`, `{\u0022a\u0022:1\u007d`, `{\"\/\":\"\u00e9\\u0022\"}`,
	} {
		pieces := escapes(text)
		var c Complete
		for i, p := range pieces {
			if c.Done() {
				t.Errorf("%s: done before piece %d of %d", text, i, len(pieces))
			}
			c.Feed([]byte(p))
		}
		if !c.Done() {
			t.Errorf("%s: not done", text)
		}
	}
}

// escapes cuts escaped text into its characters: pieces of strings are cut between them.
func escapes(text string) (pieces []string) {
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
	return pieces
}
