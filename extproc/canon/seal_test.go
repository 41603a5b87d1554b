package canon

import (
	"testing"

	"github.com/headgate/headgate/extproc/scan"
)

func TestASealIsReadAgain(t *testing.T) {
	for _, by := range []Maker{MadeByAnthropic, MadeByOpenAI} {
		for _, text := range []string{`gAAAAA==`, `a.b.c`, `hg1.openai.x.y`, `\"\u00e9`} {
			for _, label := range []string{"rs_1", "", "a-B_9"} {
				sealed := scan.Value(AppendSeal(nil, by, []byte(label), []byte(text)))
				maker, l, got, ok := ReadSeal(sealed)
				if !ok || maker != by || string(l) != label || string(got) != text || !Sealed(sealed) {
					t.Errorf("%s is read as %q %q %q %v", sealed, maker, l, got, ok)
				}
			}
		}
	}
	if _, label, text, _ := ReadSeal(AppendSeal(nil, MadeByOpenAI, []byte("a.b"), []byte("x"))); len(label) > 0 || string(text) != "x" {
		t.Errorf("a label with a full stop is read as %q, the text as %q", label, text)
	}
}

func TestWhatNobodySealedIsNotRead(t *testing.T) {
	for _, text := range []string{``, `null`, `7`, `""`, `"c2ln"`, `"hg1."`, `"hg1.openai"`, `"hg1.openai.rs_1"`, `"hg1.openai.rs_1."`, `"hg1.mistral.rs_1.x"`, `"hg2.openai.rs_1.x"`} {
		if Sealed(scan.Value(text)) {
			t.Errorf("%s is read", text)
		}
	}
}
