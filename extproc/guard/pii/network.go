package pii

// hexadecimal says whether a word has no other digits than those of base 16.
func (p *pass) hexadecimal(i, j int) bool {
	for _, c := range p.Text[i:j] {
		if !is(c, digit|hexLetter) {
			return false
		}
	}
	return true
}

// network looks for a hardware address or an address of IPv6 that begins with a word of up to four
// letters and digits, which ends at j.
func (p *pass) network(i, j int) {
	sign := p.At(j)
	if sign != ':' && sign != '-' && sign != '.' || !p.hexadecimal(i, j) || !p.beginsNetwork(i, sign) {
		return
	}
	switch {
	case sign == ':' && j-i == 2:
		p.hardware(i, 2, 6)
		p.ipv6(i)
	case sign == ':':
		p.ipv6(i)
	case sign == '-' && j-i == 2:
		p.hardware(i, 2, 6)
	case sign == '.' && j-i == 4:
		p.hardware(i, 4, 3)
	}
}

// beginsNetwork says whether an address may begin at i. A colon before it may be that of a label,
// but not one after another group.
func (p *pass) beginsNetwork(i int, sign byte) bool {
	if i == 0 {
		return true
	}
	before := p.Text[i-1]
	if before != ':' && before != sign {
		return !is(before, underscore) && p.begins(i)
	}
	j := i - 1
	for j > 0 && i-j <= 6 && is(p.Text[j-1], alnum) {
		j--
	}
	return i-1-j > 4 || j < i-1 && !p.hexadecimal(j, i-1)
}

// hardware looks for groups of a size with the same sign between them.
func (p *pass) hardware(i, size, groups int) {
	j, letters := i, false
	sign := p.At(i + size)
	for k := range groups {
		for range size {
			if !is(p.At(j), digit|hexLetter) {
				return
			}
			letters = letters || is(p.Text[j], hexLetter)
			j++
		}
		if k < groups-1 {
			if p.At(j) != sign {
				return
			}
			j++
		}
	}
	if c := p.At(j); is(c, inWord|underscore) || c == sign && is(p.At(j+1), digit|hexLetter) {
		return
	}
	if letters || sign == ':' {
		p.Offer(j, mac, likely)
	}
}

// compressed looks for an address of IPv6 that begins with two colons.
func (p *pass) compressed(i int) {
	if p.At(i+1) != ':' || i > 0 && (p.Text[i-1] == ':' || wordBefore(p.Text, i) || p.Text[i-1] == ')' || p.Text[i-1] == ']') {
		return
	}
	if i > 1 && p.Text[i-1] == '[' && (wordBefore(p.Text, i-1) || p.Text[i-2] == ')' || p.Text[i-2] == ']') {
		return // a slice in a program
	}
	p.ipv6(i)
}

// ipv6 looks for an address of IPv6.
func (p *pass) ipv6(i int) {
	g := p.groups(i)
	if !g.whole() || is(p.At(g.end), inWord|underscore) || p.At(g.end) == ':' && is(p.At(g.end+1), digit|hexLetter) {
		return
	}
	if p.At(g.end) == '.' && is(p.At(g.end+1), digit) {
		return
	}
	if p.At(g.end) == '%' && is(p.At(g.end+1), alnum) {
		g.end = p.zone(g.end + 1)
	}
	p.Offer(g.end, ipAddress, likely)
}

// zone returns where the name of a zone ends.
func (p *pass) zone(i int) int {
	for end := i + 16; i < end && is(p.At(i), alnum); i++ {
	}
	return i
}

// groups is what an address of IPv6 consists of.
type groups struct {
	count   int // those of an address of IPv4 at the end count for two
	longest int
	plain   int // groups of two digits
	gap     bool
	digits  bool // one of 0 to 9 is among them
	end     int
}

// groups reads groups of digits of base 16 with colons between, of which two may follow on each
// other once.
func (p *pass) groups(i int) (g groups) {
	if p.At(i) == ':' {
		g.gap = true
		i += 2
		g.end = i
	}
	for g.count < 8 {
		if _, end := p.octets(i); end > 0 && g.count > 0 || end > 0 && g.gap {
			g.count, g.end, g.digits, g.longest = g.count+2, end, true, 4
			return g
		}
		j := i
		for j-i < 5 && is(p.At(j), digit|hexLetter) {
			g.digits = g.digits || is(p.Text[j], digit)
			j++
		}
		if j == i || j-i > 4 {
			return g
		}
		g.add(j-i, j)
		if p.At(j) != ':' {
			return g
		}
		if i = j + 1; p.At(i) == ':' {
			if g.gap {
				return g
			}
			g.gap = true
			i++
			g.end = i
		}
	}
	return g
}

func (g *groups) add(size, end int) {
	g.count++
	g.longest = max(g.longest, size)
	if size == 2 {
		g.plain++
	}
	g.end = end
}

// whole says whether the groups are an address. One with a gap must have something that times and
// programs do not: a group of three digits, or three groups.
func (g *groups) whole() bool {
	switch {
	case !g.gap:
		return g.count == 8 && g.plain < 8
	case g.count > 7:
		return false
	case !g.digits:
		return g.count > 2
	default:
		return g.longest > 2 || g.count > 2 || g.count == 1
	}
}
