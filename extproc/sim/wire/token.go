package wire

import (
	"unicode"
	"unicode/utf8"
)

// The fixed parts of the token count, in tokens. A prompt is PrimeTokens, plus
// for each message FrameTokens and the tokens of its texts, tool names and tool
// arguments, plus for each tool ToolTokens and the tokens of its definition as
// it was sent, plus its media. An answer is the tokens of its texts, tool names
// and tool arguments, without frames.
const (
	PrimeTokens     = 3
	FrameTokens     = 3
	ToolTokens      = 8
	ImageLowTokens  = 85  // an image with detail low
	ImageTokens     = 765 // any other image
	MediaTokenBytes = 100 // bytes of encoded audio or document that make a token, rounded up
)

const maxPiece = 8 // letters and digits of one token

// CountTokens returns how many tokens the simulated provider counts in text. A
// token is one of: up to 8 letters and digits in a row, with the space before
// them; one CJK character; a run of blanks; one character of any other kind.
func CountTokens(text string) int {
	n := 0
	for len(text) > 0 {
		text = text[TokenLen(text):]
		n++
	}
	return n
}

// Split cuts text into its tokens, which joined are text again.
func Split(text string) []string {
	var out []string
	for len(text) > 0 {
		n := TokenLen(text)
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// TokenLen returns the length in bytes of the first token of a text that is not
// empty.
func TokenLen(text string) int {
	i := 0
	if text[0] == ' ' {
		i = 1
	}
	start := i
	for count := 0; i < len(text) && count < maxPiece; count++ {
		n := wordRune(text[i:])
		if n == 0 {
			break
		}
		i += n
	}
	if i > start {
		return i
	}
	if n := blankLen(text); n > 0 {
		return n
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// wordRune returns the length of the letter or digit that s begins with, 0 if
// it begins with something else. CJK characters are tokens of their own.
func wordRune(s string) int {
	c := s[0]
	if c < utf8.RuneSelf {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	if r < 0x2E80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) {
		return n
	}
	return 0
}

// blankLen returns the length of the run of blanks at the start of s. The last
// space of a longer run belongs to the word after it.
func blankLen(s string) int {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	if i > 1 && i < len(s) && s[i-1] == ' ' && wordRune(s[i:]) > 0 {
		i--
	}
	return i
}

// MediaTokens returns what an image or a document of so many bytes counts as.
func MediaTokens(bytes int) int { return max(1, (bytes+MediaTokenBytes-1)/MediaTokenBytes) }
