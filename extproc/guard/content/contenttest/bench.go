package contenttest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
)

// Prose is 4,500 bytes of text as people write it to models, with what is to be found in each 1,500.
func Prose(found string) []byte {
	const size = 4500
	const plain = "Please summarise the following notes of our meeting and list what remains to be done. We agreed that the " +
		"first version ships in March 2026, that 3 of the 12 open questions go to the legal team, and that the budget of " +
		"$12,500 covers travel. Anna will write the report (about 10 pages); Ben's draft of it is due on 2026-02-14 at 10:30. "
	var b bytes.Buffer
	for b.Len() < size {
		b.WriteString(strings.Repeat(plain, 4) + found)
	}
	return b.Bytes()[:size]
}

// AllocatesNothing fails the test if a look at a text allocates memory, or finds nothing.
func AllocatesNothing(t *testing.T, sc content.Scanner, text []byte) {
	t.Helper()
	dst := make([]content.Finding, 0, 64)
	if n := testing.AllocsPerRun(100, func() { sc.Hold(text); dst = sc.Scan(dst[:0], text) }); n > 0 {
		t.Errorf("a scan allocates %v times", n)
	}
	if len(dst) == 0 {
		t.Error("nothing was found")
	}
}

// BenchmarkScan measures the scan of a whole text.
func BenchmarkScan(b *testing.B, sc content.Scanner, text []byte) {
	dst := make([]content.Finding, 0, max(64, len(text)/8))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = sc.Scan(dst[:0], text)
	}
}

// BenchmarkWindows measures what a stream does with a window of 100 bytes.
func BenchmarkWindows(b *testing.B, sc content.Scanner, text []byte) {
	dst := make([]content.Finding, 0, 64)
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		window := text[at : at+100]
		sc.Hold(window)
		dst = sc.Scan(dst[:0], window)
		at = (at + 7) % (len(text) - 200)
	}
}

// BenchmarkHeld reports how many bytes are held back on average after a piece of a text, cut after
// any byte and after any blank.
func BenchmarkHeld(b *testing.B, sc content.Scanner, text []byte) {
	var held, blanks, heldAtBlank int
	for b.Loop() {
		held, blanks, heldAtBlank = 0, 0, 0
		for i := 100; i < len(text); i++ {
			window := text[i-100 : i]
			n := len(window) - sc.Hold(window)
			held += n
			if text[i-1] == ' ' {
				blanks++
				heldAtBlank += n
			}
		}
	}
	b.ReportMetric(float64(held)/float64(len(text)-100), "bytes/cut")
	b.ReportMetric(float64(heldAtBlank)/float64(blanks), "bytes/blank")
}

// BenchmarkHostile measures scans of 10 MB of one pattern each.
func BenchmarkHostile(b *testing.B, sc content.Scanner, patterns []string) {
	for _, pattern := range patterns {
		b.Run(pattern, func(b *testing.B) {
			BenchmarkScan(b, sc, bytes.Repeat([]byte(pattern), 10_000_000/len(pattern)))
		})
	}
}
