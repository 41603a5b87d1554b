package pii

// identifier is a number of persons that has digits only.
type identifier struct {
	kind   kind
	digits int
	shapes []uint64 // how it is written, as number.shape packs it, if a word for it is near
	strong []uint64 // how it is written if none has to be, since form and check are enough
	score  float64
}

var identifiers = [...]identifier{
	{kind: ukNHS, digits: 10, shapes: []uint64{0xA, 0x334}, score: sure},
	{kind: deTax, digits: 11, shapes: []uint64{0xB, 0x2333}, score: sure},
	{kind: frNIR, digits: 15, strong: []uint64{0xF, 0x1222332, 0xD2}, score: sure},
	{kind: nlBSN, digits: 9, shapes: []uint64{0x9, 0x333, 0x423}, score: sure},
	{kind: plPESEL, digits: 11, shapes: []uint64{0xB}, score: sure},
	{kind: beNRN, digits: 11, shapes: []uint64{0xB}, strong: []uint64{0x22232}, score: sure},
	{kind: chAHV, digits: 13, strong: []uint64{0xD, 0x3442}, score: sure},
	{kind: seNumber, digits: 10, shapes: []uint64{0xA}, strong: []uint64{0x64}, score: sure},
	{kind: seNumber, digits: 12, shapes: []uint64{0xC}, strong: []uint64{0x84}, score: sure},
	{kind: inAadhaar, digits: 12, shapes: []uint64{0xC, 0x444}, score: sure},
	{kind: auTFN, digits: 9, shapes: []uint64{0x9, 0x333}, score: sure},
	{kind: auABN, digits: 11, shapes: []uint64{0xB}, strong: []uint64{0x2333}, score: sure},
	{kind: auMedicare, digits: 10, shapes: []uint64{0xA, 0x451}, score: sure},
	{kind: auMedicare, digits: 11, shapes: []uint64{0xB, 0x4511}, score: sure},
	{kind: brCPF, digits: 11, shapes: []uint64{0xB}, strong: []uint64{0x3332}, score: sure},
	{kind: caSIN, digits: 9, shapes: []uint64{0x9, 0x333}, score: sure},
	{kind: krRRN, digits: 13, shapes: []uint64{0xD}, strong: []uint64{0x67}, score: likely},
}

// identity looks for the number of a person.
func (p *pass) identity(i int, n *number) {
	for k := range n.groups {
		total := int(n.upto[k])
		if total < 9 || total > 15 {
			continue
		}
		shape := n.shape(k)
		for r := range identifiers {
			if id := &identifiers[r]; id.digits == total && p.written(i, id, shape) && valid(id.kind, n.first(k)) && p.closes(n.end(k)) {
				p.Offer(n.end(k), id.kind, id.score)
			}
		}
	}
}

// written says whether a shape is that of a number, given the words before i.
func (p *pass) written(i int, id *identifier, shape uint64) bool {
	for _, s := range id.strong {
		if s == shape {
			return p.spoken(i).Has(id.kind) || !p.foreign(i)
		}
	}
	for _, s := range id.shapes {
		if s == shape {
			return p.spoken(i).Has(id.kind)
		}
	}
	return false
}

// passport looks for the number of a passport or a driver's licence in one word, which needs the
// words before it: its form is that of any number.
func (p *pass) passport(i, j int) {
	if j-i < 7 || j-i > 15 || !p.closes(j) {
		return
	}
	letters := 0
	for letters < j-i && is(p.Text[i+letters], upper) {
		letters++
	}
	for _, c := range p.Text[i+letters : j] {
		if !is(c, digit) {
			return
		}
	}
	spoken := p.spoken(i)
	switch {
	case spoken.Has(usPassport) && j-i == 9 && letters < 2:
		p.Offer(j, usPassport, maybe)
	case spoken.Has(usLicense) && spoken.Has(driving) && letters < 4:
		p.Offer(j, usLicense, maybe)
	}
}
