package pii

// valid says whether digits are the number of a kind. It calls each check by name, so that digits
// need not outlive the call.
func valid(k kind, d []byte) bool {
	switch k {
	case ukNHS:
		return validNHS(d)
	case deTax:
		return validDETax(d)
	case frNIR:
		return validNIR(d)
	case nlBSN:
		return validBSN(d)
	case plPESEL:
		return validPESEL(d)
	case beNRN:
		return validNRN(d)
	case chAHV:
		return validAHV(d)
	case seNumber:
		return validSE(d)
	case inAadhaar:
		return validAadhaar(d)
	case auTFN:
		return validTFN(d)
	case auABN:
		return validABN(d)
	case auMedicare:
		return validMedicare(d)
	case brCPF:
		return validCPF(d)
	case caSIN:
		return validSIN(d)
	case krRRN:
		return validRRN(d)
	default:
		return false
	}
}

func validNHS(d []byte) bool {
	check := 11 - weigh(d, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
	return check%11 == int(d[9]-'0') && !allSame(d)
}

// validDETax also asks for what the tax office promises: of the first ten digits one occurs twice
// or three times, and the others once at most.
func validDETax(d []byte) bool {
	var counts [10]int
	for _, c := range d[:10] {
		counts[c-'0']++
	}
	repeated := 0
	for _, n := range counts {
		if n > 3 {
			return false
		}
		if n > 1 {
			repeated++
		}
	}
	return d[0] != '0' && repeated == 1 && iso7064(d)
}

func validNIR(d []byte) bool {
	month := decimal(d[3:5])
	if d[0] == '0' || d[0] == '5' || d[0] == '6' || d[0] == '9' || month == 0 || month > 12 && month < 20 || month > 42 && month < 50 {
		return false
	}
	return 97-modulo(d[:13], 97) == decimal(d[13:])
}

func validBSN(d []byte) bool {
	return weigh(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 && !allSame(d)
}

// validPESEL reads the month without what it has added for the century.
func validPESEL(d []byte) bool {
	return isDate(decimal(d[2:4])%20, decimal(d[4:6])) && weigh(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// validNRN takes persons born since 2000 into account, whose numbers are checked with a 2 in front.
func validNRN(d []byte) bool {
	check := 97 - decimal(d[9:])
	return isDate(decimal(d[2:4])%20, decimal(d[4:6])) &&
		(modulo(d[:9], 97) == check || (2_000_000_000+decimal(d[:9]))%97 == check)
}

func validAHV(d []byte) bool {
	return string(d[:3]) == "756" && weigh(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

// validSE takes a number with or without the century. A day above 60 is that of a coordination
// number.
func validSE(d []byte) bool {
	d = d[len(d)-10:]
	return isDate(decimal(d[2:4]), decimal(d[4:6])%60) && luhn(d)
}

func validAadhaar(d []byte) bool { return d[0] > '1' && verhoeff(d) }

func validTFN(d []byte) bool {
	return weigh(d, 1, 4, 3, 7, 5, 8, 6, 9, 10)%11 == 0 && !allSame(d)
}

func validABN(d []byte) bool {
	return d[0] != '0' && (weigh(d, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)-10)%89 == 0
}

func validMedicare(d []byte) bool {
	return d[0] >= '2' && d[0] <= '6' && weigh(d, 1, 3, 7, 9, 1, 3, 7, 9)%10 == int(d[8]-'0')
}

func validCPF(d []byte) bool {
	first := weigh(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	second := weigh(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10
	return first == int(d[9]-'0') && second == int(d[10]-'0') && !allSame(d)
}

func validSIN(d []byte) bool { return d[0] != '8' && luhn(d) && !allSame(d) }

// validRRN has no check digit to look at, since numbers given since 2020 have none.
func validRRN(d []byte) bool {
	return isDate(decimal(d[2:4]), decimal(d[4:6])) && d[6] >= '1' && d[6] <= '8'
}
