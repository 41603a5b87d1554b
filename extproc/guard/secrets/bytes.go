package secrets

// Classes of bytes.
const (
	digit = 1 << iota
	hexLetter
	upper
	lower
	dash       // - and _, which are in tokens as letters are
	base64Sign // + and /, which are in base 64
	start      // begins a finding and is not in tokens
	other      // may be in a token after the word Bearer: . ~
)

const (
	letter = upper | lower
	alnum  = digit | letter
	inWord = alnum | dash
)

var class = classes()

func classes() (t [256]uint8) {
	for c := range t {
		switch c := byte(c); {
		case c >= '0' && c <= '9':
			t[c] = digit
		case c >= 'A' && c <= 'F':
			t[c] = upper | hexLetter
		case c >= 'A' && c <= 'Z':
			t[c] = upper
		case c >= 'a' && c <= 'f':
			t[c] = lower | hexLetter
		case c >= 'a' && c <= 'z':
			t[c] = lower
		}
	}
	t['-'], t['_'] = dash, dash
	t['+'], t['/'] = base64Sign|start, base64Sign|start
	t['.'], t['~'] = other, other
	t[':'] = start
	return t
}

func is(c byte, of uint8) bool { return class[c]&of != 0 }

func lowered(c byte) byte {
	if is(c, upper) {
		return c | 0x20
	}
	return c
}
