package secrets

import (
	"bytes"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// random says whether a value may be a secret: it has enough different characters, and is not what
// stands for a secret in documentation.
func random(value []byte) bool {
	return different(value) >= 8 && !placeholder(value)
}

// different counts the different bytes of a value.
func different(value []byte) (n int) {
	var seen [256]bool
	for _, c := range value {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// mixed says whether a value has letters and digits.
func mixed(value []byte) bool {
	var classes uint8
	for _, c := range value {
		classes |= class[c]
	}
	return classes&digit != 0 && classes&letter != 0
}

var placeholders = [][]byte{
	[]byte("xxxx"), []byte("your"), []byte("placeholder"), []byte("changeme"), []byte("change-me"), []byte("change_me"), []byte("replace"),
	[]byte("redacted"), []byte("dummy"), []byte("...."), []byte("****"), []byte("-here"), []byte("_here"),
}

// placeholder says whether the first bytes of a value have a word that stands for a secret.
func placeholder(value []byte) bool {
	var room [64]byte
	n := min(len(value), len(room))
	for i, c := range value[:n] {
		room[i] = onepass.Lowered(c)
	}
	for _, word := range placeholders {
		if bytes.Contains(room[:n], word) {
			return true
		}
	}
	return false
}
