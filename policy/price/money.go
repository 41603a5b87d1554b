package price

import (
	"fmt"
	"strconv"
	"strings"
)

// Pico is an amount of money in pico-USD, 1e-12 USD. It holds up to 9.2 million
// USD either way: a request of 900 million tokens at MaxPerMillion still fits, and
// no provider takes a hundredth of that. Sums over many requests are kept in
// nano-USD, which reach a thousand times further.
type Pico int64

// MaxPerMillion is the highest price that ParsePerMillion takes, in USD per
// million tokens. It keeps tokens × price inside a Pico.
const MaxPerMillion = 10_000

const (
	picoDigits = 12 // decimal places of a USD amount in pico-USD
	nanoDigits = 9  // the same in nano-USD
	rateDigits = 6  // decimal places of USD per million tokens: 1e-6 is one pico-USD per token
)

// USD returns the amount as exact decimal text in USD, without exponent and
// without trailing zeros: 3,150,000,000 pico-USD are "0.00315".
func (p Pico) USD() string { return decimal(int64(p), picoDigits) }

// String returns the same text as USD.
func (p Pico) String() string { return p.USD() }

// PerMillion returns a price per token as exact decimal USD per million tokens,
// the text that ParsePerMillion reads.
func (p Pico) PerMillion() string { return decimal(int64(p), rateDigits) }

// Nano rounds an amount to nano-USD (1e-9 USD), halves to the even neighbour, so
// that many roundings do not drift. Round once, after summing.
func Nano(p Pico) int64 { return NanoOf(p, 1) }

// NanoOf is Nano for an amount that is divided by a number first, so that there is
// one rounding only.
func NanoOf(p, per Pico) int64 {
	n, rest := int64(p/(1000*per)), int64(p%(1000*per))
	half, odd := int64(500*per), n%2 != 0
	switch {
	case rest > half || rest == half && odd:
		return n + 1
	case rest < -half || rest == -half && odd:
		return n - 1
	}
	return n
}

// FormatNano returns an amount in nano-USD as exact decimal text in USD, without
// exponent and without trailing zeros: 3,150,000 are "0.00315".
func FormatNano(n int64) string { return decimal(n, nanoDigits) }

// decimal writes n × 10^-places.
func decimal(n int64, places int) string {
	sign, size := "", uint64(n)
	if n < 0 {
		sign, size = "-", -size // two's complement: right for the least int64, too
	}
	digits := strconv.FormatUint(size, 10)
	if pad := places + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	whole, part := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	if part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}

// ParsePerMillion reads a price in USD per million tokens, such as "0.003625",
// exactly: no exponent, no sign, at most six decimal places, at most
// MaxPerMillion. The errors name the fault without quoting the text.
func ParsePerMillion(text string) (Pico, error) {
	whole, part, pointed := strings.Cut(text, ".")
	switch {
	case strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("a price must not be negative")
	case !digits(whole) || pointed && !digits(part):
		return 0, fmt.Errorf("a price is a plain decimal in USD per million tokens, such as 0.25")
	}
	part = strings.TrimRight(part, "0")
	if len(part) > rateDigits {
		return 0, fmt.Errorf("a price has at most %d decimal places: 0.000001 USD per million tokens is the smallest step", rateDigits)
	}
	part += strings.Repeat("0", rateDigits-len(part))
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || n > MaxPerMillion*1_000_000 {
		return 0, fmt.Errorf("a price is at most %d USD per million tokens", MaxPerMillion)
	}
	return Pico(n), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// ParseNano reads an amount of USD, such as "0.25", exactly: no exponent, no sign, at most nine
// decimal places.
func ParseNano(text string) (int64, error) {
	whole, part, pointed := strings.Cut(text, ".")
	if !digits(whole) || pointed && !digits(part) || len(part) > nanoDigits {
		return 0, fmt.Errorf("an amount is a plain decimal in USD, such as 0.25")
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", nanoDigits-len(part)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("an amount is at most 9223372036 USD")
	}
	return n, nil
}
