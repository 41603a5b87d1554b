package pii

// begins says whether a number may begin at i: not inside a longer number, a time, an
// identifier, an amount of money or the path of an address.
func (p *pass) begins(i int) bool {
	if i == 0 {
		return true
	}
	switch p.Text[i-1] {
	case '_', '$', '+', '%', '\\':
		return false
	case '.', ':':
		return i < 2 || !is(p.Text[i-2], digit)
	case '-', '/', '~', '@':
		return !wordBefore(p.Text, i-1)
	default:
		return true
	}
}

// closes says whether a number may end before i.
func (p *pass) closes(i int) bool {
	switch c := p.At(i); c {
	case '-':
		return !is(p.At(i+1), inWord|underscore)
	case '.':
		return !is(p.At(i+1), digit)
	case '%', '@', '_':
		return false
	default:
		return !is(c, inWord)
	}
}
