package pii

// luhn says whether the last digit is Luhn's check digit of those before it.
func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			v *= 2
			v -= v / 10 * 9
		}
		sum += v
	}
	return sum%10 == 0
}

// weigh adds the digits up, each times its weight. There are no more weights than digits.
func weigh(d []byte, weights ...int) (sum int) {
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return sum
}

// modulo returns the remainder of a number of any length.
func modulo(d []byte, m int) (rest int) {
	for _, c := range d {
		rest = (rest*10 + int(c-'0')) % m
	}
	return rest
}

// decimal returns the value of a few digits.
func decimal(d []byte) (v int) {
	for _, c := range d {
		v = v*10 + int(c-'0')
	}
	return v
}

func allSame(d []byte) bool {
	for _, c := range d {
		if c != d[0] {
			return false
		}
	}
	return true
}

// isDate says whether month and day may be those of a date.
func isDate(month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// iso7064 says whether the last digit is the check digit of ISO 7064, modulo 11,10.
func iso7064(d []byte) bool {
	product := 10
	for _, c := range d[:len(d)-1] {
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return (11-product)%10 == int(d[len(d)-1]-'0')
}

// The tables of Verhoeff's check: of multiplication in the dihedral group of ten, and of the
// permutations by place.
var (
	dihedral = [10][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
		{3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
		{9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	}
	permuted = [8][10]byte{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
		{8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	}
)

func verhoeff(d []byte) bool {
	var c byte
	for i := range d {
		c = dihedral[c][permuted[i%8][d[len(d)-1-i]-'0']]
	}
	return c == 0
}
