package secrets

import (
	"bytes"

	"github.com/headgate/headgate/extproc/guard/content/onepass"
)

// assigned looks for a value that is assigned to a name that says what it is: after a sign of
// equality or a colon, with blanks and quotes between.
func (p *pass) assigned(i int) {
	j, signs := i, 0
	for i-j < 6 {
		c := p.Before(j)
		if c == '=' || c == ':' {
			signs++
		} else if c != ' ' && c != '"' && c != '\'' && c != '`' && c != '>' {
			break
		}
		j--
	}
	if signs == 0 {
		return
	}
	switch name, n := p.name(j); {
	case n == 0:
	case ends(name[:n], "secretaccesskey", "awssecretkey", "awssecret"):
		p.exactly(i, awsSecret, 40, 40)
	case ends(name[:n], "accountkey", "sharedaccesskey", "sharedkey"):
		p.exactly(i, azureKey, 43, 86)
	case ends(name[:n], "password", "passwd", "passphrase", "pwd"):
		p.password(i)
	case ends(name[:n], "apikey", "secret", "token", "secretkey", "accesskey", "authkey", "encryptionkey", "signingkey"):
		p.generic(i)
	}
}

// name returns the name that ends before j, in lower case and without dashes.
func (p *pass) name(j int) (name [maxName]byte, n int) {
	b := j
	for j-b < maxName && is(p.Before(b), inWord) {
		b--
	}
	for _, c := range p.Text[b:j] {
		if !is(c, dash) {
			name[n] = onepass.Lowered(c)
			n++
		}
	}
	return name, n
}

func ends(name []byte, words ...string) bool {
	for _, w := range words {
		if bytes.HasSuffix(name, []byte(w)) {
			return true
		}
	}
	return false
}

// exactly looks for a value in base 64 that has one of two lengths, without the equals signs that
// fill it up.
func (p *pass) exactly(i int, k kind, one, other int) {
	end := i
	for end-i <= other && is(p.At(end), alnum|base64Sign) {
		end++
	}
	if n := end - i; n != one && n != other || !random(p.Text[i:end]) {
		return
	}
	for range 2 {
		if p.At(end) == '=' {
			end++
		}
	}
	p.Offer(end, k, likely)
}

// password takes a value in quotes, or one without until a blank. What programs assign instead of
// one has brackets, or neither digits nor signs.
func (p *pass) password(i int) {
	quote := p.Text[i-1]
	if quote != '"' && quote != '\'' && quote != '`' {
		quote = ' '
	}
	end, strange := i, false
	for end-i < 64 && p.At(end) > ' ' && p.At(end) != quote {
		switch c := p.Text[end]; c {
		case '(', ')', '{', '}', '[', ']', '<', '>', '"', '\'', '`', '$':
			return
		case ',', ';':
			if quote == ' ' {
				strange = strange || end > i
			}
		default:
			strange = strange || !is(c, letter|other)
		}
		if c := p.Text[end]; quote == ' ' && (c == ',' || c == ';') {
			break
		}
		end++
	}
	if end-i < 6 || end-i == 64 || !strange || placeholder(p.Text[i:end]) {
		return
	}
	p.Offer(end, password, likely)
}

// generic takes a value that looks random.
func (p *pass) generic(i int) {
	end := i
	for end-i < 256 && (is(p.At(end), inWord|base64Sign) || p.At(end) == '=') {
		end++
	}
	if value := p.Text[i:end]; len(value) >= 16 && len(value) < 256 && mixed(value) && different(value) >= 10 && unbroken(value) >= 12 && !placeholder(value) {
		p.Offer(end, genericKey, likely)
	}
}
