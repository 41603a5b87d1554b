package pii

// ipv4 looks for an address of IPv4, which a version or the number of a section looks like.
func (p *pass) ipv4(i int) {
	octets, end := p.octets(i)
	if end == 0 || !p.closesAddress(end) || p.numbersVersion(i, end, octets) {
		return
	}
	p.Offer(end, ipAddress, likely)
}

// octets reads four numbers below 256 with a dot between each two; an end of 0: they are not there.
func (p *pass) octets(i int) (octets [4]byte, end int) {
	for k := range octets {
		j, v := i, 0
		for j-i < 4 && is(p.At(j), digit) {
			v = v*10 + int(p.Text[j]-'0')
			j++
		}
		if j == i || j-i > 3 || v > 255 || j-i > 1 && p.Text[i] == '0' || k < 3 && p.At(j) != '.' {
			return octets, 0
		}
		octets[k], end = byte(v), j
		i = j + 1
	}
	return octets, end
}

// closesAddress says whether an address of IPv4 may end before i: not if it goes on as a version,
// a name of a file or a longer number does.
func (p *pass) closesAddress(i int) bool {
	switch c := p.At(i); c {
	case '.':
		return !is(p.At(i+1), alnum)
	case '-':
		return !is(p.At(i+1), letter)
	case '+', '@', '_':
		return false
	default:
		return !is(c, inWord)
	}
}

// numbersVersion says whether what has the form of an address numbers a version or a section.
func (p *pass) numbersVersion(i, end int, octets [4]byte) bool {
	if p.labelled(i) == versioned {
		return true
	}
	if i > 1 && p.Text[i-1] == '=' && compares(p.Text[i-2]) {
		return true
	}
	return p.numbersHeading(i, end, octets)
}

// compares says whether c and an equals sign compare versions, as in >=1.2.3.4.
func compares(c byte) bool {
	return c == '=' || c == '>' || c == '<' || c == '~' || c == '!' || c == '^'
}

// numbersHeading says whether small numbers begin a line and a word with a capital follows.
func (p *pass) numbersHeading(i, end int, octets [4]byte) bool {
	if i > 0 && p.Text[i-1] != '\n' && p.Text[i-1] != '#' && (i < 2 || p.Text[i-2] != '#') {
		return false
	}
	for _, o := range octets {
		if o > 30 {
			return false
		}
	}
	return p.At(end) == ' ' && is(p.At(end+1), upper) && is(p.At(end+2), lower)
}
