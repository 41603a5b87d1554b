package phrase_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/content/phrase"
)

func list(t testing.TB, phrases ...string) *phrase.List {
	t.Helper()
	l, err := phrase.NewList("W", phrases)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestScan holds what is found, and that it is found in streams cut anywhere.
func TestScan(t *testing.T) {
	for _, c := range []struct {
		name    string
		phrases string // between commas
		text    string
		want    string
	}{
		{"a word, whatever its case", "acme", "ACME and Acme, not acmes or macme", "[W] and [W], not acmes or macme"},
		{"a phrase over blanks and punctuation", "top secret", "top secret, Top\n\tSecret, top-secret. top... (secret)", "[W], [W], [W]. [W])"},
		{"no phrase over a long gap", "top secret", "top" + strings.Repeat(" ", 33) + "secret", "top" + strings.Repeat(" ", 33) + "secret"},
		{"a phrase over a gap of the greatest length", "top secret", "top" + strings.Repeat(" ", 32) + "secret", "[W]"},
		{"the longest of several", "top,top secret,top secret plan", "top secret plans, top secret plan, top", "[W] plans, [W], [W]"},
		{"the longest that is there to its end", "a,a b c d", "a b c", "[W] b c"},
		{"phrases that overlap are covered", "a b,b c,c d", "a b c d", "[W] [W] [W]"},
		{"a phrase in the middle of another is not found again", "a b c,b", "a b c b", "[W] [W]"},
		{"repetitions", "x x", "x x x x x", "[W] [W] [W] [W]"},
		{"words beyond ASCII", "straße,größe", "STRASSE, Straße, STRAẞE, GRÖSSE und gro\u0308ße", "[W], [W], [W], [W] und [W]"},
		{"Greek with its final sigma", "οδός", "ΟΔΌΣ οδόσ", "[W] [W]"},
		{"ligatures and wide letters", "fish", "ﬁsh ｆｉｓｈ", "[W] [W]"},
		{"a mark makes another word", "resume", "résumé resume\u0301 resume", "résumé resume\u0301 [W]"},
		{"marks in any order", "ẹ́", "e\u0301\u0323 e\u0323\u0301 é\u0323", "[W] [W] [W]"},
		{"scripts without blanks", "机密,ลับ", "这是机密文件 และความลับสุด", "这是[W]文件 และความ[W]สุด"},
		{"what is no UTF-8 stands between words", "top secret", "top\xff\xfesecret", "[W]"},
		{"an apostrophe stands between words", "don't", "don't DON’T", "[W] [W]"},
		{"digits are words", "project 42", "Project #42, project 420", "[W], project 420"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := list(t, strings.Split(c.phrases, ",")...)
			if got := contenttest.Mask(l, c.text); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
			contenttest.Streams(t, l, c.text)
		})
	}
}

// TestNothingIsHeldForLong holds that ordinary text passes as it comes.
func TestNothingIsHeldForLong(t *testing.T) {
	l := list(t, "secret plan", "straße")
	for _, c := range []struct {
		text string
		want int
	}{
		{"there is ", 9}, {"there i", 7}, {"there is a", 10}, {"a sec", 2}, {"a sec ", 6}, {"a secret", 2}, {"a secret ", 2},
		{"a secret pl", 2}, {"a secret plum", 13}, {"a secret " + strings.Repeat(" ", 32), 41}, {"die stras", 4}, {"die strau", 9}, {"stra\xc3", 0},
		{"x \xc3", 2}, {"", 0},
	} {
		if got := l.Hold([]byte(c.text)); got != c.want {
			t.Errorf("%q: %d instead of %d", c.text, got, c.want)
		}
	}
}

// TestRandomTexts holds that random texts are masked in pieces as they are as a whole.
func TestRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"a", "b", "ab", "é", "e\u0301", "机", "ß", "ss", "A", ".", " ", " ", "-", "\xff"}
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[r.IntN(len(words))])
		}
		return b.String()
	}
	for range 1500 {
		var phrases []string
		for range 1 + r.IntN(4) {
			if p := text(1 + r.IntN(6)); phrase.Check(p) == nil {
				phrases = append(phrases, p)
			}
		}
		l := list(t, phrases...)
		contenttest.Pieces(t, l, text(40), 1+r.IntN(5), 1+r.IntN(20), 1)
	}
}

// TestCheck holds what is no phrase.
func TestCheck(t *testing.T) {
	for p, want := range map[string]string{
		"":                        "there is no letter and no digit in it",
		" -.":                     "there is no letter and no digit in it",
		strings.Repeat("a ", 17):  "a phrase has at most 16 words",
		strings.Repeat("a", 257):  "a phrase has at most 256 bytes",
		strings.Repeat("a ", 16):  "",
		strings.Repeat("ab ", 16): "",
	} {
		got := ""
		if err := phrase.Check(p); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q instead of %q", p, got, want)
		}
	}
}

// TestHostileTexts holds that no text takes time that grows with its square: what is a quarter
// of a megabyte would take minutes.
func TestHostileTexts(t *testing.T) {
	l := list(t, "a", strings.Repeat("a ", 16), "secret plan", strings.Repeat("ab ", 15)+"c")
	for _, unit := range []string{"a", "a ", "ab ", "secret ", " ", "é", "\u0301", "机", "\xff"} {
		s := []byte(strings.Repeat(unit, 1<<18/len(unit)))
		l.Scan(nil, s)
		l.Hold(s)
	}
}

func FuzzStream(f *testing.F) {
	f.Add("top secret", "a top\u0301 top, secret", 3)
	f.Add("机密", "这是机密文件", 1)
	f.Fuzz(func(t *testing.T, entry, text string, n int) {
		if phrase.Check(entry) != nil || len(entry) > 40 || len(text) > 400 {
			t.Skip()
		}
		contenttest.Pieces(t, list(t, entry, "top secret"), text, n, 1, 5)
	})
}
