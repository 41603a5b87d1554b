package contenttest

import (
	"math/rand/v2"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
)

// Beside fails the test if a text in pieces is masked in another way than as a whole if another
// scanner, at random, holds more of it back: down to any byte that is not inside of a finding.
func Beside(t testing.TB, scanner content.Scanner, text string) {
	t.Helper()
	random := rand.New(rand.NewPCG(2, uint64(len(text))))
	want := Mask(scanner, text)
	for range 8 {
		var masked []byte
		released := 0
		for end := 0; end < len(text); {
			end = min(len(text), end+1+random.IntN(9))
			start := max(0, released-Context)
			window, from := []byte(text[start:end]), released-start
			findings, hold := scanFrom(scanner, window, from), len(window)
			if end < len(text) {
				hold = max(from, holdFrom(scanner, window, from)-random.IntN(20))
			}
			for _, f := range findings {
				if f.Start < hold && hold < f.End {
					hold = f.Start
				}
			}
			masked, released = appendMasked(masked, findings, text, start, start+hold, released)
		}
		if got := string(masked); got != want {
			t.Fatalf("beside another:\n%q, want\n%q", got, want)
		}
	}
}
