// Package contenttest holds scanners to the contract of content.Scanner, and to labelled texts.
//
// The promise: a scanner that passes Streams releases nothing of a text in pieces that it would
// mask in the whole. The trap: Streams looks at texts that it is given; a scanner's own tests must
// bring those that are hard for it.
package contenttest

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/guard/content"
)

// Context is how many bytes of what was released a stream keeps in front of what it scans.
const Context = 64

// Mask returns a text with the types of what a scanner finds in place of it.
func Mask(scanner content.Scanner, text string) string {
	masked, rest := appendMasked(nil, scanner.Scan(nil, []byte(text)), text, 0, len(text))
	return string(append(masked, text[rest:]...))
}

// Stream returns what is released of a text that comes in pieces, masked as Mask does. Cuts are
// the places between pieces, in order.
func Stream(scanner content.Scanner, text string, cuts ...int) string {
	var masked []byte
	released := 0
	for _, end := range append(append([]int(nil), cuts...), len(text)) {
		start := max(0, released-Context)
		window := []byte(text[start:end])
		hold := len(window)
		if end < len(text) {
			hold = holdFrom(scanner, window, released-start)
		}
		upto := max(released, start+hold)
		masked, released = appendMasked(masked, scanFrom(scanner, window, released-start), text, start, upto, released)
	}
	return string(masked)
}

func holdFrom(scanner content.Scanner, window []byte, from int) int {
	if r, ok := scanner.(content.Resumer); ok {
		return r.HoldFrom(window, from)
	}
	return scanner.Hold(window)
}

func scanFrom(scanner content.Scanner, window []byte, from int) []content.Finding {
	if r, ok := scanner.(content.Resumer); ok {
		return r.ScanFrom(nil, window, from)
	}
	return scanner.Scan(nil, window)
}

// Pieces fails the test if a text that comes in pieces of these lengths, over and over, is masked in
// another way than as a whole. A length of less than 1 counts as 1.
func Pieces(t testing.TB, scanner content.Scanner, text string, lengths ...int) {
	t.Helper()
	var cuts []int
	for at, i := 0, 0; ; i++ {
		if at += max(lengths[i%len(lengths)], 1); at >= len(text) {
			break
		}
		cuts = append(cuts, at)
	}
	if got, want := Stream(scanner, text, cuts...), Mask(scanner, text); got != want {
		t.Fatalf("%q cut at %v:\n%q, want\n%q", text, cuts, got, want)
	}
}

// appendMasked appends text from a place, released, until upto, with findings masked. The findings
// are those of text from start on; those that begin before released are of the context alone.
func appendMasked(masked []byte, findings []content.Finding, text string, start, upto int, released ...int) ([]byte, int) {
	at := start
	if len(released) > 0 {
		at = released[0]
	}
	for _, f := range findings {
		if start+f.Start < at || start+f.End > upto {
			continue
		}
		masked = append(masked, text[at:start+f.Start]...)
		masked = append(append(append(masked, '['), f.Type...), ']')
		at = start + f.End
	}
	return append(masked, text[at:upto]...), upto
}

// Streams fails the test if a text in pieces is masked in another way than as a whole: cut in two
// at any byte, byte by byte, and in some ways at random.
func Streams(t testing.TB, scanner content.Scanner, text string) {
	t.Helper()
	want := Mask(scanner, text)
	every := make([]int, 0, len(text))
	for i := 1; i < len(text); i++ {
		every = append(every, i)
		if got := Stream(scanner, text, i); got != want {
			t.Fatalf("cut at %d (%q|%q):\n%q, want\n%q", i, text[:i], text[i:], got, want)
		}
	}
	if got := Stream(scanner, text, every...); got != want {
		t.Fatalf("byte by byte:\n%q, want\n%q", got, want)
	}
	random := rand.New(rand.NewPCG(1, uint64(len(text))))
	for range 8 {
		var cuts []int
		for _, i := range every {
			if random.IntN(5) == 0 {
				cuts = append(cuts, i)
			}
		}
		if got := Stream(scanner, text, cuts...); got != want {
			t.Fatalf("cut at %v:\n%q, want\n%q", cuts, got, want)
		}
	}
}

// Sound fails the test if findings are not in order, overlap, lie outside of a text, cut a
// character or have no score.
func Sound(t testing.TB, scanner content.Scanner, text string) {
	t.Helper()
	at := 0
	for _, f := range scanner.Scan(nil, []byte(text)) {
		if f.Start < at || f.End <= f.Start || f.End > len(text) || f.Type == "" || f.Score <= 0 || f.Score > 1 || f.Text != 0 {
			t.Fatalf("%+v after %d in %q", f, at, text)
		}
		if utf8.ValidString(text) && (!utf8.ValidString(text[:f.Start]) || !utf8.ValidString(text[:f.End])) {
			t.Fatalf("%+v cuts a character in %q", f, text)
		}
		at = f.End
	}
	if hold := scanner.Hold([]byte(text)); hold < 0 || hold > len(text) {
		t.Fatalf("%q is held from %d on", text, hold)
	}
}
