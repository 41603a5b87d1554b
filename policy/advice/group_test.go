package advice

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// TestGroups holds that models are one group only if their chains and all their settings
// are equal, however they are written, and that advice about a group is given once.
func TestGroups(t *testing.T) {
	const models = `{c: gpt/g, a: {chain: [gpt/g]}, b: {chain: [[{use: gpt/g}]], retries: 2, timeout: 30000ms, breaker: {pending: 4096}},
  other-model: gpt/h, other-backend: claude/g, timeout: {chain: [gpt/g], timeout: 31s}, retries: {chain: [gpt/g], retries: 1},
  unfit: {chain: [gpt/g], unfit: drop}, idle: {chain: [gpt/g], idle_timeout: 61s}, breaker: {chain: [gpt/g], breaker: {pending: 4095}},
  health: {chain: [gpt/g], health: {interval: 1s}}, weight: {chain: [[{use: gpt/g, weight: 2}]]}, links: {chain: [gpt/g, gpt/g]}`
	set, err := policy.Parse("policy.yaml", []byte(strings.Replace(backends, "{m: ", models, 1)+"}"))
	if err != nil {
		t.Fatal(err)
	}
	groups, found := Groups(set, Expectation{})
	var names []string
	for _, g := range groups {
		names = append(names, strings.Join(g.Models, " "))
		if g.Chain.Model != g.Models[0] {
			t.Errorf("the chain of %v is of %s", g.Models, g.Chain.Model)
		}
	}
	want := []string{"a b c", "breaker", "health", "idle", "links", "other-backend", "other-model", "retries", "timeout", "unfit", "weight"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
	var said []string
	for _, f := range found[:1] {
		said = append(said, f.String())
	}
	if diff := cmp.Diff([]string{"note models.a (and 2 models like it): has no fallback: all goes to backend gpt"}, said); diff != "" {
		t.Errorf("first advice differs (-want +got):\n%s", diff)
	}
}

func TestTitle(t *testing.T) {
	for want, names := range map[string][]string{
		"a":                      {"a"},
		"models a and b":         {"a", "b"},
		"models a, b and c":      {"a", "b", "c"},
		"models a, b and 2 more": {"a", "b", "c", "d"},
	} {
		if got := (Group{Models: names}).Title(); got != want {
			t.Errorf("%v: %q, want %q", names, got, want)
		}
	}
	for alike, want := range []string{"note p: m", "note p (and 1 model like it): m", "note p (and 2 models like it): m"} {
		f := Finding{Advice{Level: Note, Path: "p", Message: "m"}, alike}
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWarningsComeLast holds that no note follows a warning, and that groups say what is
// said of each model.
func TestWarningsComeLast(t *testing.T) {
	set := parse(t, `{chain: [gpt/g, gpt/g]}, n: gpt/g, a: {chain: [gpt/g, gpt/h]}, z: {chain: [gpt/g, gpt/g]}`)
	all := Advise(set, Expectation{})
	_, found := Groups(set, Expectation{})
	models := 0
	for _, f := range found {
		models += 1 + f.Alike
	}
	if len(all) != 7 || models != len(all) {
		t.Errorf("%d pieces of advice, %d by groups; want 7", len(all), models)
	}
	for i, a := range all[1:] {
		if all[i].Level == Warning && a.Level == Note {
			t.Errorf("a note after a warning: %v", all)
		}
	}
	for i, f := range found[1:] {
		if found[i].Level == Warning && f.Level == Note {
			t.Errorf("a note after a warning: %v", found)
		}
	}
}
