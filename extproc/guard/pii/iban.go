package pii

// ibanLength returns how long the account numbers of a country are; 0: it has none.
func ibanLength(a, b byte) int { return ibanLengths[[2]byte{a &^ 0x20, b &^ 0x20}] }

var ibanLengths = func() map[[2]byte]int {
	lengths := map[[2]byte]int{}
	for n, countries := range map[int]string{
		15: "NO", 16: "BE", 18: "DKFIFOGLNLSDFK", 19: "MKSI", 20: "ATBAEEKZLTLUXKMN", 21: "CHHRLILV",
		22: "BGBHCRDEGBGEIEMERSVA", 23: "AEGIILIQTLOMSO", 24: "ADCZESMDPKROSASESKTNVG", 25: "LYPTST",
		26: "ISTR", 27: "BIDJFRGRITMCMRSM", 28: "ALAZBYCYDOGTHNHULBNIPLSV", 29: "BRPSQAUA", 30: "JOKWMUYE",
		31: "MTSC", 32: "LC", 33: "RU",
	} {
		for i := 0; i < len(countries); i += 2 {
			lengths[[2]byte{countries[i], countries[i+1]}] = n
		}
	}
	return lengths
}()

// account looks for an IBAN: in one piece, or in groups of four with one blank or dash between.
func (p *pass) account(i int) {
	if !is(p.Text[i], letter) || !is(p.At(i+1), letter) || !is(p.At(i+2), digit) || !is(p.At(i+3), digit) {
		return
	}
	n := ibanLength(p.Text[i], p.Text[i+1])
	if n == 0 {
		return
	}
	if end, rest := p.accountFrom(i, n); rest == 1 && p.closes(end) {
		p.Offer(end, iban, sure)
	}
}

// accountFrom reads n letters and digits, and returns where they end and what the whole leaves,
// modulo 97, if its first four stand last; 0: they are not that many.
func (p *pass) accountFrom(i, n int) (end, rest int) {
	var code [34]byte
	var sign byte
	j := i
	for k := 0; k < n; k++ {
		if c := p.At(j); k > 0 && k%4 == 0 && (c == ' ' || c == '-') && (k == 4 || c == sign) {
			sign = c
			j++
		} else if k == 4 {
			sign = 0
		} else if k > 0 && k%4 == 0 && sign != 0 {
			return j, 0
		}
		if !is(p.At(j), alnum) {
			return j, 0
		}
		code[k] = p.Text[j]
		j++
	}
	for k := range n {
		rest = append97(rest, code[(k+4)%n])
	}
	return j, rest
}

func append97(rest int, c byte) int {
	if v := value(c); v < 10 {
		return (rest*10 + v) % 97
	} else {
		return (rest*100 + v) % 97
	}
}
