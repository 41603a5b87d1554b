package pii

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

func TestSharedTextsInPieces(t *testing.T) {
	for _, split := range []string{"train", "dev"} {
		for _, l := range contenttest.Shared(t, "pii/"+split+".jsonl") {
			contenttest.Streams(t, scanner(t), l.Text)
			contenttest.Sound(t, scanner(t), l.Text)
		}
	}
}

// TestTextsOneAfterTheOther makes long texts, of which a stream has only the last bytes in front.
func TestTextsOneAfterTheOther(t *testing.T) {
	var texts []string
	for _, file := range corpus {
		for _, l := range contenttest.Read(t, file) {
			texts = append(texts, l.Text)
		}
	}
	sc, random := scanner(t), rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var parts []string
		for range 4 {
			parts = append(parts, texts[random.IntN(len(texts))])
		}
		joint := [...]string{" ", "\n", ", ", "", "-", "@", "1"}[random.IntN(7)]
		text := strings.Join(parts, joint)
		contenttest.Streams(t, sc, text)
		contenttest.Beside(t, sc, text)
	}
}

func TestWorkGrowsWithTheTextAlone(t *testing.T) {
	work := func(pattern string, times int) int {
		p := pass{s: bytes.Repeat([]byte(pattern), times), on: usual(), blind: true}
		p.open = len(p.s)
		p.run()
		return p.work
	}
	for _, pattern := range hostile {
		once, twice := work(pattern, 2000), work(pattern, 4000)
		if twice > once*2+2000 || twice > 300*4000*len(pattern) {
			t.Errorf("%q: %d bytes read for %d, %d for twice as many", pattern, once, 2000*len(pattern), twice)
		}
	}
}

func TestProseIsReleasedWordByWord(t *testing.T) {
	for _, text := range []string{"an ordinary sentence ", "it ", "the card ", "version ", "my e-mail is ", "(see above) ", "\"quoted\" ",
		"in 2026 we ", "12 apples ", "die Größe ist ", "это слово ", "https://example.com/a/b?c=d ", "a = b + c; "} {
		if hold := scanner(t).Hold([]byte(text)); hold != len(text) {
			t.Errorf("%q is held from %d on", text, hold)
		}
	}
}
