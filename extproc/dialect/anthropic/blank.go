package anthropic

import (
	"unicode"
	"unicode/utf8"

	"github.com/headgate/headgate/extproc/canon"
	"github.com/headgate/headgate/extproc/scan"
)

// blank reports whether a string holds nothing but blanks.
func blank(v scan.Value) bool { return len(trimmed(canon.Inside(v))) == 0 }

// trimmed cuts the blanks off the end of escaped text, those beyond ASCII too.
func trimmed(s []byte) []byte {
	for len(s) > 0 {
		n := blankAtEnd(s)
		if n == 0 {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

// blankAtEnd returns the length of the blank that escaped text ends in; 0: it ends in
// none.
func blankAtEnd(s []byte) int {
	n := len(s)
	last := s[n-1]
	switch {
	case last == ' ':
		return 1
	case last >= utf8.RuneSelf:
		if r, size := utf8.DecodeLastRune(s); unicode.IsSpace(r) {
			return size
		}
	case n > 1 && (last == 'n' || last == 't' || last == 'r' || last == 'f') && odd(s[:n-1]):
		return 2
	case n > 5 && s[n-5] == 'u' && odd(s[:n-5]):
		if r, _ := utf8.DecodeRune(scan.Unescape(s[n-6:])); unicode.IsSpace(r) {
			return 6
		}
	}
	return 0
}

// odd reports whether s ends in an odd number of backslashes: the last one escapes
// what comes next.
func odd(s []byte) bool {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
