package catalogue

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy/price"
	"github.com/headgate/headgate/policy/trait"
)

func TestModelsAreFoundAsTheirPricesAre(t *testing.T) {
	c := Builtin()
	for _, q := range []struct {
		provider, model string
		want            string // the model whose row counts; empty: nothing is known
	}{
		{"openai", "gpt-5.5", "gpt-5.5"},
		{"openai", "gpt-5.5-2026-04-23", "gpt-5.5"},
		{"openai", "gpt-5.5-large", ""},
		{"openai-compatible", "gpt-5.5", ""},
		{"simulated", "gpt-5.5", "gpt-5.5"},
		{"anthropic", "claude-opus-4-8-20260528", "claude-opus-4-8"},
		{"anthropic", "claude-haiku-4-5", "claude-haiku-4-5-20251001"},
		{"anthropic", "claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001"},
		{"simulated", "claude-haiku-4-5", "claude-haiku-4-5-20251001"},
		{"anthropic", "claude-haiku-4-5-20260101", ""},
		{"anthropic", "claude-sonnet-4-20260510", ""},
	} {
		var want trait.Set
		if q.want != "" {
			want = c.rows[key{price.Simulated, q.want}].Set
			if want == (trait.Set{}) {
				t.Fatalf("%s is not listed", q.want)
			}
		}
		if got := c.Look(q.provider, "", q.model); got != want {
			t.Errorf("%s/%s: %+v, want %+v", q.provider, q.model, got, want)
		}
	}
}

// aside are models that have a price, so that what they are asked is not without one, but of which
// nothing is said here: they are retired or about to be, or for one purpose only.
var aside = regexp.MustCompile(`^(claude-3-|claude-(opus|sonnet)-4-(0|20250514)$|gpt-3\.5-|gpt-4$|gpt-4-|gpt-4o-2024-05-13$|chatgpt-|o1|gpt-5-chat$)|moderation|codex|-pro$|chat-latest|search|audio|cyber|daybreak|rosalind|-law$|deep-research|computer-use`)

// Whoever adds a price thinks of what the model takes, even if only its limits are known.
func TestEveryPricedModelOfTheVendorsIsListed(t *testing.T) {
	c := Builtin()
	for _, provider := range []string{"openai", "anthropic"} {
		for _, model := range price.Builtin().Models(provider) {
			if c.Look(provider, "", model) == (trait.Set{}) && !aside.MatchString(model) {
				t.Errorf("%s/%s is priced, but not listed here", provider, model)
			}
		}
	}
}

func TestEachRowIsWhole(t *testing.T) {
	for _, r := range Builtin().Rows() {
		s := r.Set
		for what, wrong := range map[string]bool{
			"reasons, but its efforts are not listed":     s.Reasoning != trait.ReasoningUnknown && !s.Efforts.Known(),
			"always reasons, but takes the effort none":   s.Reasoning == trait.ReasoningAlways && s.Efforts != trait.NoEfforts && s.Efforts.Has(trait.EffortNone),
			"has forms of thinking, but does not reason":  s.Forms != 0 && (s.Reasoning == trait.ReasoningUnknown || s.Reasoning == trait.ReasoningNone),
			"of Anthropic reasons without a form":         r.Provider == "anthropic" && s.Reasoning != trait.ReasoningUnknown && s.Forms == 0,
			"of Anthropic has no own maximum of output":   r.Provider == "anthropic" && s.Output == 0,
			"answers with more than its context can hold": s.Output > s.Context && s.Context > 0,
		} {
			if wrong {
				t.Errorf("%s/%s %s: %+v", r.Provider, r.Model, what, s)
			}
		}
	}
}

func TestOverridesChangeWhatTheyName(t *testing.T) {
	c := Builtin().With([]Override{
		{Model: "mine", Like: "gpt-5.5", Set: trait.Set{Output: 5}},
		{Backend: "b", Model: "mine", Set: trait.Set{Stop: trait.No}},
	})
	want := c.look("openai", "gpt-5.5")
	want.Output = 5
	if got := c.Look("openai-compatible", "a", "mine"); got != want {
		t.Errorf("%+v", got)
	}
	if got := c.Look("openai-compatible", "b", "mine"); got != (trait.Set{Stop: trait.No}) {
		t.Errorf("%+v", got)
	}
	if got := Builtin().Look("openai-compatible", "a", "mine"); got != (trait.Set{}) {
		t.Errorf("the catalogue itself has changed: %+v", got)
	}
}

func TestBrokenRowsAreRefused(t *testing.T) {
	const header = "provider,model,context,output,limit,sampling,reasoning,forms,efforts,date,source\n"
	for row, want := range map[string]string{
		"openai,m,,,,,,,,2026-01-01,":                                "source",
		"openai,m,,,,,,,,yesterday,x":                                "date",
		"openai,m,many,,,,,,,2026-01-01,x":                           "context",
		"openai,m,,,max,,,,,2026-01-01,x":                            "limit",
		"openai,m,,,,,,round,,2026-01-01,x":                          "forms",
		"openai,m,,,,,,,loud,2026-01-01,x":                           "efforts",
		"openai,m,,,,,,,,2026-01-01,x\nopenai,m,,,,,,,,2026-01-01,x": "twice",
	} {
		if _, err := read(strings.NewReader(header + row)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", row, err, want)
		}
	}
}

// The page tells every column, and each row says since when and from whom it is known.
func TestThePageTellsEveryColumn(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	told, _, _ := strings.Cut(modelsCSV, "\n")
	for _, column := range strings.Split(told, ",") {
		if !regexp.MustCompile("(?m)^\\|[^|]*`" + column + "`[^|]*\\|").Match(page) {
			t.Errorf("the column %s is not on the page", column)
		}
	}
	for _, r := range Builtin().Rows() {
		public := regexp.MustCompile(`[\w.-]+/[\w.-]+|\d+\.\d+`)
		if r.Date < "2025" || !public.MatchString(r.Source) {
			t.Errorf("%s/%s: known since %s from %q", r.Provider, r.Model, r.Date, r.Source)
		}
	}
}

// A column that nobody reads says nothing.
func TestEveryColumnIsRead(t *testing.T) {
	header, _, _ := strings.Cut(modelsCSV, "\n")
	for _, column := range strings.Split(header, ",") {
		row := map[string]string{}
		for _, value := range []string{"7", "taken", "none", "any", "low", "budget", "max_tokens"} {
			row[column] = value
			var s trait.Set
			if fill(&s, row) == nil && s != (trait.Set{}) {
				row = nil
				break
			}
		}
		if named := column == "provider" || column == "model" || column == "date" || column == "source"; row != nil && !named {
			t.Errorf("nothing reads the column %s", column)
		}
	}
}
