package price

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const waysHeader = "provider,model,as,factor,input,output,cache_read,source\n"

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
}

// TestBrokenWays holds that a faulty table is a fault of the build, with its line.
func TestBrokenWays(t *testing.T) {
	const catalogue = "provider,model,valid_from,listed,input,output,cache_write_5m,long_above,long_input,long_output,source\n" +
		"p,m,,2026-01-01,1,2,,,,,s\np,w,,2026-01-01,1,2,1.25,,,,s\np,l,,2026-01-01,1,2,,5,2,2,s\n"
	for text, want := range map[string]string{
		"p,x,fast,2,,,,s":         "line 2: no row",
		"p,m,,2,,,,s":             "line 2: a row needs",
		"p,m,fast,2,,,,":          "line 2: a row needs",
		"p,m,fast,two,,,,s":       `line 2: "two" is no factor`,
		"p,m,fast,,x,1,,s":        "line 2: input",
		"p,w,fast,,1,1,,s":        "line 2: a model with other prices",
		"p,l,fast,,1,1,,s":        "line 2: a model with other prices",
		"p,m,fast,2":              "wrong number of fields",
		"p,m,fast,0.0000001,,,,s": "no whole number",
	} {
		_, err := read(strings.NewReader(catalogue), strings.NewReader(waysHeader+text+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	c, err := read(strings.NewReader(catalogue), strings.NewReader(waysHeader+"p,l,fast,2,,,,s\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := c.Look("p", "", "l", now)
	if got := fmt.Sprint(p.As("fast").For(6).Output.PerMillion()); got != "8" {
		t.Errorf("a long context at twice the price: %s, want 8", got)
	}
}
