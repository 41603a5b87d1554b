package secrets

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

func TestTextsOneAfterTheOther(t *testing.T) {
	contenttest.InARow(t, scanner(t), 100, " ", "\n", ", ", "", "-", "=", ":")
}

// TestLongTokens holds that what is longer than a token may be is masked until there, whether it
// comes in pieces or not, and that a long text without one is not held.
func TestLongTokens(t *testing.T) {
	sc := scanner(t)
	long := strings.Repeat("aB3dE6gH9jK2mN5p", 2000)
	for _, text := range []string{"sk-proj-" + long + " end", "-----BEGIN PRIVATE KEY-----\n" + long + long + "\n-----END PRIVATE KEY----- end",
		"eyJhbGciOiJIUzI1NiJ9.eyJ" + long[:3000] + "." + long[:40] + " end"} {
		var cuts []int
		for i := 1000; i < len(text); i += 1000 {
			cuts = append(cuts, i, i+7)
		}
		want := contenttest.Mask(sc, text)
		if got := contenttest.Stream(sc, text, cuts...); got != want || strings.Contains(got, text[:100]) {
			t.Errorf("%.40s…: %d bytes %.80q, want %d bytes %.80q", text, len(got), got, len(want), want)
		}
	}
	if hold := sc.Hold([]byte(long)); hold != len(long) {
		t.Errorf("%d bytes of %d are held", len(long)-hold, len(long))
	}
}

func TestWorkGrowsWithTheTextAlone(t *testing.T) {
	var all []string
	for _, typ := range Types() {
		all = append(all, typ.Name)
	}
	contenttest.WorkGrows(t, scanner(t, all...), hostile, 4000, 2*maxKey)
}

func TestProseIsReleasedWordByWord(t *testing.T) {
	contenttest.Released(t, scanner(t), "an ordinary sentence ", "it ", "the password is ", "bearer ", "my key: ", "(see above) ", "\"quoted\" ",
		"in 2026 we ", "die Größe ist ", "https://example.com/a/b?c=d ", "a = b + c; ", "well-known ", "--- \n",
		"-----BEGIN PRIVATE KEY----- is the line that a private key begins with, and what comes then is its body in base 64: ")
}
