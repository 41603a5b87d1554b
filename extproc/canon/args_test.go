package canon

import (
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

// TestNoArgumentsAreHeldBack holds that what may be none is not passed on before it is
// known to be more, wherever it is cut, and that nothing of what is more is lost.
func TestNoArgumentsAreHeldBack(t *testing.T) {
	for text, want := range map[string]string{
		``: ``, ` `: ``, `\n \t\r`: ``, `null`: ``, ` null `: ``, `\"\"`: ``, `\"null\"`: ``,
		`{}`: `{}`, ` {\"a\":null}`: ` {\"a\":null}`, `nullable`: `nullable`, `null{}`: `null{}`, `\"\"x`: `\"\"x`, `5`: `5`,
	} {
		pieces := escapes(text)
		for from := range len(pieces) + 1 {
			for to := from; to <= len(pieces); to++ {
				var h ArgsHead
				got := ""
				for _, part := range [][]string{pieces[:from], pieces[from:to], pieces[to:]} {
					piece := `"`
					for _, p := range part {
						piece += p
					}
					got += string(Inside(h.Feed(scan.Value(piece + `"`))))
				}
				if got != want {
					t.Fatalf("%q cut at %d and %d: %q", text, from, to, got)
				}
			}
		}
	}
}
