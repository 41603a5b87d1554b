package pii

import (
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

func TestTextsOneAfterTheOther(t *testing.T) {
	contenttest.InARow(t, scanner(t), 200, " ", "\n", ", ", "", "-", "@", "1")
}

func TestWorkGrowsWithTheTextAlone(t *testing.T) {
	contenttest.WorkGrows(t, scanner(t), hostile, 2000, 2000)
}

func TestProseIsReleasedWordByWord(t *testing.T) {
	contenttest.Released(t, scanner(t), "an ordinary sentence ", "it ", "the card ", "version ", "my e-mail is ", "(see above) ", "\"quoted\" ",
		"in 2026 we ", "12 apples ", "die Größe ist ", "это слово ", "https://example.com/a/b?c=d ", "a = b + c; ")
}
