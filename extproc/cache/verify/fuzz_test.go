package verify

import (
	"slices"
	"strings"
	"testing"
)

// FuzzCompare holds of any two texts that the order in which they are compared is of no account,
// that a text is the same as itself, and that blanks around it and its case say nothing.
func FuzzCompare(f *testing.F) {
	for _, p := range paraphrases {
		f.Add(p.a, p.b)
	}
	for _, k := range known {
		f.Add(k.a, k.b)
	}
	f.Add("`a` -r x==1 \"q\" 'q' 5'10\" 1.000,50", "1/2/2024 10:30 p.m. 2024-05-01 a1b2 C++ U.S.A.")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 8192 {
			return
		}
		x, y := Parse(a), Parse(b)
		got := x.Differs(y, true)
		if back := y.Differs(x, true); !slices.Equal(got, back) {
			t.Fatalf("%q, %q: %v and %v", a, b, got, back)
		}
		if same := x.Differs(Parse(a), true); same != nil {
			t.Fatalf("%q differs from itself: %v", a, same)
		}
		if same := x.Differs(Parse(" "+strings.ReplaceAll(a, " ", "  ")+" "), true); same != nil {
			t.Fatalf("%q differs from itself with blanks: %v", a, same)
		}
	})
}
