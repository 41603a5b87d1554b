package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const manyRegions = `version: 1
backends:
  us: {provider: simulated, region: us-east}
  eu: {provider: simulated, region: eu}
  uk: {provider: simulated, region: uk}
  nowhere: {provider: simulated}
models:
  open: {chain: [us/gpt-5.5, eu/gpt-5.5]}
  kept:
    regions_only: [uk, eu]
    nearest: true
    chain:
      - us/gpt-5.5
      - [{use: us/gpt-5.5, weight: 9}, {use: eu/gpt-5.5, weight: 70}, {use: nowhere/org/m}]
      - [{use: nowhere/gpt-5.5}, {use: uk/gpt-5.5}]
prices:
  org/m: {input: 1, output: 1}
`

// TestModelsKeepToTheirRegions holds that nothing elsewhere is in the chain of a model that
// keeps to regions, in this process and at pairs, and that what is left out has a name.
func TestModelsKeepToTheirRegions(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(manyRegions))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := FromWire(set.Wire())
	if err != nil {
		t.Fatal(err)
	}
	for where, s := range map[string]*Set{"here": set, "at a pair": sent} {
		var links []string
		for _, l := range s.Models["kept"].Chain {
			links = append(links, whereabouts(l.Uses))
		}
		if diff := cmp.Diff([]string{"eu/gpt-5.5 (eu)", "uk/gpt-5.5 (uk)"}, links); diff != "" {
			t.Errorf("%s: chain differs (-want +got):\n%s", where, diff)
		}
		if n := len(s.Models["open"].Uses()); n != 2 {
			t.Errorf("%s: the other model has %d uses", where, n)
		}
	}
	want := "us/gpt-5.5 (us-east), us/gpt-5.5 (us-east), nowhere/org/m (no region), nowhere/gpt-5.5 (no region)"
	if got := whereabouts(set.Elsewhere("kept")); got != want {
		t.Errorf("left out %s, want %s", got, want)
	}
	if left := set.Elsewhere("open"); left != nil {
		t.Errorf("of the other model are left out %v", left)
	}
}

// TestPairsOfEarlierReleasesKeepToRegions holds that the document which pairs are sent does
// not rest on a key that the release before does not know.
func TestPairsOfEarlierReleasesKeepToRegions(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(manyRegions))
	if err != nil {
		t.Fatal(err)
	}
	document := string(set.Wire().GetDocument())
	if !json.Valid([]byte(document)) || strings.Contains(document, "regions_only") {
		t.Errorf("sent is %s", document)
	}
	if !strings.Contains(string(set.Canonical()), `"regions_only":["eu","uk"]`) {
		t.Errorf("the canonical form is %s", set.Canonical())
	}
}

// TestRegionsAreOfOneMeaning holds that neither their order nor what they leave out is
// another policy.
func TestRegionsAreOfOneMeaning(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(manyRegions))
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"another order":            strings.Replace(manyRegions, "[uk, eu]", "[eu, uk]", 1),
		"without a link elsewhere": strings.Replace(manyRegions, "      - us/gpt-5.5\n", "", 1),
	} {
		again, err := Parse("policy.yaml", []byte(other))
		if err != nil || again.Revision != set.Revision {
			t.Errorf("%s: revision %s, want %s: %v", name, again.Revision, set.Revision, err)
		}
	}
}

// TestOverlaysKeepToRegions holds that no overlay brings back what is elsewhere.
func TestOverlaysKeepToRegions(t *testing.T) {
	set, err := Parse("policy.yaml", []byte(manyRegions))
	if err != nil {
		t.Fatal(err)
	}
	o := Overlay{Weights: []Weights{{Model: "kept", Link: 0, Uses: map[string]uint32{"us/gpt-5.5": 5}}}}
	if faults := o.Faults(set); len(faults) != 1 {
		t.Errorf("faults are %v", faults)
	}
	laid, _ := set.Under(Overlay{Simulated: []Simulated{{Backend: "eu"}}})
	if got := whereabouts(laid.Models["kept"].Uses()); got != "eu/gpt-5.5 (eu), uk/gpt-5.5 (uk)" {
		t.Errorf("under an overlay the chain is %s", got)
	}
}
