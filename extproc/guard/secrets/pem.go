package secrets

import "bytes"

const (
	keyBegins = "-----BEGIN"
	maxKey    = 32 << 10
	maxTitle  = 40 // of a key, as in OPENSSH PRIVATE KEY
	// Of a key without an end: how many words in a row may be too short for one of its lines, and how
	// many signs may stand between words.
	maxShort = 12
	maxGap   = 8
)

// pem looks for a private key that begins with dashes at i. The key ends with its own end, or with
// the last of its lines if it is cut.
func (p *pass) pem(i int) {
	if p.Before(i) == '-' || !p.reads(i, keyBegins+" ") {
		return
	}
	title := i + len(keyBegins) + 1
	j := title
	for j-title < maxTitle && (is(p.At(j), upper|digit) || p.At(j) == ' ') {
		j++
	}
	if !bytes.Contains(p.Text[title:j], []byte("PRIVATE KEY")) || !p.reads(j, "-----") {
		return
	}
	if end := p.pemBody(i, j+len("-----")); end > 0 {
		p.Offer(end, privateKey, sure)
	}
}

// begun returns how many of a word's last bytes may be the first of a key.
func begun(word []byte) int {
	for n := min(len(word), len(keyBegins)); n > 0; n-- {
		if string(word[len(word)-n:]) == keyBegins[:n] {
			return n
		}
	}
	return 0
}

// pemBody returns where the key ends that begins at i and whose lines begin at j; 0: it has none.
func (p *pass) pemBody(i, j int) (end int) {
	short, gap := 0, 0
	for j-i < maxKey && short <= maxShort && gap <= maxGap {
		c := p.At(j)
		if c == '-' && p.reads(j, "-----") {
			return p.pemEnd(j, end)
		}
		if !is(c, alnum|base64Sign) {
			if !betweenLines(c) {
				return end
			}
			j++
			gap++
			continue
		}
		k := j
		for k-i < maxKey && (is(p.At(k), alnum|base64Sign) || p.At(k) == '=') {
			k++
		}
		if short++; k-j >= 16 {
			short, end = 0, k
		}
		j, gap = k, 0
	}
	return end
}

// pemEnd returns where the line ends that ends a key, if the dashes at j begin it; if not, end.
func (p *pass) pemEnd(j, end int) int {
	if !p.reads(j, "-----END ") {
		return end
	}
	k := j + len("-----END ")
	for most := k + maxTitle; k < most && (is(p.At(k), upper|digit) || p.At(k) == ' '); {
		k++
	}
	if end == 0 || !p.reads(k, "-----") {
		return end
	}
	return k + len("-----")
}

// betweenLines says whether a key may have c between its lines or in its headers. A backslash is
// that of a line feed in a JSON string.
func betweenLines(c byte) bool {
	switch c {
	case '\n', '\r', '\t', ' ', '\\', ':', ',', '.', '-', '(', ')', '>', '|', '"', '=':
		return true
	default:
		return false
	}
}
