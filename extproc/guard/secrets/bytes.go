package secrets

import "github.com/headgate/headgate/extproc/guard/content/onepass"

// Classes of bytes.
const (
	digit     = onepass.Digit
	hexLetter = onepass.HexLetter
	upper     = onepass.Upper
	lower     = onepass.Lower
)

const (
	dash       = onepass.Own << iota // - and _, which are in tokens as letters are
	base64Sign                       // + and /, which are in base 64
	start                            // begins a finding and is not in tokens
	other                            // may be in a token after the word Bearer: . ~
)

const (
	letter = upper | lower
	alnum  = digit | letter
	inWord = alnum | dash
)

var class = classes()

func classes() [256]uint8 {
	t := onepass.Classes[uint8]()
	t['-'], t['_'] = dash, dash
	t['+'], t['/'] = base64Sign|start, base64Sign|start
	t['.'], t['~'] = other, other
	t[':'] = start
	return t
}

func is(c byte, of uint8) bool { return class[c]&of != 0 }
