package pii

const (
	maxMailbox = 63 // one less than the context that a stream keeps, so that more can be seen there
	maxDomain  = 253
)

// mailbox returns where the part of an e-mail address begins whose @ is at i; i: there is none.
func (p *pass) mailbox(i int) int {
	j := i
	for i-j <= maxMailbox {
		k := p.mailboxBefore(j, i)
		if k == j {
			return p.afterSigns(j, i)
		}
		p.Work += j - k
		j = k
	}
	return i
}

// mailboxBefore returns where the character before j begins, if it is of a mailbox that ends at i;
// if not, j. Two signs in a row are not of it: leaders, rules and emphasis end with them.
func (p *pass) mailboxBefore(j, i int) int {
	if j == 0 {
		return j
	}
	switch c := p.Text[j-1]; {
	case is(c, wide) && j == len(p.Text): // a letter that is cut
		return j - 1
	case is(c, alnum|underscore), is(c, local) && (j == i || !is(p.Text[j], local)):
		return j - 1
	case is(c, tail) && wordBefore(p.Text, j):
		return j - 2
	default:
		return j
	}
}

func (p *pass) afterSigns(j, i int) int {
	for j < i && is(p.Text[j], local) {
		j++
	}
	return j
}

// address looks for an e-mail address of a mailbox and the @ after it.
func (p *pass) address(start, sign int) {
	start = p.afterSigns(start, sign)
	if start == sign || p.inAuthority(start) {
		return
	}
	end := p.domain(sign + 1)
	if end == 0 || string(p.Text[start:sign]) == "git" && p.At(end) == ':' {
		return
	}
	p.Offer(end, email, likely)
}

// inAuthority says whether user and password of a URL stand before i, or another @.
func (p *pass) inAuthority(i int) bool {
	if i > 0 && p.Text[i-1] == '@' {
		return true
	}
	for j := i; j > 2 && j > i-40; j-- {
		switch c := p.Text[j-1]; {
		case c == '/':
			return p.Text[j-2] == '/' && p.Text[j-3] == ':'
		case c == ' ' || c == '\n' || c == '\t' || c == '"' || c == '<':
			return false
		}
	}
	return false
}

// domain returns where the domain ends that begins at i; 0: there is none that has two labels and
// ends in letters.
func (p *pass) domain(i int) (end int) {
	start, count := i, 0
	ended := false // the label before could be the last
	for i-start <= maxDomain {
		j := p.domainLabel(i)
		if j == i || ended && p.sentence(i, j) {
			break
		}
		if count++; count == 2 && p.scaled(start, i) {
			return 0
		}
		top := p.topLevel(i, j)
		if ended = count > 1 && top > 0; ended {
			end = top
		}
		if i = j + 1; p.At(j) != '.' {
			break
		}
	}
	if i-start > maxDomain {
		return 0
	}
	return end
}

// domainLabel returns where a label ends; i: there is none, or one too long. One that begins with a letter of three bytes, as those
// of eastern scripts are, goes on with others of them.
func (p *pass) domainLabel(i int) int {
	eastern := p.At(i) >= 0xE4 && p.At(i) <= 0xED
	for j := i; j-i <= maxMailbox; j++ {
		c := p.At(j)
		if is(c, alnum|wide) || c == '-' && j > i || c == '_' && j > i || is(c, tail) && j > i && (eastern || is(p.Text[j-1], wide)) || eastern && c >= 0xE4 && c <= 0xED {
			continue
		}
		if eastern && is(c, tail) || eastern && c == 0xE3 && p.At(j+1) > 0x80 {
			continue
		}
		return j
	}
	return i
}

// topLevel returns where the name of a top level domain ends that begins at i, in a label that
// ends at j; 0: it does not begin with one.
func (p *pass) topLevel(i, j int) int {
	if j-i > 4 && string(p.Text[i:i+4]) == "xn--" {
		return j
	}
	k := i
	for k < j && (is(p.Text[k], letter|wide) || p.Text[k] >= 0x80) {
		k++
	}
	if k-i < 2 || k-i > 63 || k < j && is(p.Text[k], digit) {
		return 0
	}
	return k
}

// sentence says whether a label begins a sentence instead, as in "…@example.com.Thanks".
func (p *pass) sentence(i, j int) bool {
	return j-i > 1 && is(p.Text[i], upper) && is(p.Text[i+1], lower) && is(p.Text[i-2], lower)
}

// scaled says whether a label is the scale of a picture, as in logo@2x.png.
func (p *pass) scaled(start, next int) bool {
	return next-start == 3 && is(p.Text[start], digit) && p.Text[start+1] == 'x'
}
