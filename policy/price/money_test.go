package price

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParsePerMillion(t *testing.T) {
	tests := []struct {
		text string
		want Pico
		err  string // part of the error; empty: none
	}{
		{"0", 0, ""}, {"3", 3_000_000, ""}, {"0.003625", 3625, ""}, {"0.0028", 2800, ""}, {"0.30", 300_000, ""},
		{"0.000001", 1, ""}, {"10000", 10_000_000_000, ""}, {"007.50", 7_500_000, ""}, {"1.0000000000", 1_000_000, ""},
		{"0.0000001", 0, "at most 6 decimal places"}, {"-1", 0, "negative"}, {"-0", 0, "negative"},
		{"", 0, "plain decimal"}, {".5", 0, "plain decimal"}, {"5.", 0, "plain decimal"}, {"1e3", 0, "plain decimal"},
		{"+1", 0, "plain decimal"}, {"1_000", 0, "plain decimal"}, {"1,5", 0, "plain decimal"}, {"٣", 0, "plain decimal"}, {"1.2.3", 0, "plain decimal"},
		{"10000.000001", 0, "at most 10000"}, {"99999999999999999999999", 0, "at most 10000"},
	}
	for _, tt := range tests {
		got, err := ParsePerMillion(tt.text)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || got != tt.want {
			t.Errorf("ParsePerMillion(%q) = %d, %v; want %d, error with %q", tt.text, got, err, tt.want, tt.err)
		}
	}
}

func TestMoneyText(t *testing.T) {
	tests := []struct{ got, want string }{
		{FormatNano(0), "0"}, {FormatNano(3_150_000), "0.00315"}, {FormatNano(1_000_000_000), "1"}, {FormatNano(-1), "-0.000000001"},
		{FormatNano(math.MaxInt64), "9223372036.854775807"}, {FormatNano(math.MinInt64), "-9223372036.854775808"},
		{Pico(3625).USD(), "0.000000003625"}, {Pico(3625).String(), "0.000000003625"}, {Pico(math.MaxInt64).USD(), "9223372.036854775807"},
		{Pico(3625).PerMillion(), "0.003625"}, {Pico(15_000_000).PerMillion(), "15"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

func TestNanoRoundsHalvesToEven(t *testing.T) {
	for p, want := range map[Pico]int64{
		0: 0, 499: 0, 500: 0, 501: 1, 1499: 1, 1500: 2, 2500: 2, 2501: 3, 3500: 4,
		-499: 0, -500: 0, -501: -1, -1500: -2, -2500: -2, -2501: -3,
		math.MaxInt64: 9223372036854776, math.MinInt64: -9223372036854776,
	} {
		if got := Nano(p); got != want {
			t.Errorf("Nano(%d) = %d, want %d", p, got, want)
		}
	}
}

// TestMoneyAgainstBig holds the integer arithmetic against rational numbers.
func TestMoneyAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		p := Pico(r.Int64N(10_000_000_001))
		if back, err := ParsePerMillion(p.PerMillion()); err != nil || back != p {
			t.Fatalf("%d reads back as %d, %v", p, back, err)
		}
		if got, ok := new(big.Rat).SetString(p.PerMillion()); !ok || got.Cmp(big.NewRat(int64(p), 1e6)) != 0 {
			t.Fatalf("PerMillion(%d) = %s", p, p.PerMillion())
		}
		any := int64(r.Uint64()) >> r.IntN(64)
		if got, _ := new(big.Rat).SetString(Pico(any).USD()); got.Cmp(big.NewRat(any, 1e12)) != 0 {
			t.Fatalf("USD(%d) = %s", any, Pico(any).USD())
		}
		if got, _ := new(big.Rat).SetString(FormatNano(any)); got.Cmp(big.NewRat(any, 1e9)) != 0 {
			t.Fatalf("FormatNano(%d) = %s", any, FormatNano(any))
		}
		if got, want := Nano(Pico(any)), halfEven(any); got != want {
			t.Fatalf("Nano(%d) = %d, want %d", any, got, want)
		}
	}
}

// halfEven rounds n/1000 by comparing the distances to both neighbours.
func halfEven(n int64) int64 {
	floor := new(big.Int).Div(big.NewInt(n), big.NewInt(1000)) // Euclidean: towards minus infinity
	up := new(big.Int).Add(floor, big.NewInt(1))
	exact := big.NewRat(n, 1000)
	down := new(big.Rat).Sub(exact, new(big.Rat).SetInt(floor))
	above := new(big.Rat).Sub(new(big.Rat).SetInt(up), exact)
	switch c := down.Cmp(above); {
	case c < 0, c == 0 && floor.Bit(0) == 0:
		return floor.Int64()
	}
	return up.Int64()
}

func TestParseNano(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "0.25": 250_000_000, "3": 3_000_000_000, "0.000000001": 1, "9223372036.854775807": 1<<63 - 1} {
		if got, err := ParseNano(text); err != nil || got != want || FormatNano(got) != text {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", ".5", "1.", "-1", "+1", "1e3", "0.0000000001", "9223372036.854775808", "1,5", " 1"} {
		if got, err := ParseNano(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
