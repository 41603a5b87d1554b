package secrets

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

// TestTextsOneAfterTheOther makes long texts, of which a stream has only the last bytes in front.
func TestTextsOneAfterTheOther(t *testing.T) {
	var texts []string
	for _, file := range corpus {
		for _, l := range contenttest.Read(t, file) {
			texts = append(texts, l.Text)
		}
	}
	sc, random := scanner(t), rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var parts []string
		for range 4 {
			parts = append(parts, texts[random.IntN(len(texts))])
		}
		joint := [...]string{" ", "\n", ", ", "", "-", "=", ":"}[random.IntN(7)]
		text := strings.Join(parts, joint)
		contenttest.Streams(t, sc, text)
		contenttest.Beside(t, sc, text)
	}
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
	work := func(pattern string, times int) int {
		p := pass{s: bytes.Repeat([]byte(pattern), times), on: 1<<lastKind - 1, blind: true}
		p.open = len(p.s)
		p.run()
		return p.work
	}
	for _, pattern := range hostile {
		once, twice := work(pattern, 4000), work(pattern, 8000)
		if twice > once*2+2*maxKey || twice > 300*8000*len(pattern) {
			t.Errorf("%q: %d bytes read for %d, %d for twice as many", pattern, once, 4000*len(pattern), twice)
		}
	}
}

func TestProseIsReleasedWordByWord(t *testing.T) {
	for _, text := range []string{"an ordinary sentence ", "it ", "the password is ", "bearer ", "my key: ", "(see above) ", "\"quoted\" ",
		"in 2026 we ", "die Größe ist ", "https://example.com/a/b?c=d ", "a = b + c; ", "well-known ", "--- \n",
		"-----BEGIN PRIVATE KEY----- is the line that a private key begins with, and what comes then is its body in base 64: "} {
		if hold := scanner(t).Hold([]byte(text)); hold != len(text) {
			t.Errorf("%q is held from %d on", text, hold)
		}
	}
}
