package pii

import "github.com/headgate/headgate/extproc/guard/content/onepass"

// Classes of bytes. A letter outside ASCII counts as part of a word if it takes two bytes, as
// those of the Latin, Greek, Cyrillic, Hebrew and Arabic scripts do. Scripts of three bytes have
// many that write no blanks between words: there a number ends at the letter.
const (
	digit     = onepass.Digit
	hexLetter = onepass.HexLetter
	upper     = onepass.Upper
	lower     = onepass.Lower
)

const (
	wide = onepass.Own << iota // the first byte of a letter of two bytes
	tail                       // a byte of a letter after its first
	underscore
	local   // of an e-mail address before its @, and none of those above
	trigger // begins a finding, or stands in one
)

const (
	letter = upper | lower
	alnum  = digit | letter
	inWord = alnum | wide | tail // a word begins with none of tail
)

var class = classes()

func classes() [256]uint16 {
	t := onepass.Classes[uint16]()
	for c := 0xC3; c <= 0xDF; c++ {
		t[c] = wide
	}
	for c := 0x80; c <= 0xBF; c++ {
		t[c] = tail
	}
	t['_'] = underscore
	for _, c := range []byte(".%+-'!#$*^~") {
		t[c] = local
	}
	for _, c := range []byte("@:+(") {
		t[c] |= trigger
	}
	return t
}

func is(c byte, of uint16) bool { return class[c]&of != 0 }

// wordBefore says whether a letter, a digit or an underscore ends right before i.
func wordBefore(s []byte, i int) bool {
	if i < 1 {
		return false
	}
	if is(s[i-1], tail) {
		return i > 1 && is(s[i-2], wide)
	}
	return is(s[i-1], alnum|underscore)
}

func raised(c byte) byte {
	if is(c, lower) {
		return c &^ 0x20
	}
	return c
}

// value returns what a digit or letter stands for in base 36; of letters the case is ignored.
func value(c byte) int {
	if is(c, digit) {
		return int(c - '0')
	}
	return int(onepass.Lowered(c)-'a') + 10
}
