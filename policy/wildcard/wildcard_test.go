package wildcard_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy/wildcard"
)

// TestMatch holds which names a wildcard answers.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		wildcard, name string
		want           bool
	}{
		{"claude-*", "claude-sonnet-5", true},
		{"claude-*", "claude-", false}, // the star stands for something
		{"claude-*", "Claude-x", false},
		{"*-latest", "claude-latest", true},
		{"a*a", "a", false},
		{"a*a", "aa", false},
		{"a*a", "aaa", true},
		{"*", "x", true},
		{"*", "", false},
		{"*", "a b", false},
		{"*", "a\x00b", false},
		{"*", "é", false},
		{"*", "a*", false}, // nobody means the wildcard itself
		{"*", `a"b`, false},
		{"*", strings.Repeat("x", wildcard.MaxName), true},
		{"*", strings.Repeat("x", wildcard.MaxName+1), false},
		{"gpt-5", "gpt-5", false}, // is none
	} {
		if got := wildcard.Match(c.wildcard, c.name); got != c.want {
			t.Errorf("%s answers %q: %v", c.wildcard, c.name, got)
		}
	}
}

// TestFill holds for what name a backend is asked.
func TestFill(t *testing.T) {
	for _, c := range []struct{ model, name, written, want string }{
		{"claude-*", "claude-sonnet-5", "*", "claude-sonnet-5"},
		{"gpt-*-latest", "gpt-5-latest", "*", "gpt-5-latest"},
		{"openai/*", "openai/gpt-5", "*", "gpt-5"},
		{"openai/gpt-*", "openai/gpt-5", "*", "gpt-5"},
		{"eu/openai/*", "eu/openai/ft:gpt/x", "*", "ft:gpt/x"},
		{"*", "anthropic/claude-sonnet-5", "*", "anthropic/claude-sonnet-5"},
		{"claude-*", "claude-sonnet-5", "anthropic/claude-*", "anthropic/claude-sonnet-5"},
		{"openai/*", "openai/gpt-5", "openai/*", "openai/gpt-5"},
		{"team-*-eu", "team-gpt-5-eu", "*-2025", "gpt-5-2025"},
		{"claude-*", "claude-sonnet-5", "claude-opus-5", "claude-opus-5"},
		{"gpt-*", "gpt-*", "x-*", "x-*"}, // a model of that name, as earlier versions took it
		{"m", "m", "x", "x"},
	} {
		if got := wildcard.Fill(c.model, c.name, c.written); got != c.want {
			t.Errorf("%s asked by %s for %s: %s, want %s", c.model, c.name, c.written, got, c.want)
		}
	}
}

// TestFindIsTheLongestMatch holds, over random models and names, that Find finds what a scan of all
// models does: the exact name, and else what says most of the name, and of that most at its beginning.
func TestFindIsTheLongestMatch(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 4))
	text := func(most int) string {
		b := make([]byte, random.IntN(most+1))
		for i := range b {
			b[i] = "ab/-"[random.IntN(4)]
		}
		return string(b)
	}
	found := 0
	for range 3000 {
		named, wildcards := map[string]bool{}, map[string]bool{}
		for range random.IntN(12) {
			named["n"+text(3)], wildcards[text(3)+"*"+text(2)] = true, true
		}
		x := wildcard.NewIndex(keys(named), keys(wildcards))
		for range 30 {
			name := text(7)
			if random.IntN(4) == 0 {
				name = "n" + text(3)
			}
			got, ok := x.Find(name)
			want := scan(named, wildcards, name)
			if got != want || ok != (want != "") {
				t.Fatalf("%q among %v and %v: %q, want %q", name, named, wildcards, got, want)
			}
			if wildcard.Is(got) {
				found++
			}
		}
	}
	if found < 10_000 {
		t.Errorf("wildcards answered only %d names", found)
	}
}

// scan finds the model by looking at each.
func scan(named, wildcards map[string]bool, name string) (best string) {
	if named[name] {
		return name
	}
	for w := range wildcards {
		longer := len(w) > len(best) || len(w) == len(best) && strings.Index(w, "*") > strings.Index(best, "*")
		if wildcard.Match(w, name) && longer {
			best = w
		}
	}
	return best
}

// TestMeet holds, over random wildcards, that two meet if a name is answered by both.
func TestMeet(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 5))
	text := func() string { return strings.Repeat("a", random.IntN(3)) + strings.Repeat("b", random.IntN(2)) }
	for range 2000 {
		one, other := text()+"*"+text(), text()+"*"+text()
		before, after, _ := strings.Cut(one, "*")
		otherBefore, otherAfter, _ := strings.Cut(other, "*")
		longest := func(a, b string) string {
			if len(a) > len(b) {
				return a
			}
			return b
		}
		name := longest(before, otherBefore) + "x" + longest(after, otherAfter)
		if got, want := wildcard.Meet(one, other), wildcard.Match(one, name) && wildcard.Match(other, name); got != want {
			t.Fatalf("%s and %s: %v, but both answer %s: %v", one, other, got, name, want)
		}
	}
}

func keys(all map[string]bool) (names []string) {
	for name := range all {
		names = append(names, name)
	}
	return names
}

func BenchmarkFind(b *testing.B) {
	for _, wildcards := range []int{3, 1000} {
		named, wild := []string{"fast"}, []string{"*"}
		for i := range wildcards {
			wild = append(wild, fmt.Sprintf("provider-%d/%s*", i, strings.Repeat("m", i%20)))
		}
		x := wildcard.NewIndex(named, wild)
		for _, name := range []string{"fast", "provider-1/model-x", "claude-sonnet-5"} {
			b.Run(fmt.Sprintf("%d wildcards/%s", wildcards, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := x.Find(name); !ok {
						b.Fatal("not found")
					}
				}
			})
		}
	}
}
