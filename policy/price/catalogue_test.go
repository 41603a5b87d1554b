package price

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

var now = day("2026-11-24")

func TestLook(t *testing.T) {
	tests := []struct {
		name            string
		provider, model string
		at              time.Time
		wantID          string // empty: no price
	}{
		{"exact name", "openai", "gpt-5-nano", now, "openai/gpt-5-nano@2026-11-19"},
		{"a name with slashes", "groq", "openai/gpt-oss-120b", now, "groq/openai/gpt-oss-120b@2026-11-19"},
		{"a dated snapshot of a listed model", "openai", "gpt-5-nano-2025-08-07", now, "openai/gpt-5-nano@2026-11-19"},
		{"a listed snapshot has its own row", "openai", "gpt-5.5-2026-04-23", now, "openai/gpt-5.5-2026-04-23@2026-11-19"},
		{"a compact date", "anthropic", "claude-opus-5-20260301", now, "anthropic/claude-opus-5@2026-11-19"},
		{"a date after @", "anthropic", "claude-opus-5@20260301", now, "anthropic/claude-opus-5@2026-11-19"},
		{"the undated name of one snapshot", "anthropic", "claude-sonnet-4-5", now, "anthropic/claude-sonnet-4-5-20250929@2026-04-30"},
		{"the same snapshot after @", "anthropic", "claude-sonnet-4-5@20250929", now, "anthropic/claude-sonnet-4-5-20250929@2026-04-30"},
		{"another snapshot than the listed one", "anthropic", "claude-sonnet-4-20260510", now, ""},
		{"no date at the end", "openai", "gpt-5-nano-turbo", now, ""},
		{"a month that is none", "openai", "gpt-5-nano-2025-13-07", now, ""},
		{"an unknown model", "deepseek", "deepseek-v4", now, ""},
		{"a model of another provider", "openai", "claude-opus-5", now, ""},
		{"an unknown provider", "acme", "gpt-5", now, ""},
		{"empty", "", "", now, ""},
		{"a date alone", "openai", "-2025-08-07", now, ""},
		{"before a change of price", "openai", "gpt-5.6", day("2026-08-21").Add(-1), "openai/gpt-5.6@2026-11-09"},
		{"from the change on", "openai", "gpt-5.6", day("2026-08-21"), "openai/gpt-5.6@2026-08-21"},
		{"before a change in the middle of a day", "deepseek", "deepseek-v4-pro", day("2026-08-16").Add(16*time.Hour - 1), "deepseek/deepseek-v4-pro@2026-11-09"},
		{"from that change on", "deepseek", "deepseek-v4-pro", day("2026-08-16").Add(16 * time.Hour), "deepseek/deepseek-v4-pro@2026-08-16"},
		{"simulated, any provider's model", "simulated", "claude-opus-5", now, "anthropic/claude-opus-5@2026-11-19"},
		{"simulated, the first of several providers", "simulated", "o4-mini", now, "openai/o4-mini@2026-11-19"},
		{"simulated, a snapshot", "simulated", "gpt-5-nano-2025-08-07", now, "openai/gpt-5-nano@2026-11-19"},
		{"simulated, an undated name", "simulated", "claude-haiku-4-5", now, "anthropic/claude-haiku-4-5-20251001@2026-11-19"},
		{"simulated, a date after @", "simulated", "claude-haiku-4-5@20251001", now, "anthropic/claude-haiku-4-5-20251001@2026-11-19"},
		{"simulated, unknown", "simulated", "nothing", now, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Builtin().Look(tt.provider, "b", tt.model, tt.at)
			if got.ID != tt.wantID || ok != (tt.wantID != "") {
				t.Errorf("got %q, %v; want %q", got.ID, ok, tt.wantID)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	row := func(id, from string) Price {
		p := Price{ID: id}
		if from != "" {
			p.ValidFrom = day(from)
		}
		return p
	}
	c := Builtin().With([]Override{
		{Model: "gpt-5.5", Price: row("any", "")},
		{Backend: "eu", Model: "gpt-5.5", Price: row("eu", "")},
		{Model: "gpt-5", Price: row("later", "2027-01-01")},
		{Model: "own", Price: row("own-2", "2026-06-01")},
		{Model: "own", Price: row("own-1", "")},
	}).With([]Override{{Model: "own", Price: row("own-1 again", "")}})
	tests := []struct {
		name           string
		backend, model string
		at             time.Time
		wantID         string
	}{
		{"by model", "us", "gpt-5.5", now, "any"},
		{"by backend first", "eu", "gpt-5.5", now, "eu"},
		{"for the snapshot that serves it, although that is listed", "us", "gpt-5.5-2026-04-23", now, "any"},
		{"for the snapshot at the backend", "eu", "gpt-5.5-2026-04-23", now, "eu"},
		{"not before it begins", "us", "gpt-5", now, "openai/gpt-5@2026-11-19"},
		{"once it begins", "us", "gpt-5", day("2027-01-01"), "later"},
		{"the newest of several", "us", "own", now, "own-2"},
		{"the later given of the same day", "us", "own", day("2026-05-31"), "own-1 again"},
		{"others stay", "us", "gpt-4o", now, "openai/gpt-4o@2026-11-19"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := c.Look("openai", tt.backend, tt.model, tt.at); got.ID != tt.wantID {
				t.Errorf("got %q, want %q", got.ID, tt.wantID)
			}
		})
	}
	if got, _ := Builtin().Look("openai", "eu", "gpt-5.5", now); got.ID != "openai/gpt-5.5@2026-11-19" {
		t.Errorf("With changed the catalogue it was called on: %q", got.ID)
	}
	var ids []string
	for _, o := range c.Overrides() {
		ids = append(ids, o.Price.ID)
	}
	if diff := cmp.Diff([]string{"later", "any", "own-1 again", "own-2", "eu"}, ids); diff != "" {
		t.Errorf("Overrides differ (-want +got):\n%s", diff)
	}
}

func TestSeedCheck(t *testing.T) {
	p, ok := Builtin().Look("anthropic", "", "claude-sonnet-4-6", now)
	if !ok {
		t.Fatal("claude-sonnet-4-6 has no price")
	}
	if got := Nano(450*p.Input + 120*p.Output); got != 3_150_000 {
		t.Errorf("450 tokens in and 120 out cost %d nano-USD, want 3,150,000", got)
	}
}

func TestLongContext(t *testing.T) {
	p, _ := Builtin().Look("openai", "", "gpt-5.6", now)
	if got := p.For(272_000); got.Input != 4_000_000 {
		t.Errorf("at the threshold input costs %d", got.Input)
	}
	long := p.For(272_001)
	want := &Price{
		ID: "openai/gpt-5.6@2026-08-21+long", Input: 8_000_000, Output: 30_000_000, CacheRead: 800_000,
		CacheWrite5m: 10_000_000, CacheWrite1h: 8_000_000, AudioInput: 8_000_000, AudioOutput: 30_000_000, ValidFrom: day("2026-08-21"),
	}
	if diff := cmp.Diff(want, long); diff != "" {
		t.Errorf("long-context price differs (-want +got):\n%s", diff)
	}
	thresholds := map[string]int64{
		"gpt-5.4": 272_000, "gpt-5.5": 272_000, "gemini-2.5-pro": 200_000, "gemini-3-pro-preview": 200_000,
		"gemini-3.1-pro-preview": 200_000, "claude-haiku-5-5": 100_000, "claude-sonnet-4-5": 0, "claude-sonnet-4-6": 0,
		"gpt-5.6-luna": 272_000, "gpt-6.1-sol": 272_000, "gpt-5.4-mini": 0, "gpt-5": 0,
	}
	for model, above := range thresholds {
		p, ok := Builtin().Look(Simulated, "", model, now)
		if !ok || p.LongAbove != above || (p.Long != nil) != (above > 0) {
			t.Errorf("%s: threshold %d, want %d", model, p.LongAbove, above)
		}
	}
}

func TestEmptyBucketsCostWhatTheirParentCosts(t *testing.T) {
	got := Rates{Input: 3, Output: 7}.Price("x", time.Time{})
	want := Price{ID: "x", Input: 3, Output: 7, CacheRead: 3, CacheWrite5m: 3, CacheWrite1h: 3, AudioInput: 3, AudioOutput: 7}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
	free := Pico(0)
	if got := (Rates{Input: 3, Output: 7, CacheRead: &free}).Price("x", time.Time{}); got.CacheRead != 0 {
		t.Errorf("a listed 0 became %d", got.CacheRead)
	}
	audio, _ := Builtin().Look("google", "", "gemini-2.5-flash", now)
	if audio.AudioInput != 1_000_000 || audio.AudioOutput != audio.Output {
		t.Errorf("audio costs %d in and %d out", audio.AudioInput, audio.AudioOutput)
	}
}

func TestBrokenCatalogues(t *testing.T) {
	const header = "provider,model,valid_from,listed,input,output,cache_read,long_above,long_input,long_output,source\n"
	for text, want := range map[string]string{
		"p,m,,2026-01-01,x,1,,,,,s":                            "line 2: input",
		"p,m,,2026-01-01,1,,,,,,s":                             "line 2: output",
		"p,m,,2026-01-01,1,1,1e3,,,,s":                         "line 2: cache_read",
		"p,m,,soon,1,1,,,,,s":                                  "line 2: listed",
		"p,m,soon,2026-01-01,1,1,,,,,s":                        "line 2: valid_from",
		"p,m,,2026-01-01,1,1,,,,,":                             "line 2: a row needs",
		"p,m,,2026-01-01,1,1,,1,x,1,s":                         "line 2: long_input",
		"p,m,,2026-01-01,1,0.000001,,1,2,1.5,s":                "line 2: long_output",
		"p,m,,2026-01-01,1,1,,,,,s\np,m,,2026-02-01,1,1,,,,,s": "line 3: p/m is listed twice",
		"p,m": "wrong number of fields",
	} {
		if _, err := read(strings.NewReader(header+text+"\n"), noWays()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestUndatedNameOfSeveralSnapshotsIsNotGuessed(t *testing.T) {
	c, err := read(strings.NewReader("provider,model,valid_from,listed,input,output,source\n"+
		"p,m-20250101,,2026-01-01,1,1,s\np,m-20260101,,2026-01-01,2,2,s\np,n-2025-01-01,,2026-01-01,3,3,s\n"), noWays())
	if err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]Pico{"m": 0, "m-20250101": 1_000_000, "m@20260101": 2_000_000, "m-20270101": 0, "n": 3_000_000, "n-2026-01-01": 0} {
		for _, provider := range []string{"p", Simulated} {
			if got, ok := c.Look(provider, "", model, now); got.Input != want || ok != (want > 0) {
				t.Errorf("%s/%s costs %d, %v; want %d", provider, model, got.Input, ok, want)
			}
		}
	}
}

// corrected are the facts of the list of July and August 2026 that later sources deny, by model and
// column; "*" is all of them. The catalogue has the price that later sources list for that time.
var corrected = map[string]string{
	"anthropic/claude-sonnet-5":                     "*", // the rise to 3 / 15 on 2026-09-01 was cancelled
	"bedrock/global.anthropic.claude-sonnet-5-v1:0": "*",
	"bedrock/us.anthropic.claude-sonnet-5-v1:0":     "*",
	"openai/gpt-5.5-pro":                            "cache_read", // what is read from the cache costs the same
	"openai/gpt-5.4-pro":                            "cache_read",
	"google/gemini-3.6-flash":                       "*",          // 0.75 / 3.75 until the end of 2026
	"azure/o4-mini":                                 "cache_read", // 0.28 is 0.275, rounded
	"mistral/mistral-medium-3":                      "cache_read", // a tenth of the input, which the list left out
}

// TestCatalogueHoldsTheListedFacts holds the embedded rows against a list of an earlier day, where
// that is at hand: what models cost then must not change in hindsight.
func TestCatalogueHoldsTheListedFacts(t *testing.T) {
	for _, fact := range facts(t) {
		name := fact["provider"] + "/" + fact["model"]
		p, ok := Builtin().Look(fact["provider"], "", fact["model"], day("2026-07-24"))
		if !ok || !strings.HasPrefix(p.ID, name+"@") {
			t.Errorf("%s: found %q", name, p.ID)
			continue
		}
		for bucket, got := range map[string]Pico{
			"input": p.Input, "output": p.Output, "cache_read": p.CacheRead,
			"cache_write_5m": p.CacheWrite5m, "cache_write_1h": p.CacheWrite1h,
		} {
			want, err := ParsePerMillion(fact[bucket])
			if fact[bucket] == "" {
				want, err = p.Input, nil
			}
			if c := corrected[name]; c == "*" || c == bucket {
				continue
			}
			if err != nil || got != want {
				t.Errorf("%s: %s is %d, want %d (%v)", p.ID, bucket, got, want, err)
			}
		}
	}
}

func facts(t *testing.T) []map[string]string {
	t.Helper()
	shared := os.Getenv("HEADGATE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "data", "prices.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no shared data: set HEADGATE_SHARED to hold the catalogue against its source")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) < 80 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	var all []map[string]string
	for _, cells := range lines[1:] {
		row := make(map[string]string)
		for i, name := range lines[0] {
			row[name] = cells[i]
		}
		all = append(all, row)
	}
	return all
}

func TestLookDoesNotAllocate(t *testing.T) {
	c := Builtin().With([]Override{{Backend: "b", Model: "m"}})
	for _, model := range []string{"gpt-5.5", "gpt-5-nano-2025-08-07", "m", "unknown"} {
		if n := testing.AllocsPerRun(100, func() {
			p, _ := c.Look("openai", "b", model, now)
			_ = p.For(1_000_000)
		}); n != 0 {
			t.Errorf("Look(%q) allocates %v times", model, n)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	c := Builtin().With([]Override{{Backend: "b", Model: "m"}})
	for _, model := range []string{"gpt-5.5", "gpt-5-nano-2025-08-07"} {
		b.Run(model, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Look("openai", "b", model, now); !ok {
					b.Fatal("no price")
				}
			}
		})
	}
}
