package secrets

import (
	"testing"

	"github.com/headgate/headgate/extproc/guard/content/contenttest"
)

// prose is text as people write it to models, with a finding in each 1,500 bytes.
var prose = contenttest.Prose("The header is Authorization: Bearer aB3dE6gH9jK2mN5pQ8rS1tU4 and the key sk-proj-aB3dE6gH9jK2mN5pQ8rS1tU4vW7x. ")

func BenchmarkScanProse4500Bytes(b *testing.B) { contenttest.BenchmarkScan(b, scanner(b), prose) }

func BenchmarkHoldAndScanWindowOf100Bytes(b *testing.B) {
	contenttest.BenchmarkWindows(b, scanner(b), prose)
}

func BenchmarkHeldBytesOfProse(b *testing.B) { contenttest.BenchmarkHeld(b, scanner(b), prose) }

// hostile are texts of one pattern that a scanner with a look-back or a look-ahead may take long for.
var hostile = []string{"1", "@", " ", "-", "a", "sk-", "sk-sk-", "sk-proj-aB3dE6gH9jK2mN5p ", "eyJ", "eyJaaaaaaaaaa.", "://", "a://b:", "x://u:p", "=", "= ", "a=",
	"key=", "password=", "password=a", "secret: ", "bearer ", "basic ", "-----", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n",
	"-----BEGIN ", "A", "M", "SG.", "SG.a.", "ya29.", "hvs.a", "12345678:A", "hooks.slack.com/services/", "/", "+", "é", "\xff", "AKIA", "hg_"}

func BenchmarkScanHostile10MB(b *testing.B) { contenttest.BenchmarkHostile(b, scanner(b), hostile) }
