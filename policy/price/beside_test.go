package price

import "testing"

// TestOneRounding holds that a fraction of an amount is rounded once, halves to even.
func TestOneRounding(t *testing.T) {
	for _, c := range []struct {
		pico, per Pico
		want      int64
	}{
		{1001, 2, 1}, // 500.5 pico-USD: above the half
		{1000, 2, 0}, // the half, to the even neighbour
		{3000, 2, 2},
		{999, 2, 0},
		{-1001, 2, -1},
		{2500, 1, 2},
	} {
		if got := NanoOf(c.pico, c.per); got != c.want {
			t.Errorf("%d / %d: %d, want %d", c.pico, c.per, got, c.want)
		}
	}
}

func TestTiersAndSearches(t *testing.T) {
	for _, c := range []struct {
		provider, tier string
		times, per     Pico
	}{
		{"openai", "flex", 1, 2}, {"openai", "priority", 2, 1}, {"openai", "default", 1, 1}, {"openai", "", 1, 1},
		{"azure", "flex", 1, 1}, {"anthropic", "standard", 1, 1}, {"anthropic", "batch", 1, 2},
	} {
		if times, per := ServiceTier(c.provider, c.tier); times != c.times || per != c.per {
			t.Errorf("%s %s: %d/%d, want %d/%d", c.provider, c.tier, times, per, c.times, c.per)
		}
	}
	if Nano(Search("anthropic")) != 10_000_000 || Search("openai") != 0 {
		t.Errorf("searches cost %s and %s", Search("anthropic"), Search("openai"))
	}
}
