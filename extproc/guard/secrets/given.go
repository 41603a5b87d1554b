package secrets

import (
	"bytes"
	"encoding/base64"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// maxName is how many bytes of a name or a user are looked at before a value.
const maxName = 40

// follows says whether words in lower case, in whatever case, stand before i.
func (p *pass) follows(i int, words string) bool {
	for k := range len(words) {
		if onepass.Lowered(p.Before(i-k)) != words[len(words)-1-k] {
			return false
		}
	}
	return !is(p.Before(i-len(words)), inWord)
}

// bearer looks for what follows on the word Bearer, as in a header Authorization.
func (p *pass) bearer(i int) {
	if !p.follows(i, "bearer ") {
		return
	}
	end := i
	for end-i < maxToken && (is(p.At(end), inWord|base64Sign|other) || p.At(end) == '=') {
		end++
	}
	for end > i && p.Text[end-1] == '.' {
		end--
	}
	if value := p.Text[i:end]; len(value) >= 20 && mixed(value) && random(value) {
		p.Offer(end, bearer, likely)
	}
}

// basic looks for what follows on the word Basic. Once it is decoded it has a colon, between user
// and password.
func (p *pass) basic(i int) {
	if !p.follows(i, "basic ") {
		return
	}
	end := i
	for end-i < 256 && (is(p.At(end), alnum|base64Sign) || p.At(end) == '=') {
		end++
	}
	var room [192]byte
	value := bytes.TrimRight(p.Text[i:end], "=")
	n, err := base64.RawStdEncoding.Decode(room[:], value)
	if err != nil || n < 3 || bytes.IndexByte(room[:n], ':') < 0 || !printable(room[:n]) {
		return
	}
	p.Offer(end, basicAuth, likely)
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
	for j > 0 && i-j < maxName && (is(p.Text[j-1], inWord|other) || p.Text[j-1] == '%' || p.Text[j-1] == '+') {
		j--
		p.Work++
	}
	if p.Before(j) != '/' || p.Before(j-1) != '/' || p.Before(j-2) != ':' || !is(p.Before(j-3), alnum) {
		return
	}
	end := i
	for end-i < 128 && inPassword(p.At(end)) {
		end++
	}
	if end == i || p.At(end) != '@' || !is(p.At(end+1), alnum) && p.At(end+1) != '[' || stands(p.Text[i:end]) {
		return
	}
	p.Offer(end, urlPassword, likely)
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
