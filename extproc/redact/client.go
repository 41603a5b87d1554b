package redact

import (
	"bytes"
	"strings"
)

// minSecret is how long a credential is at least that may stand in no text: a shorter one is no
// secret, and would hide words.
const minSecret = 8

// Name returns what may be kept of how a program names itself, in one line of at most limit bytes:
// it hides what may be a key or an address. The secrets are the request's own credentials.
func Name(text string, secrets [][]byte, limit int) string {
	text = clip(without(text, secrets), 2*limit) // no more is looked at
	if harmless(text) {
		return clip(text, limit)
	}
	words := strings.Fields(strings.Map(printable, text))
	for i, w := range words {
		words[i] = word(w, i > 0 && scheme(words[i-1]))
	}
	return clip(strings.Join(words, " "), limit)
}

// harmless reports whether nothing of a text has to be hidden.
func harmless(text string) bool {
	begins := 0 // the token that is being read
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (text[i] < ' ' || text[i] > '~' || text[i] == '@') {
			return false
		}
		if i < len(text) && ofToken(text[i]) {
			continue
		}
		if token := text[begins:i]; scheme(token) || keyLike(token) {
			return false
		}
		begins = i + 1
	}
	return true
}

// Path returns what may be kept of a path, without its query, in at most limit bytes: it hides
// segments that may be keys. Those of a path that is served may be ids, which look random, too.
func Path(path string, served bool, secrets [][]byte, limit int) string {
	path = clip(without(path, secrets), 2*limit)
	suspect := keyLike
	if served {
		suspect = beginsAsKey
	}
	for rest, at := path, 0; rest != ""; {
		segment, after, _ := strings.Cut(rest, "/")
		if suspect(segment) || strings.ContainsFunc(segment, unprintable) {
			path = path[:at] + Hidden + path[at+len(segment):]
			at += len(Hidden) - len(segment)
		}
		at, rest = at+len(segment)+1, after
	}
	return clip(path, limit)
}

func unprintable(r rune) bool { return printable(r) != r }

// maxID bounds an id that a client has chosen, in bytes.
const maxID = 256

// ID reports whether an id that a client has chosen may be kept: it is one word of ASCII without a
// comma, of at most 256 bytes, and neither begins as keys do nor holds a credential of the request.
func ID(id []byte, secrets [][]byte) bool {
	for _, c := range id {
		if c <= ' ' || c > '~' || c == ',' {
			return false
		}
	}
	return len(id) > 0 && len(id) <= maxID && !beginsAsKey(string(id)) && !holdsOne(id, secrets)
}

// holdsOne reports whether a secret is in a text.
func holdsOne(text []byte, secrets [][]byte) bool {
	for _, s := range secrets {
		if len(s) >= minSecret && bytes.Contains(text, s) {
			return true
		}
	}
	return false
}

// without hides secrets.
func without(text string, secrets [][]byte) string {
	for _, s := range secrets {
		if len(s) >= minSecret && strings.Contains(text, string(s)) {
			text = strings.ReplaceAll(text, string(s), Hidden)
		}
	}
	return text
}
