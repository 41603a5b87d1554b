package pattern_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
	"github.com/headgate/headgate/extproc/guard/pattern"
	"github.com/headgate/headgate/policy"
)

// guard compiles expressions that are called aa, bb, …
func guard(t testing.TB, max int64, exprs ...string) *pattern.Guard {
	t.Helper()
	p := &policy.PatternGuard{MaxMatch: max, Patterns: map[string]*policy.Pattern{}}
	for i, e := range exprs {
		name := strings.Repeat(string(rune('a'+i)), 2)
		p.Patterns[name] = new(policy.Pattern(e))
	}
	g, err := pattern.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestScan holds what is found, and that it is found in streams cut anywhere.
func TestScan(t *testing.T) {
	long := strings.Repeat("9", 20)
	for _, c := range []struct {
		name  string
		exprs []string
		text  string
		want  string
	}{
		{"matches", []string{`TICK-[0-9]+`}, "see TICK-12, TICK- and TICK-3", "see [AA], TICK- and [AA]"},
		{"as few or as many characters as the expression says", []string{`".*?"`, `<.*>`}, `"a" "b" <c> <d>`, "[AA] [AA] [BB]"},
		{"the earlier alternative", []string{`a|ab`}, "ab", "[AA]b"},
		{"signs that begin and end a match", []string{`\|[a-z ]*\|`}, "|a|b|c|" + strings.Repeat(" long", 40) + "|d| e |f|", "[AA]b[AA]" + strings.Repeat(" long", 40) + "[AA] e [AA]"},
		{"a match of the greatest length", []string{`n9+n`}, "n" + long[:14] + "n", "[AA]"},
		{"no longer match", []string{`n9+n`}, "n" + long[:15] + "n", "n" + long[:15] + "n"},
		{"what is left of a match that may be as long", []string{`n9+`}, "n" + long, "[AA]" + long[15:]},
		{"a match in what is too long for one", []string{`a[^b]*b`}, "a" + strings.Repeat("x", 14) + "axxb", "a" + strings.Repeat("x", 14) + "[AA]"},
		{"words' ends", []string{`\bab\b`}, "ab cab abc ab", "[AA] cab abc [AA]"},
		{"lines' ends", []string{`(?m)^ab$`}, "ab\nabc\nab", "[AA]\nabc\n[AA]"},
		{"whatever the case", []string{`(?i)straSSe`}, "STRAſſE", "[AA]"},
		{"beyond ASCII", []string{`[ж-я]{2}.`}, "жяж жé", "[AA] жé"},
		{"matches that overlap are covered", []string{`abcd`, `cdef`, `ef`}, "abcdef ef", "[AA][BB] [CC]"},
		{"at one place, the longest", []string{`ab`, `abc`}, "abc", "[BB]"},
		{"runs that matches divide", []string{`aaa`}, strings.Repeat("a", 100), strings.Repeat("[AA]", 33) + "a"},
		{"what is no UTF-8", []string{`a.b`}, "a\xffb", "[AA]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := guard(t, 16, c.exprs...)
			if got := contenttest.Mask(g, c.text); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
			contenttest.Streams(t, g, c.text)
		})
	}
}

// TestHold holds that text passes unless a match may have begun in it.
func TestHold(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		want       int
	}{
		{`TICK-[0-9]+`, "a TIC", 2}, {`TICK-[0-9]+`, "a TIM", 5}, {`TICK-[0-9]+`, "TICK-1", 0}, {`TICK-[0-9]+`, "TICK-1 ", 7},
		{`TICK-[0-9]{2}`, "TICK-11", 7}, {`TICK-[0-9]{2}\b`, "TICK-11", 0}, {`TICK-[0-9]+`, "TICK-99999999999", 16}, {`TICK-[0-9]+`, "TICK-9999999999", 0},
		{`é`, "x\xc3", 1}, {`\bab`, "c", 1}, {`\w+@x`, "a bc", 2}, {`a|ab`, "a", 1}, {`ab|a`, "a", 0},
	} {
		if got := guard(t, 16, c.expr).Hold([]byte(c.text)); got != c.want {
			t.Errorf("%s in %q: %d instead of %d", c.expr, c.text, got, c.want)
		}
	}
}

// random writes an expression that matches no empty text.
func random(r *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"a", "b", "[ab]", ".", "é", `\w`, `[^a]`, " "}[r.IntN(8)]
	}
	x, y := random(r, depth-1), random(r, depth-1)
	switch r.IntN(9) {
	case 0:
		return x + y
	case 1:
		return "(?:" + x + "|" + y + ")"
	case 2:
		return x + "(?:" + y + ")*"
	case 3:
		return "(?:" + x + ")+?" + y
	case 4:
		return x + "(?:" + y + ")?"
	case 5:
		return `\b` + x
	case 6:
		return x + `\b`
	case 7:
		return x + "(?:" + y + ")*?"
	default:
		return fmt.Sprintf("(?:%s){1,%d}", x, 1+r.IntN(3))
	}
}

func text(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString([]string{"a", "b", "é", " ", "c", "\xff", "\n"}[r.IntN(7)])
	}
	return b.String()
}

// TestAsRegexp holds that matches are those of regexp, if none is too long.
func TestAsRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		expr, s := random(r, r.IntN(4)), text(r, 60)
		var want [][2]int
		for _, m := range regexp.MustCompile(expr).FindAllStringIndex(s, -1) {
			want = append(want, [2]int{m[0], m[1]})
		}
		var got [][2]int
		for _, f := range guard(t, 1000, expr).Scan(nil, []byte(s)) {
			got = append(got, [2]int{f.Start, f.End})
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s in %q: %v instead of %v", expr, s, got, want)
		}
	}
}

// TestRandomTexts holds that random texts are masked in pieces as they are as a whole.
func TestRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		exprs := []string{random(r, r.IntN(4))}
		if r.IntN(2) == 0 {
			exprs = append(exprs, random(r, r.IntN(4)))
		}
		g := guard(t, int64(4+r.IntN(12)), exprs...)
		s := text(r, 150)
		contenttest.Pieces(t, g, s, 1+r.IntN(5), 1+r.IntN(30), 1)
		if held := len(s) - g.Hold([]byte(s)); len(exprs) == 1 && held > 16 {
			t.Fatalf("%s: %d bytes of %q are held back", exprs, held, s)
		}
	}
}

// TestNew holds what is refused.
func TestNew(t *testing.T) {
	big := map[string]*policy.Pattern{}
	for i := range 12 {
		big[fmt.Sprint("p", i)] = new(policy.Pattern("(?:[a-z]{100}){9}"))
	}
	for _, c := range []struct {
		name     string
		patterns map[string]*policy.Pattern
		want     string
	}{
		{"no expression", map[string]*policy.Pattern{"x": new(policy.Pattern("("))}, "pattern X: error parsing regexp: missing closing ): `(`"},
		{"too much", big, "the patterns compile to 10824 instructions, more than 10000"},
	} {
		if _, err := pattern.New(&policy.PatternGuard{Patterns: c.patterns, MaxMatch: 9}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v instead of %s", c.name, err, c.want)
		}
	}
}

// TestHostileTexts holds that the worst that a match may cost is bounded by its greatest length,
// in what never comes to an end.
func TestHostileTexts(t *testing.T) {
	g := guard(t, 16, `a[^b]*b`, `(?:a?){40}b`)
	s := []byte(strings.Repeat("a", 1<<16))
	if found := g.Scan(nil, s); found != nil {
		t.Errorf("found %v", found)
	}
	g.Hold(s)
}

func FuzzStream(f *testing.F) {
	f.Add(`TICK-[0-9]+`, "see TICK-12, TICK-3", 3)
	f.Add(`".*?"`, `"a" "b"`, 1)
	f.Add(`\bé+\b|x*`, "éé\nx", 1)
	f.Fuzz(func(t *testing.T, expr, text string, n int) {
		if _, err := regexp.Compile(expr); err != nil || len(expr) > 60 || len(text) > 300 || strings.ContainsAny(expr, `^$`) || strings.Contains(expr, `\A`) || strings.Contains(expr, `\z`) {
			t.Skip()
		}
		contenttest.Pieces(t, guard(t, 12, expr), text, n, 1, 5)
	})
}

// BenchmarkScan measures 1,000 tokens (4 KB) of a prompt with nothing in it.
func BenchmarkScan(b *testing.B) {
	prompt := []byte(strings.Repeat("The quarterly figures of the north-western region were, as ever, better than those of last year. ", 42))
	for _, c := range []struct{ name, expr string }{
		{"literal", `TICK-[0-9]+`}, {"digits", `\b[0-9]{3}-[0-9]{4}\b`}, {"words", `(?i)\bcustomer (no|number)\b`}, {"anything", `\w+@\w+`},
	} {
		b.Run("1000 tokens, "+c.name, func(b *testing.B) {
			g := guard(b, 256, c.expr)
			b.ReportAllocs()
			b.SetBytes(int64(len(prompt)))
			for b.Loop() {
				g.Scan(nil, prompt)
			}
		})
	}
}

// BenchmarkToken measures one token of a stream: a hold and a scan of what is held with its context.
func BenchmarkToken(b *testing.B) {
	g := guard(b, 256, `TICK-[0-9]+`, `\w+@\w+`)
	window := []byte("better than those of last year. The quarterly figures of the region wer")
	b.ReportAllocs()
	for b.Loop() {
		g.ScanFrom(nil, window[:g.HoldFrom(window, 60)], 60)
	}
}
