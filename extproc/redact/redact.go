// Package redact makes what a provider says of a failure, and what a client says of itself, fit for
// rows: bounded, and without what may be a secret, an address or a piece of the request.
//
// The promise: no key, no e-mail address, nothing that is quoted and more than one word, no three
// words in a row of the request's body, and no whole text of it are in what Text returns; of what a
// client says of itself, no key and no address. The trap: a single word stays, in quotes too, because
// names of fields, models and tools stand so; of a provider that quotes one word out of a prompt, that
// word stands in the row. And what looks random may be an id, which ID keeps: only by how it begins,
// and because the request is authorized by it, is it known to be a key.
package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden stands for what is left out.
const Hidden = "[...]"

// maxQuoted is how long a word in quotes may be, in bytes.
const maxQuoted = 64

// Text returns what may be kept of a text in one line of at most limit bytes. The request is the
// body that the text may quote, as JSON; the secrets may stand in no text, whatever they look like.
func Text(text string, request []byte, secrets []string, limit int) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, Hidden)
		}
	}
	text = strings.Map(printable, clip(text, 4*limit)) // no more is looked at
	text = withoutRepeats(quotes(text), request)
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = word(w, i > 0 && scheme(words[i-1]))
	}
	return clip(strings.Join(words, " "), limit)
}

// printable makes a blank of what cannot be printed.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// clip bounds a text, without cutting a character.
func clip(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// closing are the signs that end what others begin to quote.
var closing = map[rune]rune{'"': '"', '\'': '\'', '`': '`', '“': '”', '‘': '’', '«': '»', '{': '}'}

// quotes hides what is quoted, unless it is one short word, and what stands in braces.
func quotes(text string) string {
	var out strings.Builder
	before := ' '
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		end, opens := closing[r]
		if !opens || r == '\'' && (unicode.IsLetter(before) || unicode.IsDigit(before)) { // an apostrophe
			out.WriteString(text[:n])
			before, text = r, text[n:]
			continue
		}
		inside, rest := upTo(text[n:], r, end)
		if r == '{' || len(inside) > maxQuoted || strings.ContainsFunc(inside, unicode.IsSpace) {
			inside = Hidden
		}
		out.WriteRune(r)
		out.WriteString(inside)
		out.WriteRune(end)
		before, text = end, rest
	}
	return out.String()
}

// upTo cuts a text at the sign that ends what was begun. What does not end is all that is left.
func upTo(text string, begin, end rune) (inside, rest string) {
	depth := 1
	for i, r := range text {
		switch {
		case r == end:
			depth--
		case r == begin:
			depth++
		}
		if depth == 0 {
			return text[:i], text[i+utf8.RuneLen(r):]
		}
	}
	return text, ""
}
