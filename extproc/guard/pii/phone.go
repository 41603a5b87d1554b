package pii

// call is a telephone number as it is read: groups of digits.
type call struct {
	sizes  [8]uint8
	total  [8]uint8 // digits until the end of a group
	offs   [8]uint8 // where a group ends, from the start
	signs  [8]byte  // before a group: a blank, a dash, a dot, a slash or a bracket; 0: nothing
	groups int
	start  int
	zero   bool // the first digit is 0
}

const maxCall = 17 // digits: 15, and two zeros in place of a plus sign

// phone looks for a telephone number that begins with a plus sign, a bracket or a digit at i.
func (p *pass) phone(i int) {
	plus := p.Text[i] == '+'
	if plus && (wordBefore(p.Text, i) || i > 0 && p.Text[i-1] == '+') || !plus && !p.begins(i) {
		return
	}
	c := p.call(i)
	if c.groups == 0 {
		return
	}
	k, score := p.dialled(i, &c)
	if k < 0 || k == 0 && p.Text[i] == '(' {
		return
	}
	end, ok := p.extension(c.end(k))
	if !ok && !p.closes(end) && (p.Text[end] != '-' || is(p.At(end+1), digit)) {
		return
	}
	p.Offer(end, phone, score)
}

// dialled returns the last group of a telephone number, and how sure it is; -1: it is none.
func (p *pass) dialled(i int, c *call) (last int, score float64) {
	if p.abroad(i, c) {
		if k := c.international(); k >= 0 {
			return k, likely
		}
	}
	if k := c.american(p.Text[i] == '('); k >= 0 && !p.foreign(i) {
		return k, likely
	}
	if k := c.national(); k >= 0 && !p.foreign(i) {
		return k, maybe
	}
	if k := c.spokenOf(); k >= 0 && p.spoken(i).Has(phone) && !p.foreign(i) {
		return k, likely
	}
	return -1, 0
}

// abroad says whether a number begins as those do that are called from other countries.
func (p *pass) abroad(i int, c *call) bool {
	if p.Text[i] == '0' {
		return p.At(i+1) == '0' && is(p.At(i+2), digit) && p.Text[i+2] != '0' && c.groups > 1
	}
	return p.Text[i] == '+' || p.At(i+1) == '+'
}

// call reads groups of digits with signs between, as telephone numbers have them.
func (p *pass) call(i int) (c call) {
	var sign byte
	open := false
	c.start = i
	if p.Text[i] == '+' {
		i++
	}
	if p.At(i) == '(' {
		sign, open = '(', true
		i++
		if p.At(i) == '+' {
			i++
		}
	}
	c.zero = p.At(i) == '0'
	for c.groups < len(c.sizes) {
		j := i
		for j-i <= maxCall && is(p.At(j), digit) {
			j++
		}
		if j == i || c.sum()+j-i > maxCall {
			return c
		}
		if open && p.At(j) != ')' {
			return c
		}
		c.add(j, j-i, sign)
		i, sign, open = p.between(j, open)
		if sign == 0 {
			return c
		}
	}
	return c
}

func (c *call) end(k int) int { return c.start + int(c.offs[k]) }

// sum returns how many digits there are.
func (c *call) sum() int {
	if c.groups == 0 {
		return 0
	}
	return int(c.total[c.groups-1])
}

func (c *call) add(end, size int, sign byte) {
	k := c.groups
	c.total[k] = uint8(c.sum() + size)
	c.sizes[k], c.offs[k], c.signs[k] = uint8(size), uint8(end-c.start), sign
	c.groups++
}

// between reads what stands between two groups: one sign, or a bracket with a sign beside it. A
// sign of 0: no group follows.
func (p *pass) between(j int, open bool) (next int, sign byte, opened bool) {
	if open {
		sign = ')'
		j++
	}
	if c := p.At(j); c == ' ' || c == '-' || c == '.' || c == '/' {
		sign = max(sign, c)
		j++
	}
	if p.At(j) == '(' && !open {
		return j + 1, '(', true
	}
	if sign == 0 || !is(p.At(j), digit) {
		return j, 0, false
	}
	return j, sign, false
}

// international returns the last group of a number with a plus sign.
func (c *call) international() int {
	last := -1
	for k := range c.groups {
		if k > 0 && (c.signs[k] == '/' || k > 1 && c.sizes[k] < 2 && c.signs[k] != '(' && c.signs[k] != ')') {
			break
		}
		if c.total[k] >= 8 {
			last = k
		}
		if c.total[k] == 11 && c.sizes[0] == 1 {
			break
		}
	}
	return last
}

// american returns the last group of a number of 3, 3 and 4 digits, with a country's number before
// or without.
func (c *call) american(bracket bool) int {
	first := 0
	if c.groups > 3 && (c.sizes[0] == 1 || c.sizes[0] == 3 && c.sizes[1] == 3 && c.sizes[2] == 3) {
		first = 1
	}
	last := first + 2
	if last >= c.groups || c.sizes[first] != 3 || c.sizes[first+1] != 3 || c.sizes[last] != 4 {
		return -1
	}
	if !bracket && c.signs[last] != c.signs[last-1] && c.signs[first] != '(' {
		return -1
	}
	return last
}

// national returns the last group of a number that begins with the 0 of long distance. The
// signs after its second group are all the same. 3, 2 and 4 digits are those of a social security
// number that is none.
func (c *call) national() int {
	if c.groups < 2 || !c.zero || c.sizes[0] < 2 || c.groups == 3 && c.sizes[1] == 2 && c.sizes[2] == 4 {
		return -1
	}
	last := -1
	for k := 1; k < c.groups; k++ {
		if c.sizes[k] < 2 || k > 1 && c.signs[k] != c.signs[max(2, k-1)] || c.signs[k] == '/' && k > 1 {
			break
		}
		if c.total[k] >= 9+c.sizes[0]/5 && c.total[k] <= 11 {
			last = k
		}
	}
	return last
}

// spokenOf returns the last group of a number that a word before calls one, and that is no date.
func (c *call) spokenOf() int {
	if c.groups > 2 && c.sizes[0] == 4 && c.sizes[1] == 2 && c.sizes[2] == 2 {
		return -1
	}
	last := -1
	for k := range c.groups {
		if k > 0 && (c.sizes[k] < 2 || c.sizes[0] > 4) {
			break
		}
		if c.total[k] >= 7 && c.total[k] <= 13 {
			last = k
		}
	}
	return last
}

// extension reads what is dialled after a number; without one it returns i and false.
func (p *pass) extension(i int) (end int, ok bool) {
	j := i
	if p.At(j) == ' ' {
		j++
	}
	switch {
	case p.At(j)|0x20 == 'x':
		j++
	case p.At(j)|0x20 == 'e' && p.At(j+1)|0x20 == 'x' && p.At(j+2)|0x20 == 't':
		if j += 3; p.At(j) == '.' {
			j++
		}
		if p.At(j) == ' ' {
			j++
		}
	default:
		return i, false
	}
	k := j
	for k-j < 7 && is(p.At(k), digit) {
		k++
	}
	if k == j || k-j > 6 || is(p.At(k), inWord|underscore) {
		return i, false
	}
	return k, true
}
