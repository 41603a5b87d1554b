package price

import (
	"strings"
	"testing"
	"time"
)

// TestPeaks holds what a model costs in the hours in which its provider asks twice as much, which
// there are on weekdays only.
func TestPeaks(t *testing.T) {
	for text, want := range map[string]string{ // 2026-11-27 is a Friday
		"2026-11-27T00:59:59Z": "0.66", "2026-11-27T01:00:00Z": "1.32", "2026-11-27T03:59:59Z": "1.32", "2026-11-27T04:00:00Z": "0.66",
		"2026-11-27T06:00:00Z": "1.32", "2026-11-27T09:59:59Z": "1.32", "2026-11-27T10:00:00Z": "0.66",
		"2026-11-27T11:00:00+08:00": "1.32", "2026-11-28T03:00:00Z": "0.66", "2026-11-29T03:00:00Z": "0.66", "2026-11-30T03:00:00Z": "1.32",
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := Builtin().Look("deepseek", "", "deepseek-v4-pro", at)
		if got := p.Input.PerMillion(); got != want {
			t.Errorf("at %s: %s USD for a million tokens, want %s", text, got, want)
		}
		if peak := strings.HasSuffix(p.ID, "+peak"); peak != (want == "1.32") {
			t.Errorf("at %s: %s", text, p.ID)
		}
	}
}

// TestHours holds that hours are written as they are read.
func TestHours(t *testing.T) {
	for _, text := range []string{"1-4 6-10", "0-24", "23-24", "0-1 2-3 22-24"} {
		if h, err := parseHours(text); err != nil || h.String() != text {
			t.Errorf("%q: %q, %v", text, h, err)
		}
	}
}

// TestBrokenPeaks holds that faulty hours are a fault of the build, with their line.
func TestBrokenPeaks(t *testing.T) {
	const header = "provider,model,valid_from,listed,input,output,peak,peak_hours,source\n"
	for text, want := range map[string]string{
		"p,m,,2026-01-01,1,1,2,,s":          "line 2: peak_hours: there are none",
		"p,m,,2026-01-01,1,1,,1-4,s":        `line 2: peak: "" is no factor`,
		"p,m,,2026-01-01,1,1,2,4-1,s":       `line 2: peak_hours: "4-1"`,
		"p,m,,2026-01-01,1,1,2,22-25,s":     `line 2: peak_hours: "22-25"`,
		"p,m,,2026-01-01,1,1,2,1,s":         "line 2: peak_hours",
		"p,m,,2026-01-01,1,1,2,x-4,s":       "line 2: peak_hours",
		"p,m,2026-13-01,2026-01-01,1,1,,,s": "line 2: valid_from",
	} {
		if _, err := read(strings.NewReader(header+text+"\n"), noWays()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
