package content

import "unicode/utf8"

// A Resumer is a Scanner whose findings in a text can depend on where the search begins, such as
// those of a pattern that begins and ends with the same sign. In a stream it is asked for what
// follows the place that it held before, and sees what precedes that as context alone.
type Resumer interface {
	Scanner
	// ScanFrom is Scan of what begins at from or after it. From is where the text begins, or what
	// HoldFrom returned for it.
	ScanFrom(dst []Finding, s []byte, from int) []Finding
	// HoldFrom is Hold of what begins at from or after it.
	HoldFrom(s []byte, from int) int
}

// Whole returns s without the character that its last bytes only begin, for Hold: it may become
// any.
func Whole(s []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if c := s[len(s)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(s[len(s)-n:]) {
				return s[:len(s)-n]
			}
			break
		}
	}
	return s
}
