package advice

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

const placed = `version: 1
unpriced: flag
backends:
  us: {provider: simulated, region: us-east}
  eu: {provider: simulated, region: eu}
  any: {provider: simulated}
models:
  a: {regions_only: [eu], chain: [us/g, [{use: eu/g}, {use: us/g}], any/g]}
  b: {regions_only: [eu], chain: [[{use: eu/g}]]}
  c: {regions_only: [eu], chain: [eu/g]}
  d: {regions_only: [eu, us-east], chain: [us/g, eu/g]}
`

// TestOutsideRegions holds that what regions_only leaves out is named, of each model.
func TestOutsideRegions(t *testing.T) {
	set, err := policy.Parse("policy.yaml", []byte(placed))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"note models.a.regions_only: never asked, whatever fails: any/g (no region) and us/g (us-east)"}
	if diff := cmp.Diff(want, of(Advise(set, Expectation{}), OutsideRegions)); diff != "" {
		t.Errorf("advice differs (-want +got):\n%s", diff)
	}
	groups, _ := Groups(set, Expectation{})
	var names []string
	for _, g := range groups {
		names = append(names, strings.Join(g.Models, " "))
	}
	if diff := cmp.Diff([]string{"a", "b c", "d"}, names); diff != "" {
		t.Errorf("groups differ (-want +got):\n%s", diff)
	}
}
