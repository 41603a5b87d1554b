package price

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const waysHeader = "provider,model,as,listed,factor,input,output,cache_read,source\n"

// noWays is a table in which everything is served as usual.
func noWays() io.Reader { return strings.NewReader(waysHeader) }

// TestAsServed holds what models cost in a tier, at a speed and in a region, also under
// the name of a snapshot and at the simulated provider.
func TestAsServed(t *testing.T) {
	for _, c := range []struct {
		provider, model      string
		ways                 [3]string
		input, output, cache string // USD per million tokens
	}{
		{"openai", "gpt-4.1", [3]string{"priority"}, "3.5", "14", "0.875"},
		{"openai", "gpt-4.1-2025-04-14", [3]string{"priority"}, "3.5", "14", "0.875"},
		{"openai", "gpt-4o-mini", [3]string{"priority"}, "0.25", "1", "0.125"},
		{"openai", "gpt-4o-mini", [3]string{"default"}, "0.15", "0.6", "0.075"},
		{Simulated, "gpt-5-mini", [3]string{"priority"}, "0.45", "3.6", "0.045"},
		{"openai", "gpt-4o-mini", [3]string{"fast"}, "0.25", "1", "0.125"},
		{"openai", "gpt-4o", [3]string{"priority"}, "4.25", "17", "2.125"},
		{"openai", "gpt-4o-2024-05-13", [3]string{}, "5", "15", "5"},
		{"openai", "gpt-4o-2024-05-13", [3]string{"priority"}, "8.75", "26.25", "8.75"},
		{"openai", "gpt-4o-2024-08-06", [3]string{}, "2.5", "10", "1.25"},
		{"openai", "o3", [3]string{"priority"}, "3.5", "14", "0.875"},
		{"openai", "o3", [3]string{"flex"}, "1", "4", "0.25"},
		{"openai", "o4-mini", [3]string{"priority"}, "2", "8", "0.5"},
		{"openai", "o4-mini", [3]string{"flex"}, "0.55", "2.2", "0.138"},
		{"openai", "gpt-5.4", [3]string{"flex"}, "1.25", "7.5", "0.13"},
		{"openai", "gpt-5.5", [3]string{"priority"}, "12.5", "75", "1.25"},
		{"openai", "gpt-5.2", [3]string{"flex"}, "0.875", "7", "0.0875"},
		{"openai", "gpt-6-astra", [3]string{"ultrafast"}, "60", "300", "6"},
		{"openai", "gpt-6-astra", [3]string{"ultrafast", "", Regional}, "66", "330", "6.6"},
		{"openai", "gpt-5.4-mini", [3]string{"", "", Regional}, "0.825", "4.95", "0.0825"},
		{"openai", "gpt-5-mini", [3]string{"", "", Regional}, "0.25", "2", "0.025"},
		{"anthropic", "claude-opus-4-7", [3]string{"standard", "fast"}, "30", "150", "3"},
		{"anthropic", "claude-opus-4-8", [3]string{"standard", "fast"}, "10", "50", "1"},
		{"anthropic", "claude-opus-5-5", [3]string{"standard", "fast"}, "8", "40", "0.4"},
		{"anthropic", "claude-fable-5-2", [3]string{"standard", "fast"}, "16", "80", "0.4"},
		{"anthropic", "claude-haiku-5-5", [3]string{"", "", "us"}, "0.11", "0.55", "0.011"},
		{"anthropic", "claude-opus-4-6", [3]string{"standard", "fast"}, "30", "150", "3"},
		{"anthropic", "claude-opus-4-6", [3]string{"", "", "us"}, "5.5", "27.5", "0.55"},
		{"anthropic", "claude-opus-4-6", [3]string{"", "fast", "us"}, "33", "165", "3.3"},
		{"anthropic", "claude-opus-4-6", [3]string{"", "", "global"}, "5", "25", "0.5"},
		{"anthropic", "claude-haiku-4-5-20251001", [3]string{"", "", "us"}, "1", "5", "0.1"},
	} {
		p, ok := Builtin().Look(c.provider, "", c.model, now)
		if !ok {
			t.Fatal(c.model)
		}
		got := p.As(c.ways[0]).As(c.ways[1]).As(c.ways[2])
		if diff := cmp.Diff([3]string{c.input, c.output, c.cache}, [3]string{got.Input.PerMillion(), got.Output.PerMillion(), got.CacheRead.PerMillion()}); diff != "" {
			t.Errorf("%s as %v: %s", c.model, c.ways, diff)
		}
	}
}

// TestLongContextsThatEnded holds that a price of long contexts counts up to the day on which
// its provider ended it.
func TestLongContextsThatEnded(t *testing.T) {
	day := time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC)
	for at, above := range map[time.Time]int64{day.Add(-time.Second): 200_000, day: 0} {
		if p, ok := Builtin().Look("anthropic", "", "claude-sonnet-4-5", at); !ok || p.LongAbove != above {
			t.Errorf("%v: threshold %d, want %d", at, p.LongAbove, above)
		}
	}
	for _, model := range []string{"claude-opus-4-6", "claude-sonnet-4-6"} {
		p, _ := Builtin().Look("anthropic", "", model, time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC))
		if q, _ := Builtin().Look("anthropic", "", model, time.Date(2026, 3, 13, 0, 0, 0, 0, time.UTC)); p.LongAbove != 200_000 || q.Long != nil {
			t.Errorf("%s: threshold %d, then %+v", model, p.LongAbove, q.Long)
		}
	}
}

// TestALongContextInAnotherTier holds that the factor of a tier holds of long contexts, and that of
// the long context of a model with a price of its own for what it reads from its cache.
func TestALongContextInAnotherTier(t *testing.T) {
	for _, c := range []struct{ model, way, input, output, cache string }{
		{"gpt-5.4", "flex", "2.5", "11.25", "0.25"},
		{"gpt-5.5", "flex", "5", "22.5", "0.5"},
		{"gpt-5.6-terra", "priority", "8", "36", "0.8"},
		{"gpt-6-luna", "fast", "0.4", "1.5", "0.04"},
		{"gpt-6.1-sol", "ultrafast", "24", "90", "1.2"},
	} {
		p, _ := Builtin().Look("openai", "", c.model, now)
		got := p.As(c.way).For(272_001)
		if diff := cmp.Diff([3]string{c.input, c.output, c.cache}, [3]string{got.Input.PerMillion(), got.Output.PerMillion(), got.CacheRead.PerMillion()}); diff != "" {
			t.Errorf("%s as %s: %s", c.model, c.way, diff)
		}
	}
}

// TestBrokenWays holds that a faulty table is a fault of the build, with its line.
func TestBrokenWays(t *testing.T) {
	const catalogue = "provider,model,valid_from,listed,input,output,cache_write_5m,long_above,long_input,long_output,peak,peak_hours,source\n" +
		"p,m,,2026-01-01,1,2,,,,,,,s\np,w,,2026-01-01,1,2,1.25,,,,,,s\np,l,,2026-01-01,1,2,,5,2,2,,,s\np,k,,2026-01-01,1,2,,,,,2,1-4,s\n"
	for text, want := range map[string]string{
		"p,x,fast,2026-01-01,2,,,,s":         "line 2: no row",
		"p,m,,2026-01-01,2,,,,s":             "line 2: a row needs",
		"p,m,fast,2026-01-01,2,,,,":          "line 2: a row needs",
		"p,m,fast,,2,,,,s":                   "line 2: listed",
		"p,m,fast,2026-01-01,two,,,,s":       `line 2: "two" is no factor`,
		"p,m,fast,2026-01-01,,x,1,,s":        "line 2: input",
		"p,m,fast,2026-01-01,2,,,x,s":        "line 2: cache_read",
		"p,w,fast,2026-01-01,,1,1,,s":        "line 2: a model with other prices",
		"p,l,fast,2026-01-01,,1,1,,s":        "line 2: a model with other prices",
		"p,k,fast,2026-01-01,2,,,,s":         "line 2: a model with a price of its peak",
		"p,m,fast,2026-01-01,2":              "wrong number of fields",
		"p,m,fast,2026-01-01,0.0000001,,,,s": "no whole number",
	} {
		_, err := read(strings.NewReader(catalogue), strings.NewReader(waysHeader+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	c, err := read(strings.NewReader(catalogue), strings.NewReader(waysHeader+"p,l,fast quick,2026-01-01,2,,,1.7,s\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := c.Look("p", "", "l", now)
	if got := p.As("quick"); got.ID != "p/l@2026-01-01+quick" || got.CacheRead.PerMillion() != "1.7" || got.Input.PerMillion() != "2" || got.For(6).CacheRead.PerMillion() != "4" {
		t.Errorf("a factor beside a price of its own: %+v, long %+v", got, got.Long)
	}
	if got := fmt.Sprint(p.As("fast").For(6).Output.PerMillion()); got != "8" {
		t.Errorf("a long context at twice the price: %s, want 8", got)
	}
}
