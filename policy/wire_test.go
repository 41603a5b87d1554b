package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWireKeepsTheSet(t *testing.T) {
	set, err := Parse("policy.yaml", []byte("version: 1\nbackends:\n  a: {provider: openai, credential: {env: KEY}, without_credential: simulate}\n  b: {provider: openai, credential: {env: KEY}}\nmodels: {m: {chain: [a/gpt-5.5, b/gpt-5.5]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromWire(set.Wire(map[string]bool{"a": true}))
	if err != nil {
		t.Fatal(err)
	}
	want := set.Simulated(map[string]bool{"a": true})
	if d := cmp.Diff(want, got, sameSet); d != "" {
		t.Errorf("set differs (-want +got):\n%s", d)
	}
	if got.Backends["a"].Provider.Name != SimulatedProvider || got.Backends["b"].Provider.Name != "openai" {
		t.Errorf("providers %s and %s, want the simulated one for a only", got.Backends["a"].Provider.Name, got.Backends["b"].Provider.Name)
	}
}

// TestWireOfAnotherVersion holds that a policy which reads differently here is
// refused: routes would name another shape than exchanges have.
func TestWireOfAnotherVersion(t *testing.T) {
	set, err := Parse("policy.yaml", []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := set.Wire(nil)
	p.Shape = "0123456789ab"
	if _, err := FromWire(p); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("error %v, want one of another version", err)
	}
	p.Document = []byte("version: 2\n")
	if _, err := FromWire(p); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("error %v, want the document's fault", err)
	}
}

// TestWireOfALargePolicy holds that a policy which was small enough to be read is so
// for pairs as well, though its defaults are written out for them.
func TestWireOfALargePolicy(t *testing.T) {
	doc := []byte("version: 1\nunpriced: flag\nbackends: {b: {provider: openai, credential: {env: KEY}}}\nmodels:\n")
	for i := 0; len(doc) < MaxDocument-100; i++ {
		doc = fmt.Appendf(doc, "  model-%d: b/m\n", i)
	}
	set, err := Parse("policy.yaml", doc)
	if err != nil {
		t.Fatal(err)
	}
	p := set.Wire(nil)
	if len(p.GetDocument()) <= MaxDocument {
		t.Fatalf("%d bytes are not too many for a file", len(p.GetDocument()))
	}
	if _, err := FromWire(p); err != nil {
		t.Error(err)
	}
}
