package onepass

// Classes of ASCII's letters and digits, one bit each. A guard's own classes are Own and the bits
// above it.
const (
	Digit = 1 << iota
	HexLetter
	Upper
	Lower
	Own
)

// Classes returns the classes of all bytes: those of ASCII's letters and digits. A guard adds its
// own.
func Classes[C uint8 | uint16]() (t [256]C) {
	for c := range t {
		switch c := byte(c); {
		case c >= '0' && c <= '9':
			t[c] = Digit
		case c >= 'A' && c <= 'F':
			t[c] = Upper | HexLetter
		case c >= 'A' && c <= 'Z':
			t[c] = Upper
		case c >= 'a' && c <= 'f':
			t[c] = Lower | HexLetter
		case c >= 'a' && c <= 'z':
			t[c] = Lower
		}
	}
	return t
}

// Lowered returns the small letter of a capital of ASCII, and any other byte as it is.
func Lowered(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
