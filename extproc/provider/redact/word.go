package redact

import "strings"

// scheme reports whether a word announces a credential.
func scheme(w string) bool {
	switch strings.ToLower(strings.Trim(w, `"'`)) {
	case "bearer", "basic":
		return true
	}
	return false
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

// randomRun is how many letters and digits in a row are no word and no date.
const randomRun = 16

// keyLike reports whether a token may be a key: by how it begins, because it is masked already, or
// because letters and digits follow each other for too long to be a name.
func keyLike(token string) bool {
	if strings.Contains(token, "***") {
		return true
	}
	lower := strings.ToLower(token)
	for _, p := range prefixes {
		if strings.HasPrefix(lower, p) && len(token) >= len(p)+6 {
			return true
		}
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
