package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
)

// wild is a policy with wildcards of several kinds.
const wild = `version: 1
backends:
  claude: {provider: anthropic, credential: {env: A}}
  gpt: {provider: openai, credential: {env: B}}
  router: {provider: openrouter, credential: {env: C}}
default: claude-sonnet-5
models:
  fast: gpt/gpt-5-nano
  gpt-5: gpt/gpt-5-mini
  "claude-*": {chain: [claude/*, [{use: router/anthropic/claude-*, weight: 3}, {use: gpt/gpt-5-nano}]]}
  "gpt-*": gpt/*
  "openai/*": gpt/*
  "*-fixed": gpt/gpt-5-nano
callers:
  ci: {key: {env: CI}, models: ["claude-*", openai/gpt-5, "fa*"]}
prices:
  router/anthropic/claude-x: {input: 1, output: 2}
  gpt/gpt-of-ours-2026-02-03: {input: 1, output: 2}
`

func parseWild(t *testing.T) *Set {
	t.Helper()
	set, err := Parse("policy.yaml", []byte(wild))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestAWildcardAnswersAsTheNamedModel holds what is asked of each use for a name.
func TestAWildcardAnswersAsTheNamedModel(t *testing.T) {
	set := parseWild(t)
	for name, want := range map[string]struct {
		model string
		uses  []string
	}{
		"claude-sonnet-5": {"claude-*", []string{"claude/claude-sonnet-5", "router/anthropic/claude-sonnet-5", "gpt/gpt-5-nano"}},
		"openai/gpt-5":    {"openai/*", []string{"gpt/gpt-5"}},
		"gpt-5":           {"gpt-5", []string{"gpt/gpt-5-mini"}},
		"gpt-5.5":         {"gpt-*", []string{"gpt/gpt-5.5"}},
		"gpt-fixed":       {"*-fixed", []string{"gpt/gpt-5-nano"}},
		"mistral":         {},
	} {
		found, _ := set.Index().Find(name)
		if found != want.model {
			t.Errorf("%s is answered by %q, want %q", name, found, want.model)
			continue
		}
		if found == "" {
			continue
		}
		m := set.Models[found].For(name)
		var uses []string
		for _, u := range m.Uses() {
			uses = append(uses, u.String())
		}
		if diff := cmp.Diff(want.uses, uses); diff != "" || m.Name != name || m.Wildcard {
			t.Errorf("%s: model %s: %s", name, m.Name, diff)
		}
	}
	if m := set.Models["claude-*"]; m.Chain[0].Uses[0].Model != "*" || m.Chain[1].Uses[0].Weight != 3 {
		t.Errorf("the policy's own model was changed: %+v", m.Chain)
	}
}

// TestListedNames holds what a list of models has of wildcards: what is known of their backends,
// under the names that lead there.
func TestListedNames(t *testing.T) {
	set := parseWild(t)
	var listed []string
	for _, l := range set.Listed() {
		if found, _ := set.Index().Find(l.Name); found != l.Model || !l.Created.Equal(set.Models[found].Created(l.Name)) {
			t.Errorf("%+v", l)
		}
		listed = append(listed, l.Name)
	}
	if !slices.IsSorted(listed) || slices.ContainsFunc(listed, func(name string) bool { return strings.Contains(name, "*") }) {
		t.Errorf("not sorted, or with wildcards: %v", listed)
	}
	for name, want := range map[string]bool{
		"fast": true, "gpt-5": true, "gpt-5.5": true, "openai/gpt-5": true, "openai/gpt-of-ours-2026-02-03": true, "gpt-of-ours-2026-02-03": true,
		"claude-sonnet-5": true, "claude-x": true,
		"gpt-fixed": false, "openai/claude-x": false, "claude-gpt-5": false, "mistral-large-latest": false,
	} {
		if got := slices.Contains(listed, name); got != want {
			t.Errorf("%s is listed: %v", name, got)
		}
	}
}

// TestWhenAModelWasMade holds that it follows from names.
func TestWhenAModelWasMade(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(`{version: 1, unpriced: flag, backends: {b: {provider: simulated}},
models: {fast: b/gpt-5-nano, dated: b/gpt-5-2025-08-07, "*": b/*}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model, name string
		want        time.Time
	}{
		{"*", "gpt-of-ours-2026-02-03", time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)},
		{"*", "claude-sonnet-4-5@20250929", time.Date(2025, 9, 29, 0, 0, 0, 0, time.UTC)},
		{"*", "gpt-5-2025-02-31", unknownSince}, // there is no such day
		{"dated", "dated", time.Date(2025, 8, 7, 0, 0, 0, 0, time.UTC)},
		{"fast", "fast", unknownSince},
	} {
		if got := set.Models[c.model].Created(c.name); !got.Equal(c.want) {
			t.Errorf("%s was made %s, want %s", c.name, got, c.want)
		}
	}
}

// TestWhatAListOfModelsGrants holds which names in a list of models mean something.
func TestWhatAListOfModelsGrants(t *testing.T) {
	set := parseWild(t)
	for name, want := range map[string]bool{
		"fast": true, "claude-*": true, "claude-opus-5": true, "fa*": true, "*": true, "x-*": true, "openai/gpt-*": true,
		"slow": false, "mistral-*": true, "sl*w": false,
	} {
		if got := set.Grants(name); got != want {
			t.Errorf("%s grants something: %v", name, got)
		}
	}
}

// TestAWildcardNeedsItsPriceWhenItIsAsked holds that it is no fault of the policy, but known of a name.
func TestAWildcardNeedsItsPriceWhenItIsAsked(t *testing.T) {
	set := parseWild(t)
	use := func(name string) Use { return set.Models["gpt-*"].For(name).Chain[0].Uses[0] }
	if !set.Priced(use("gpt-5.5"), time.Now()) || set.Priced(use("gpt-6"), time.Now()) {
		t.Error("gpt-5.5 must have a price, and gpt-6 none")
	}
	flagged, err := Parse("policy.yaml", []byte(wild+"unpriced: flag\n"))
	if err != nil || !flagged.Priced(use("gpt-6"), time.Now()) {
		t.Errorf("with unpriced: flag gpt-6 must do: %v", err)
	}
}

// TestAnOlderPairRefusesWildcards holds that each wildcard says so in what is sent, by a key that
// earlier versions do not know, and that such a name without it, as one of these sends it, stands
// for itself.
func TestAnOlderPairRefusesWildcards(t *testing.T) {
	set := parseWild(t)
	sent := set.Wire()
	if got := strings.Count(string(sent.Document), `"wildcard":true`); got != 4 {
		t.Errorf("%d models are marked: %s", got, sent.Document)
	}
	read, err := FromWire(sent)
	if err != nil || !read.Models["claude-*"].Wildcard || read.Default != set.Default {
		t.Fatalf("read back: %v", err)
	}
	const earlier = `{"backends":{"sim":{"provider":"simulated"}},"models":{"claude-*":{"chain":["sim/x-*"]}},"version":1}`
	if read, err = FromWire(&policypb.Policy{Revision: "r", Shape: "s", Document: []byte(earlier)}); err != nil {
		t.Fatal(err)
	}
	if _, ok := read.Index().Find("claude-sonnet-5"); ok || read.Models["claude-*"] == nil {
		t.Error("a name of an earlier version became a wildcard")
	}
}

// TestADrainKeepsPricesOfWildcards holds that a price by a name with a slash stays as long as a
// wildcard may ask for it.
func TestADrainKeepsPricesOfWildcards(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(`{version: 1, backends: {router: {provider: openrouter, credential: {env: C}}, gpt: {provider: openai, credential: {env: B}}},
models: {"*": {chain: [router/*, gpt/gpt-5]}}, prices: {anthropic/claude-x: {input: 1, output: 2}}}`))
	if err != nil {
		t.Fatal(err)
	}
	under, left := set.Under(Overlay{Drained: []Drained{{Backend: "gpt"}}})
	if len(left) > 0 || len(under.Prices.Overrides()) != 1 {
		t.Errorf("left out: %v, prices: %v", left, under.Prices.Overrides())
	}
}
