package redact

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
)

// What of a text is taken for a piece of the request: words in a row, or one long word of another
// script, which needs no blanks.
const (
	repeatedWords = 3
	repeatedBytes = 8 // that they have at least
)

// withoutRepeats hides words in a row that the request has, too, and fewer if they are a whole text
// of it.
func withoutRepeats(text string, request []byte) string {
	words := strings.Fields(text)
	repeats := make([]bool, len(words))
	for i := range words {
		for n := 1; n <= repeatedWords && i+n <= len(words); n++ {
			if repeated(strings.Join(words[i:i+n], " "), n, request) {
				for k := range n {
					repeats[i+k] = true
				}
			}
		}
	}
	out := make([]string, 0, len(words))
	for i, w := range words {
		switch {
		case !repeats[i]:
			out = append(out, w)
		case i == 0 || !repeats[i-1]:
			out = append(out, Hidden)
		}
	}
	return strings.Join(out, " ")
}

// repeated reports whether n words in a row are a piece of the request.
func repeated(run string, n int, request []byte) bool {
	long := len(run) >= repeatedBytes && (n >= repeatedWords || !ascii(run))
	if long && holds(request, run) {
		return true
	}
	run = strings.Trim(run, "\"'`“”.,:;!?()")
	return n < repeatedWords && run != "" && wholeText(request, run)
}

// texts begin the members of requests that hold what people wrote, in every dialect.
var texts = []string{`"content":"`, `"content": "`, `"text":"`, `"text": "`, `"input":"`, `"input": "`}

// wholeText reports whether a text of a request says this and nothing else.
func wholeText(request []byte, text string) bool {
	for _, member := range texts {
		if holds(request, member+text+`"`) {
			return true
		}
	}
	return false
}

// holds reports whether a body of JSON holds a text: as it is, or with its characters escaped.
func holds(body []byte, text string) bool {
	return bytes.Contains(body, []byte(text)) || !ascii(text) && bytes.Contains(body, escaped(text))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// escaped writes a text as JSON in ASCII, as Python's clients do.
func escaped(text string) (out []byte) {
	for _, r := range text {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		for _, u := range utf16.AppendRune(nil, r) {
			out = append(append(out, `\u`...), strconv.FormatUint(0x10000+uint64(u), 16)[1:]...)
		}
	}
	return out
}
