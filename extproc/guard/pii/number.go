package pii

const (
	maxDigits = 19
	maxGroups = 10
)

// number is digits in groups, with one sign between each two.
type number struct {
	digits [maxDigits]byte
	upto   [maxGroups]uint8 // digits until the end of a group
	signs  [maxGroups]byte  // before groups; 0 before the first
	groups int
	start  int
}

// number reads the groups that begin with the digits from i to j, as long as they have no more
// than maxDigits together.
func (p *pass) number(i, j int) (n number) {
	total := 0
	n.start = i
	for n.groups < maxGroups && total+j-i <= maxDigits {
		copy(n.digits[total:], p.Text[i:j])
		total += j - i
		n.upto[n.groups] = uint8(total)
		n.groups++
		sign := p.At(j)
		if n.groups == maxGroups || !separates(sign) || !is(p.At(j+1), digit) {
			return n
		}
		i = j + 1
		j = p.digitsFrom(i)
		if is(p.At(j), letter|wide|underscore) {
			return n
		}
		n.signs[n.groups] = sign
	}
	return n
}

// digitsFrom returns where the digits end that begin at i. It reads at most one more than any
// number has.
func (p *pass) digitsFrom(i int) int {
	end := i + maxDigits + 1
	for i < end && is(p.At(i), digit) {
		i++
	}
	return i
}

func separates(c byte) bool { return c == ' ' || c == '-' || c == '.' || c == '/' }

// first returns the digits of the first k+1 groups.
func (n *number) first(k int) []byte { return n.digits[:n.upto[k]] }

// end returns where a group ends: there is one sign before each but the first.
func (n *number) end(k int) int { return n.start + int(n.upto[k]) + k }

// total returns how many digits there are.
func (n *number) total() int { return int(n.upto[n.groups-1]) }

// size returns how many digits a group has.
func (n *number) size(k int) int {
	if k == 0 {
		return int(n.upto[0])
	}
	return int(n.upto[k] - n.upto[k-1])
}

// sign returns the sign between all of the first k+1 groups; 0: there is none.
func (n *number) sign(k int) (sign byte, ok bool) {
	for i := 1; i <= k; i++ {
		if n.signs[i] != n.signs[1] {
			return 0, false
		}
	}
	return n.signs[min(k, 1)], true
}

// shape packs the sizes of the first k+1 groups into one number, four bits each: 3-2-4 is 0x324.
func (n *number) shape(k int) (packed uint64) {
	for i := range k + 1 {
		packed = packed<<4 | uint64(min(n.size(i), 15))
	}
	return packed
}
