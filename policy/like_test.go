package policy

import (
	"testing"

	"github.com/headgate/headgate/policy/catalogue"
	"github.com/headgate/headgate/policy/trait"
)

func TestWhatADocumentSaysThatModelsTake(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(`version: 1
unpriced: flag
backends:
  gpt:   {provider: openai, credential: {env: KEY}}
  azure: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  other: {provider: openai-compatible, url: "http://127.0.0.1:2/v1"}
  router: {provider: openrouter, credential: {env: KEY}}
models:
  m: {chain: [gpt/gpt-5.5, azure/mine, other/mine, other/gpt-5.5, other/unheard-of, router/gpt-5.5]}
models_like:
  mine: gpt-5.5
  other/mine: {like: gpt-4o, output: 5, stop: refused}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue.Builtin()
	gpt := c.Look("openai", "", "gpt-5.5")
	changed := c.Look("openai", "", "gpt-4o")
	changed.Output, changed.Stop = 5, trait.No
	for i, want := range []trait.Set{gpt, gpt, changed, gpt, {}, {}} {
		if use := set.Models["m"].Uses()[i]; set.Takes(use) != want {
			t.Errorf("%s: %+v, want %+v", use, set.Takes(use), want)
		}
	}
	again, err := FromWire(set.Wire())
	if err != nil {
		t.Fatal(err)
	}
	for _, use := range again.Models["m"].Uses() {
		if again.Takes(use) != set.Takes(use) {
			t.Errorf("%s: a pair knows %+v", use, again.Takes(use))
		}
	}
}

// A pair whose catalogue lacks a model that the control plane's has serves it as one that
// nobody knows.
func TestAModelOfANewerCatalogueIsNoFaultOfAPair(t *testing.T) {
	const document = `{"backends":{"b":{"provider":"simulated"}},"models":{"m":{"chain":["b/gpt-5.5"]}},"models_like":{"gpt-5.5":"gpt-99"},"version":1}`
	if _, err := Parse("policy.yaml", []byte(document)); err == nil {
		t.Error("an operator is not told of a model that nobody knows")
	}
	set, err := ParseAccepted([]File{{Name: "policy", Data: []byte(document)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Takes(set.Models["m"].Uses()[0]); got != (trait.Set{}) {
		t.Errorf("%+v", got)
	}
}
