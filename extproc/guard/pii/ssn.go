package pii

// ssn looks for a social security number of the USA or a taxpayer number, which has its form: in
// groups of 3, 2 and 4 digits, or in one piece after a word for it.
func (p *pass) ssn(i int, n *number) {
	d := n.digits[:9]
	switch {
	case n.groups > 2 && n.shape(2) == 0x324:
		if sign, ok := n.sign(2); !ok || sign == '/' || !p.closes(n.end(2)) {
			return
		}
		p.ssnOf(i, n.end(2), d)
	case n.upto[0] == 9 && p.closes(n.end(0)) && p.spoken(i)&(1<<usSSN|1<<usITIN) != 0:
		p.ssnOf(i, n.end(0), d)
	}
}

func (p *pass) ssnOf(i, end int, d []byte) {
	area, group, serial := decimal(d[:3]), decimal(d[3:5]), decimal(d[5:])
	k := usSSN
	switch {
	case area == 0 || area == 666 || group == 0 || serial == 0:
		return
	case area >= 900 && !itinGroup(group):
		return
	case area >= 900:
		k = usITIN
	}
	if p.foreign(i) && !p.spoken(i).Has(k) {
		return
	}
	p.Offer(end, k, likely)
}

// itinGroup says whether taxpayer numbers have a group.
func itinGroup(g int) bool {
	return g >= 50 && g <= 65 || g >= 70 && g <= 88 || g >= 90 && g <= 92 || g >= 94
}
