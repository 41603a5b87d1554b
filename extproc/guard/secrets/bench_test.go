package secrets

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/extproc/guard/content"
)

// prose is text of a size in bytes as people write it to models, with a finding in each 1,500.
func prose(size int) []byte {
	const plain = "Please summarise the following notes of our meeting and list what remains to be done. We agreed that the " +
		"first version ships in March 2026, that 3 of the 12 open questions go to the legal team, and that the budget of " +
		"$12,500 covers travel. Anna will write the report (about 10 pages); Ben's draft of it is due on 2026-02-14 at 10:30. "
	const found = "The header is Authorization: Bearer aB3dE6gH9jK2mN5pQ8rS1tU4 and the key sk-proj-aB3dE6gH9jK2mN5pQ8rS1tU4vW7x. "
	var b bytes.Buffer
	for b.Len() < size {
		b.WriteString(strings.Repeat(plain, 4) + found)
	}
	return b.Bytes()[:size]
}

func BenchmarkScanProse4500Bytes(b *testing.B) {
	sc, text := scanner(b), prose(4500)
	dst := make([]content.Finding, 0, 64)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = sc.Scan(dst[:0], text)
	}
}

func BenchmarkHoldAndScanWindowOf100Bytes(b *testing.B) {
	sc, text := scanner(b), prose(4500)
	dst := make([]content.Finding, 0, 64)
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		window := text[at : at+100]
		sc.Hold(window)
		dst = sc.Scan(dst[:0], window)
		at = (at + 7) % 4300
	}
}

// BenchmarkHeldBytesOfProse reports how many bytes are held back on average after a piece of prose,
// cut after any byte and after any blank.
func BenchmarkHeldBytesOfProse(b *testing.B) {
	sc, text := scanner(b), prose(4500)
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

// hostile are texts of one pattern that a scanner with a look-back or a look-ahead may take long for.
var hostile = []string{"1", "@", " ", "-", "a", "sk-", "sk-sk-", "sk-proj-aB3dE6gH9jK2mN5p ", "eyJ", "eyJaaaaaaaaaa.", "://", "a://b:", "x://u:p", "=", "= ", "a=",
	"key=", "password=", "password=a", "secret: ", "bearer ", "basic ", "-----", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n",
	"-----BEGIN ", "A", "M", "SG.", "SG.a.", "ya29.", "hvs.a", "12345678:A", "hooks.slack.com/services/", "/", "+", "é", "\xff", "AKIA", "hg_"}

func BenchmarkScanHostile10MB(b *testing.B) {
	for _, pattern := range hostile {
		b.Run(pattern, func(b *testing.B) {
			sc, text := scanner(b), bytes.Repeat([]byte(pattern), 10_000_000/len(pattern))
			dst := make([]content.Finding, 0, len(text)/8)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				dst = sc.Scan(dst[:0], text)
			}
		})
	}
}
