package pii

// issued are the ranges of the first four digits that issuers of cards use, and the lengths of
// their numbers. Issuers that share a range are one row.
var issued = [...]struct {
	low, high int
	lengths   lengths
}{
	{604, 604, of(12, 19)},                             // Maestro
	{1800, 1800, of(15, 15)},                           // JCB
	{2131, 2131, of(15, 15)},                           // JCB
	{2200, 2204, of(16, 19)},                           // Mir
	{2221, 2720, of(16, 16)},                           // Mastercard
	{3000, 3059, of(14, 14) | of(16, 19)},              // Diners Club
	{3095, 3095, of(14, 14) | of(16, 19)},              // Diners Club
	{3400, 3499, of(15, 15)},                           // American Express
	{3500, 3599, of(16, 19)},                           // JCB, with what test data use of its range
	{3600, 3699, of(14, 19)},                           // Diners Club
	{3700, 3799, of(15, 15)},                           // American Express
	{3800, 3999, of(14, 14) | of(16, 19)},              // Diners Club
	{4000, 4999, of(13, 13) | of(16, 16) | of(18, 19)}, // Visa
	{5000, 5099, of(12, 19)},                           // Maestro, Elo, Verve
	{5100, 5599, of(16, 16)},                           // Mastercard
	{5600, 5899, of(12, 19)},                           // Maestro
	{6011, 6011, of(16, 19)},                           // Discover
	{6000, 6099, of(16, 16)},                           // RuPay, Hipercard
	{6200, 6299, of(16, 19)},                           // UnionPay
	{6304, 6304, of(12, 19)},                           // Maestro
	{6360, 6399, of(16, 19)},                           // InterPayment, InstaPayment, Elo
	{6390, 6390, of(12, 19)},                           // Maestro
	{6440, 6599, of(16, 19)},                           // Discover
	{6759, 6759, of(12, 19)},                           // Maestro
	{6761, 6763, of(12, 19)},                           // Maestro
	{6771, 6771, of(16, 19)},                           // Laser
	{8100, 8299, of(16, 19)},                           // UnionPay, RuPay
	{9792, 9792, of(16, 16)},                           // Troy
}

// lengths is a set of lengths, one bit each.
type lengths uint32

func of(low, high int) (ls lengths) {
	for n := low; n <= high; n++ {
		ls |= 1 << n
	}
	return ls
}

const shortestCard = 12

// card looks for the number of a card. If more than one count of groups would do, the fewest
// are taken: what follows a card's number is often a short number of its own.
func (p *pass) card(i int, n *number) {
	for k := range n.groups {
		d := n.first(k)
		if len(d) < shortestCard || !n.cardlike(k) || !hasIssuer(d) || !luhn(d) || !p.closes(n.end(k)) {
			continue
		}
		if k > 0 && (p.fourBefore(i) || p.fourAfter(n.end(k))) {
			return // a longer number
		}
		if p.foreign(i) && !p.spoken(i).Has(creditCard) {
			return
		}
		p.Offer(n.end(k), creditCard, sure)
		return
	}
}

// cardlike says whether the first k+1 groups are grouped as on cards: by one sign, and no group
// but the last with fewer than four digits.
func (n *number) cardlike(k int) bool {
	sign, ok := n.sign(k)
	if !ok || sign == '/' || sign == '.' && n.shape(k) != 0x4444 {
		return false
	}
	for i := range k {
		if n.size(i) < 4 {
			return false
		}
	}
	return true
}

func hasIssuer(d []byte) bool {
	head := 0
	for _, c := range d[:4] {
		head = head*10 + int(c-'0')
	}
	for i := range issued {
		if r := &issued[i]; head >= r.low && head <= r.high && r.lengths>>len(d)&1 == 1 {
			return true
		}
	}
	return false
}

// fourAfter says whether a blank and four digits or more follow.
func (p *pass) fourAfter(i int) bool {
	if p.At(i) != ' ' {
		return false
	}
	for j := i + 1; j <= i+4; j++ {
		if !is(p.At(j), digit) {
			return false
		}
	}
	return true
}

// fourBefore says whether four digits or more and a blank stand before i.
func (p *pass) fourBefore(i int) bool {
	if i < 5 || p.Text[i-1] != ' ' {
		return false
	}
	for _, c := range p.Text[i-5 : i-1] {
		if !is(c, digit) {
			return false
		}
	}
	return true
}
