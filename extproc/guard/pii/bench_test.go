package pii

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

// prose is text as people write it to models, with a finding in each 1,500 bytes.
var prose = contenttest.Prose("Write to anna.keller@example.com or call +1 415-555-2671. The card 4111 1111 1111 1111 is on file. ")

func BenchmarkScanProse4500Bytes(b *testing.B) { contenttest.BenchmarkScan(b, scanner(b), prose) }

func BenchmarkHoldAndScanWindowOf100Bytes(b *testing.B) {
	contenttest.BenchmarkWindows(b, scanner(b), prose)
}

func BenchmarkHeldBytesOfProse(b *testing.B) { contenttest.BenchmarkHeld(b, scanner(b), prose) }

// hostile are texts of one pattern that a scanner with a look-back or a look-ahead may take long for.
var hostile = []string{"1", "@", "a@", "a.", " ", "-", "1 ", "1-", "12.", "4111 ", "4111-1111-1111-1111-", "a:", "1:", "::", "(1", "+1",
	"GB82 WEST ", "AB 12 ", "card 4", "123-45-6789 ", "a", "é", "漢", "user@example.com", "_", "0x", "1.1.1.1.", "\xff", "order 4111111111111111 "}

func BenchmarkScanHostile10MB(b *testing.B) { contenttest.BenchmarkHostile(b, scanner(b), hostile) }
