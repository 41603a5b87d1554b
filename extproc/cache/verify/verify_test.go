package verify

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// samples are texts of all kinds that other tests have.
func samples() (texts []string) {
	for _, p := range paraphrases {
		texts = append(texts, p.a, p.b)
	}
	for _, k := range known {
		texts = append(texts, k.a, k.b)
	}
	return append(texts, "", " ", "?", "🙂 how are you 🙂", "\xff\xfe", "a\x00b", "x = y + 2", "5'10\" tall", "'", "\"", "`", "```", "don't 'do' it", "3.5", "e.g. this", "U.S.A.", strings.Repeat("no ", 50))
}

func TestIdenticalTextsNeverDiffer(t *testing.T) {
	for _, s := range samples() {
		if got := Compare(s, s, true); got != nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestDiffersIsSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	all := samples()
	for range 5000 {
		a, b := Parse(all[r.IntN(len(all))]), Parse(all[r.IntN(len(all))])
		if x, y := a.Differs(b, true), b.Differs(a, true); !slices.Equal(x, y) {
			t.Fatalf("%q, %q: %v and %v", a.text, b.text, x, y)
		}
	}
}

func TestStrictAddsRulesAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	all := samples()
	for range 5000 {
		a, b := Parse(all[r.IntN(len(all))]), Parse(all[r.IntN(len(all))])
		basic := slices.DeleteFunc(a.Differs(b, true), func(r Rule) bool { return r == QuestionWord || r == Replaced })
		if got := a.Differs(b, false); !slices.Equal(got, basic) {
			t.Fatalf("%q, %q: %v, want %v", a.text, b.text, got, basic)
		}
	}
}

// rewritings write a text in another way that means the same.
var rewritings = map[string]func(string) string{
	"in lower case":              strings.ToLower,
	"in capitals":                strings.ToUpper,
	"with blanks":                func(s string) string { return "  " + strings.ReplaceAll(s, " ", " \t\n ") + " " },
	"without its last mark":      func(s string) string { return strings.TrimRight(s, ".?!？") },
	"with other marks":           func(s string) string { return strings.TrimRight(s, ".?!？") + " ?!" },
	"in NFD":                     norm.NFD.String,
	"in NFKC":                    norm.NFKC.String,
	"with typographic marks":     strings.NewReplacer("'", "’", " - ", " — ").Replace,
	"with full-width characters": wide,
	"with zero-width characters": func(s string) string {
		return strings.Map(func(r rune) rune { return r }, strings.Join(strings.Split(s, ""), "\u200b"))
	},
	"with a soft hyphen and a byte order mark": func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "ss", "s\u00ads") },
}

// wide writes the letters and digits of ASCII in full width.
func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r - ' ' + 0xff00
		}
		return r
	}, s)
}

func TestFormsOfOneTextNeverDiffer(t *testing.T) {
	for name, rewrite := range rewritings {
		t.Run(name, func(t *testing.T) {
			for _, p := range paraphrases {
				for _, s := range []string{p.a, p.b} {
					if got := Compare(s, rewrite(s), true); got != nil {
						t.Errorf("%q, %q: %v", s, rewrite(s), got)
					}
				}
			}
		})
	}
}

// known are pairs that are missed, or refused for no good reason: what happens is said here, so
// that a change of it is seen.
var known = []struct {
	name, a, b    string
	basic, strict []Rule
}{
	{"a time limit", "Can I return it within 30 days?", "Can I return it within 90 days?", []Rule{Number}, []Rule{Number}},
	{"a time limit, in words", "return within thirty days", "return within ninety days", []Rule{Number}, []Rule{Number}},
	{"fields swapped in lower case, and words on one side alone", "how do i change the owner of a folder", "how do i change the folder of a owner in the app", nil, nil},
	{"a replaced word in lower case", "how do i renew my badge", "how do i renew my licence", nil, []Rule{Replaced}},
	{"a replaced word, with words on one side alone", "how long does a sofa take to arrive", "how long does a lamp take", nil, []Rule{Replaced}},
	{"a name as first word", "Bremen weather", "Lisbon weather", []Rule{Name}, []Rule{Name, Replaced}},
	{"a name as first word of one alone", "Bremen weather", "weather", nil, nil},
	{"opposites in each other's places", "some women prefer hairless men", "most men prefer hairless women", []Rule{Order}, []Rule{Order}},
	{"a word added that narrows", "what is a yeast", "what is a yeast infection", nil, []Rule{Replaced}},
	{"more is asked for", "What are the side effects of red yeast rice?", "What are the ingredients and side effects of red yeast rice?", nil, nil},
	{"the cost of what is asked about", "What is the cost of a passport photo?", "What is a passport photo?", nil, []Rule{QuestionWord, Replaced}},
	{"a word added to a longer question", "how do i keep cheese fresh in a tent", "how do i keep cheese fresh", nil, nil},
	{"how many more", "How much?", "How much more?", nil, []Rule{Replaced}},
	{"there, and back", "Do I have to pay for sending the shoes?", "Do I have to pay for sending the shoes back?", nil, []Rule{Replaced}},
	{"but for one case", "Can I return shoes?", "Can I return shoes unless I have worn them?", []Rule{Negation, Antonym}, []Rule{Negation, Antonym}},
	{"nothing to go by in one of them", "And then?", "And then what happens?", nil, []Rule{Replaced}},
	{"a word added that turns no question", "Do I have to pay for sending the shoes?", "Do I have to pay extra for sending the shoes?", nil, nil},
	{"and, and or", "Should I pay off debt or invest?", "Should I pay off debt and invest?", nil, nil},
	{"all, and some", "do all birds fly", "do some birds fly", nil, nil},
	{"the plural of a name", "Who directed Alien?", "Who directed Aliens?", nil, nil},
	{"a part of a name in lower case", "who is the mayor of york", "who is the mayor of new york", nil, nil},
	{"opposites in other languages", "Wie alt ist der Turm?", "Wie neu ist der Turm?", nil, []Rule{Replaced}},
	{"question words", "Why do owls hoot?", "How do owls hoot?", nil, []Rule{QuestionWord}},
	{"single letters", "What is Measure G?", "What is Measure L?", []Rule{Name}, []Rule{Name, Replaced}},
	{"ethanol and acid", "convert ethanol to acid", "convert acid to ethanol", []Rule{Order}, []Rule{Order}},
}

func TestKnownPairs(t *testing.T) {
	for _, k := range known {
		if got := Compare(k.a, k.b, false); !slices.Equal(got, k.basic) {
			t.Errorf("%s: %v, want %v", k.name, got, k.basic)
		}
		if got := Compare(k.a, k.b, true); !slices.Equal(got, k.strict) {
			t.Errorf("%s, strict: %v, want %v", k.name, got, k.strict)
		}
	}
}
