package canon

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/extproc/scan"
)

// Charge is what a provider itself says that it charges for an answer. The zero Charge says
// nothing.
type Charge struct {
	Nano  int64 // nano-USD (1e-9 USD), rounded half-even
	Said  bool
	Unfit bool // what it says is no amount from 0 to MaxCharge, and is ignored
}

// MaxCharge bounds what one answer is taken to cost, in nano-USD: 10,000 USD.
const MaxCharge = 10_000_000_000_000

// Charges reads from a usage object what a provider charges, member by member. It knows the forms
// that are documented: cost in USD (OpenRouter, which adds cost_details for a key of the caller's
// own), cost.total_cost (Perplexity), cost_in_usd_ticks of 1e-10 USD (xAI) and estimated_cost in
// USD (DeepInfra). The zero Charges has read nothing.
type Charges struct {
	cost, upstream, ticks, estimate Charge
	ownKey                          bool
}

// tickPlaces are the decimal places of a tick of xAI's.
const tickPlaces = 10

// Read takes over a member of a usage object.
func (c *Charges) Read(name string, v scan.Value) {
	switch name {
	case "cost":
		if v.Kind() == scan.Object {
			v = v.Get("total_cost")
		}
		c.cost = readCharge(v, 0)
	case "cost_details":
		c.upstream = readCharge(v.Get("upstream_inference_cost"), 0)
	case "is_byok":
		c.ownKey = v.True()
	case "cost_in_usd_ticks":
		c.ticks = readCharge(v, tickPlaces)
	case "estimated_cost":
		c.estimate = readCharge(v, 0)
	}
}

// Charge returns what was read. A router charges beside what the provider does whose key the
// caller brought.
func (c *Charges) Charge() Charge {
	cost := c.cost
	if c.ownKey && cost.Said && c.upstream != (Charge{}) {
		cost = bounded(cost.Nano+c.upstream.Nano, c.upstream.Said)
	}
	for _, charge := range [...]Charge{cost, c.ticks, c.estimate} {
		if charge != (Charge{}) {
			return charge
		}
	}
	return Charge{}
}

// readCharge reads an amount in units of 10^-places USD, a number or one as text.
func readCharge(v scan.Value, places int) Charge {
	text := Str(v)
	if v.Kind() == scan.Number {
		text = string(v)
	}
	if text == "" {
		return Charge{}
	}
	return bounded(nanoOf(text, places))
}

func bounded(nano int64, ok bool) Charge {
	if !ok || nano < 0 || nano > MaxCharge {
		return Charge{Unfit: true}
	}
	return Charge{Nano: nano, Said: true}
}

// nanoOf returns a decimal number of units of 10^-places USD, such as 1.4e-05, in nano-USD, rounded
// half-even. It is exact: no float is made of it. It returns false for what is no number, negative
// or far above MaxCharge.
func nanoOf(text string, places int) (int64, bool) {
	digits, exponent, ok := decimalOf(text)
	if !ok {
		return 0, false
	}
	exponent += nanoPlaces - places
	if digits == "" {
		return 0, true
	}
	if exponent >= 0 {
		return shortInt(digits, exponent)
	}
	whole, rest := "", digits
	if cut := len(digits) + exponent; cut >= 0 {
		whole, rest = digits[:cut], digits[cut:]
	} else {
		rest = "0" // less than a tenth
	}
	n, ok := shortInt(whole, 0)
	if ok && (rest > "5" || rest == "5" && n%2 == 1) {
		n++
	}
	return n, ok
}

const nanoPlaces = 9

// shortInt returns digits with zeros after them as a number, if it is far from overflowing.
func shortInt(digits string, zeros int) (int64, bool) {
	if len(digits)+zeros > len("10000000000000")+1 {
		return 0, false
	}
	if digits == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(digits+strings.Repeat("0", zeros), 10, 64)
	return n, err == nil
}

// decimalOf takes a decimal number apart: its digits, without zeros before or after them, and the
// power of ten by which they count. No digits: it is 0.
func decimalOf(text string) (digits string, exponent int, ok bool) {
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.ParseInt(text[i+1:], 10, 16)
		if err != nil {
			return "", 0, false
		}
		mantissa, exponent = text[:i], int(n)
	}
	negative := strings.HasPrefix(mantissa, "-")
	whole, part, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if whole == "" || strings.Trim(whole+part, "0123456789") != "" {
		return "", 0, false
	}
	digits = strings.TrimLeft(whole+part, "0")
	exponent -= len(part)
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	return trimmed, exponent, trimmed == "" || !negative
}
