package secrets

import (
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

// FuzzScan holds that findings are sound, and that a text in pieces is masked as the whole is.
func FuzzScan(f *testing.F) {
	for _, file := range corpus {
		for _, l := range contenttest.Read(f, file) {
			f.Add(l.Text)
		}
	}
	sc := scanner(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 400 || !utf8.ValidString(text) {
			t.Skip()
		}
		contenttest.Sound(t, sc, text)
		contenttest.Streams(t, sc, text)
		contenttest.Beside(t, sc, text)
	})
}
