package redact

import "strings"

// scheme reports whether a word announces a credential.
func scheme(w string) bool {
	w = strings.Trim(w, `"'`)
	return strings.EqualFold(w, "bearer") || strings.EqualFold(w, "basic")
}

// word hides what in a word may be an address or a key.
func word(w string, credential bool) string {
	if at := strings.IndexByte(w, '@'); at > 0 && strings.Contains(w[at:], ".") {
		return Hidden
	}
	if credential {
		return Hidden
	}
	var out strings.Builder
	for len(w) > 0 {
		n := 0
		for n < len(w) && ofToken(w[n]) {
			n++
		}
		switch {
		case n == 0:
			n = 1
			out.WriteByte(w[0])
		case keyLike(w[:n]):
			out.WriteString(Hidden)
		default:
			out.WriteString(w[:n])
		}
		w = w[n:]
	}
	return out.String()
}

// ofToken reports whether a byte may stand in a key.
func ofToken(c byte) bool { return alnum(c) || strings.IndexByte("-_.+/=*~", c) >= 0 }

func alnum(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// prefixes begin keys, and the names of accounts, of which the rest may look like a word.
var prefixes = []string{"sk-", "sk_", "pk-", "pk_", "gsk_", "xai-", "hf_", "hg_", "nvapi-", "pplx-", "r8_", "akia", "asia", "aiza", "ya29.", "ghp_", "eyj", "key-", "org-", "proj_", "acct_"}

// firstLetters are those of prefixes.
const firstLetters = "spgxhnraeyko"

// randomRun is how many letters and digits in a row are no word and no date.
const randomRun = 16

// keyLike reports whether a token may be a key: by how it begins, because it is masked already, or
// because letters and digits follow each other for too long to be a name.
func keyLike(token string) bool {
	if strings.Contains(token, "***") {
		return true
	}
	if beginsAsKey(token) {
		return true
	}
	run, digits, letters := 0, 0, 0
	for i := 0; i <= len(token); i++ {
		if i == len(token) || !alnum(token[i]) {
			run, digits, letters = 0, 0, 0
			continue
		}
		run++
		if digit(token[i]) {
			digits++
		} else {
			letters++
		}
		if run >= randomRun && digits > 0 && letters > 0 {
			return true
		}
	}
	return false
}

// beginsAsKey reports whether a token begins as keys do, and is longer than that.
func beginsAsKey(token string) bool {
	if token == "" || strings.IndexByte(firstLetters, token[0]|0x20) < 0 {
		return false
	}
	for _, p := range prefixes {
		if len(token) >= len(p)+6 && strings.EqualFold(token[:len(p)], p) {
			return true
		}
	}
	return false
}
