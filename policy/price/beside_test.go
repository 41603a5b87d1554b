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

// TestWaysThatNoRowHolds holds what tiers and speeds make of the price of a model of which the
// catalogue does not say it, and whether that is a rule of the provider's or assumed.
func TestWaysThatNoRowHolds(t *testing.T) {
	for _, c := range []struct {
		provider, way string
		want          Factor
		rule          bool
	}{
		{"openai", "flex", Factor{1, 2}, true},
		{"openai", "priority", Factor{2, 1}, false},
		{"openai", "fast", Factor{2, 1}, false},
		{"openai", "ultrafast", Factor{6, 1}, false},
		{"openai", "scale", One, false},
		{"openai", "default", One, true},
		{"openai", "", One, true},
		{"azure", "flex", One, false},
		{"groq", "flex", One, true},
		{"groq", "on_demand", One, true},
		{"anthropic", "standard", One, true},
		{"anthropic", "batch", Factor{1, 2}, true},
		{"anthropic", "priority", One, false},
		{"anthropic", "fast", One, false},
	} {
		if got, rule := Unlisted(c.provider, c.way); got != c.want || rule != c.rule {
			t.Errorf("%s %s: %v, a rule: %t; want %v, %t", c.provider, c.way, got, rule, c.want, c.rule)
		}
	}
	if Nano(Search("anthropic")) != 10_000_000 || Search("openai") != 0 {
		t.Errorf("searches cost %s and %s", Search("anthropic"), Search("openai"))
	}
}

// TestEndpointsOfRegions holds which of OpenAI's endpoints keep to a region.
func TestEndpointsOfRegions(t *testing.T) {
	for host, want := range map[string]bool{"api.openai.com": false, "eu.api.openai.com": true, "us.api.openai.com": true, "myapi.openai.com": false, "eu.api.openai.com.example.org": false} {
		if got := KeepsToRegion("openai", host); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
	if KeepsToRegion("openai-compatible", "eu.api.openai.com") {
		t.Error("another provider's prices are not OpenAI's")
	}
}
