package secrets

import (
	"bytes"
	"encoding/base64"
)

// maxName is how many bytes of a name or a user are looked at before a value.
const maxName = 40

// follows says whether words in lower case, in whatever case, stand before i.
func (p *pass) follows(i int, words string) bool {
	for k := range len(words) {
		if lowered(p.before(i-k)) != words[len(words)-1-k] {
			return false
		}
	}
	return !is(p.before(i-len(words)), inWord)
}

// bearer looks for what follows on the word Bearer, as in a header Authorization.
func (p *pass) bearer(i int) {
	if !p.follows(i, "bearer ") {
		return
	}
	end := i
	for end-i < maxToken && (is(p.at(end), inWord|base64Sign|other) || p.at(end) == '=') {
		end++
	}
	for end > i && p.s[end-1] == '.' {
		end--
	}
	if value := p.s[i:end]; len(value) >= 20 && mixed(value) && random(value) {
		p.offer(end, bearer, likely)
	}
}

// basic looks for what follows on the word Basic. Once it is decoded it has a colon, between user
// and password.
func (p *pass) basic(i int) {
	if !p.follows(i, "basic ") {
		return
	}
	end := i
	for end-i < 256 && (is(p.at(end), alnum|base64Sign) || p.at(end) == '=') {
		end++
	}
	var room [192]byte
	value := bytes.TrimRight(p.s[i:end], "=")
	n, err := base64.RawStdEncoding.Decode(room[:], value)
	if err != nil || n < 3 || bytes.IndexByte(room[:n], ':') < 0 || !printable(room[:n]) {
		return
	}
	p.offer(end, basicAuth, likely)
}

func printable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// inAddress looks for the password of an address, as in scheme://user:password@host.
func (p *pass) inAddress(i int) {
	j := i - 1
	for j > 0 && i-j < maxName && (is(p.s[j-1], inWord|other) || p.s[j-1] == '%' || p.s[j-1] == '+') {
		j--
		p.work++
	}
	if p.before(j) != '/' || p.before(j-1) != '/' || p.before(j-2) != ':' || !is(p.before(j-3), alnum) {
		return
	}
	end := i
	for end-i < 128 && inPassword(p.at(end)) {
		end++
	}
	if end == i || p.at(end) != '@' || !is(p.at(end+1), alnum) && p.at(end+1) != '[' || stands(p.s[i:end]) {
		return
	}
	p.offer(end, urlPassword, likely)
}

// inPassword says whether a password in an address may have c.
func inPassword(c byte) bool {
	switch c {
	case '@', '/', '"', '\'', '`', '<', '>', '\\', ' ', 0x7F:
		return false
	default:
		return c > ' '
	}
}

// stands says whether a value stands for a password: a variable, or stars.
func stands(value []byte) bool {
	switch value[0] {
	case '$', '{', '[', '%', '*':
		return true
	default:
		return placeholder(value)
	}
}
