package pii

// coded looks for numbers of persons with letters, in a word of their own.
func (p *pass) coded(i, j int) {
	if j-i < 9 || j-i > 16 || !p.closes(j) {
		return
	}
	var code [16]byte
	capitals := true
	for k, c := range p.Text[i:j] {
		capitals = capitals && !is(c, lower)
		code[k] = raised(c)
	}
	p.codedAs(i, j, code[:j-i], capitals)
}

// codedAs looks at a word in capitals; those that were none before need a word for it near where
// the check is no more than a letter or a form.
func (p *pass) codedAs(i, j int, code []byte, capitals bool) {
	spelt := func(k kind, score float64) {
		if capitals && !p.foreign(i) || p.spoken(i).Has(k) {
			p.Offer(j, k, score)
		}
	}
	switch {
	case looks(code, "99999999A") && code[8] == nifLetter(decimal(code[:8])):
		spelt(esNIF, sure)
	case looks(code, "A9999999A") && validNIE(code):
		spelt(esNIE, sure)
	case looks(code, "A9999999A") && validNRIC(code):
		spelt(sgNRIC, sure)
	case looks(code, "AA999999A") && validNINO(code):
		spelt(ukNINO, likely)
	case looks(code, "AAAAA9999A") && panHolder(code[3]):
		spelt(inPAN, likely)
	case looks(code, "999999A999?") && validFI(code):
		spelt(fiCode, sure)
	case len(code) == 16 && validFiscal(code):
		p.Offer(j, itFiscal, sure)
	}
}

// looks says whether a word in capitals has a form: A is a letter, 9 a digit, ? either.
func looks(code []byte, form string) bool {
	if len(code) != len(form) {
		return false
	}
	for i, c := range code {
		if f := form[i]; f == 'A' && !is(c, upper) || f == '9' && !is(c, digit) {
			return false
		}
	}
	return true
}

// withSign looks for numbers that end in a letter, with a sign between their digits or before the
// letter.
func (p *pass) withSign(i, j int) {
	sign := p.At(j)
	if sign != '-' && sign != '+' {
		return
	}
	switch {
	case j-i == 8 && is(p.At(j+1), upper) && p.Text[j+1] == nifLetter(decimal(p.Text[i:j])) && p.closes(j+2):
		p.Offer(j+2, esNIF, sure)
	case j-i == 6 && is(p.At(j+1), digit) && is(p.At(j+2), digit) && is(p.At(j+3), digit) && is(p.At(j+4), alnum) && p.closes(j+5):
		if validFI(p.Text[i : j+5]) {
			p.Offer(j+5, fiCode, sure)
		}
	}
}

// spacedNINO looks for a national insurance number in five groups, which begins with two capitals.
func (p *pass) spacedNINO(i, j int) {
	if !is(p.Text[i], upper) || !is(p.Text[i+1], upper) || !ninoPrefix(p.Text[i], p.Text[i+1]) || p.At(j) != ' ' || !p.begins(i) {
		return
	}
	for range 3 {
		if p.At(j) != ' ' || !is(p.At(j+1), digit) || !is(p.At(j+2), digit) {
			return
		}
		j += 3
	}
	if p.At(j) == ' ' && p.At(j+1) >= 'A' && p.At(j+1) <= 'D' && p.closes(j+2) {
		p.Offer(j+2, ukNINO, likely)
	}
}

func validNINO(code []byte) bool {
	return ninoPrefix(code[0], code[1]) && code[8] >= 'A' && code[8] <= 'D'
}

// ninoPrefix says whether national insurance numbers begin with two letters.
func ninoPrefix(a, b byte) bool {
	for _, never := range []byte("DFIQUV") {
		if a == never || b == never {
			return false
		}
	}
	switch string([]byte{a, b}) {
	case "BG", "GB", "NK", "KN", "TN", "NT", "ZZ":
		return false
	default:
		return b != 'O'
	}
}

func nifLetter(n int) byte { return "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] }

func validNIE(code []byte) bool {
	if code[0] < 'X' || code[0] > 'Z' {
		return false
	}
	return code[8] == nifLetter(int(code[0]-'X')*10_000_000+decimal(code[1:8]))
}

func validNRIC(code []byte) bool {
	sum := weigh(code[1:], 2, 7, 6, 5, 4, 3, 2)
	switch code[0] {
	case 'S':
		return code[8] == "JZIHGFEDCBA"[sum%11]
	case 'T':
		return code[8] == "JZIHGFEDCBA"[(sum+4)%11]
	case 'F':
		return code[8] == "XWUTRQPNMLK"[sum%11]
	case 'G':
		return code[8] == "XWUTRQPNMLK"[(sum+4)%11]
	default:
		return false
	}
}

// panHolder says whether a letter stands for a kind of holder of an account.
func panHolder(c byte) bool {
	switch c {
	case 'A', 'B', 'C', 'F', 'G', 'H', 'J', 'L', 'P', 'T', 'E', 'K':
		return true
	default:
		return false
	}
}

// validFI takes six digits of a date, the sign of the century, three digits and the check
// character.
func validFI(code []byte) bool {
	if !isDate(decimal(code[2:4]), decimal(code[:2])) {
		return false
	}
	rest := (decimal(code[:6])*1000 + decimal(code[7:10])) % 31
	return code[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[rest]
}

// validFiscal looks at form and check letter. A letter may stand for a digit, so
// that no two persons have the same code.
func validFiscal(code []byte) bool {
	sum := 0
	for i, c := range code[:15] {
		if numeral := "......99A99A999"[i] == '9'; numeral && is(c, letter) && (c < 'L' || c > 'V' || c == 'O') || !numeral && !is(c, letter) {
			return false
		}
		v := value(c)
		if v > 9 {
			v -= 10 // letters count from 0, as digits do
		}
		if i%2 == 0 {
			v = fiscalOdd[v]
		}
		sum += v
	}
	return int(code[15]) == 'A'+sum%26
}

// fiscalOdd is what digits and letters count at odd places.
var fiscalOdd = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
