package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy/policypb"
)

const blindChain = `
version: 1
unpriced: flag
backends: {local: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models_like: {blind: {images: refused}}
models:
  m: {chain: [local/blind, local/sees, local/too]}
  alike: {chain: [local/sees, local/too]}
`

// TestAModelThatLacksSomethingIsAClassOfItsOwn holds that a request with images reaches the
// models of a server that take them and no other.
func TestAModelThatLacksSomethingIsAClassOfItsOwn(t *testing.T) {
	set := parsed(t, blindChain)
	fit := set.Models["m"].Fit()
	var of []int
	for _, u := range set.Models["m"].Uses() {
		of = append(of, fit.Class(u))
	}
	if fit.Classes != 3 || of[0] == of[1] || of[0] == of[2] {
		t.Errorf("%d classes, of the uses %v", fit.Classes, of)
	}
}

// TestEachUseIsAClassOfItsOwnAsFarAsThereMayBeMore holds that what takes different requests
// is told apart first, and that a chain of servers that differ needs no more than them.
func TestEachUseIsAClassOfItsOwnAsFarAsThereMayBeMore(t *testing.T) {
	const policy = `
version: 1
unpriced: flag
backends:
  local: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}
  other: {provider: anthropic, url: "http://127.0.0.1:2", credential: {env: KEY}}
models_like: {blind: {images: refused}}
models:
  one: {chain: [local/a]}
  two: {chain: [local/a, local/b]}
  differ: {chain: [local/a, other/b]}
  twice: {chain: [local/a, local/b, local/a]}
  many: {chain: [local/a, local/b, local/c, local/d, local/e, local/f, local/g, local/blind]}
`
	set := parsed(t, policy)
	for name, want := range map[string][]int{
		"one": {0}, "two": {0, 1}, "differ": {0, 1}, "twice": {0, 1, 0},
		"many": {0, 1, 2, 2, 2, 2, 2, 3},
	} {
		m, of := set.Models[name], []int{}
		fit := m.Fit()
		for _, u := range m.Uses() {
			of = append(of, fit.Class(u))
		}
		if !slices.Equal(of, want) {
			t.Errorf("%s: classes %v, want %v", name, of, want)
		}
	}
	if set.Models["one"].Classes != nil || set.Models["differ"].Classes != nil {
		t.Error("classes are told that the servers say")
	}
}

// TestPairsAreToldTheClasses holds that a pair names sets of classes as the endpoints of its
// control plane list them, whatever its own catalogue says.
func TestPairsAreToldTheClasses(t *testing.T) {
	m := parsed(t, blindChain).Models["m"]
	wire := parsed(t, blindChain).Wire()
	wire.Classes["m"].Of = map[string]uint32{"local/blind": 0, "local/sees": 1, "local/too": 0}
	fit := received(t, wire).Models["m"].Fit()
	if fit.Class(m.Uses()[2]) != 0 || fit.Class(m.Uses()[1]) != 1 {
		t.Errorf("classes %+v", fit)
	}
	if name := fit.Name(2); !slices.Contains(m.FitNames(m.Uses()[1]), name) || slices.Contains(m.FitNames(m.Uses()[0]), name) {
		t.Errorf("%s is not listed", name)
	}
}

// TestPairsThatAreToldNoClassesGoByServers holds that they understand the endpoints of a
// control plane that knows none.
func TestPairsThatAreToldNoClassesGoByServers(t *testing.T) {
	none, some := parsed(t, blindChain).Wire(), parsed(t, blindChain).Wire()
	none.Classes = nil
	delete(some.Classes["m"].Of, "local/too")
	for _, wire := range []*policypb.Policy{none, some} {
		if fit := received(t, wire).Models["m"].Fit(); fit.Classes != 1 {
			t.Errorf("%d classes", fit.Classes)
		}
	}
}

func received(t *testing.T, wire *policypb.Policy) *Set {
	t.Helper()
	set, err := FromWire(wire)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestClassesAreOfTheShape holds that Envoy's routes tell exchanges by which classes the
// endpoints are listed.
func TestClassesAreOfTheShape(t *testing.T) {
	set := parsed(t, blindChain)
	other := *set
	other.Models = map[string]*Model{"m": set.Models["m"], "alike": set.Models["alike"].with(set.Backends)}
	other.Models["alike"].Classes = nil
	if set.shape() == other.shape() || set.shape() == set.Revision {
		t.Errorf("shapes %s and %s", set.shape(), other.shape())
	}
}

// TestAChainHasFewClasses holds that of very many the last share one.
func TestAChainHasFewClasses(t *testing.T) {
	var uses []Use
	for i := range 10 {
		uses = append(uses, Use{Backend: &Backend{Name: "b"}, Model: fmt.Sprint(i)})
	}
	of := classesOf(uses, func(u Use) string { return u.Model })
	if fit := fitOf(of, ""); fit.Classes != MaxClasses || fit.Class(uses[1]) != 1 || fit.Class(uses[9]) != MaxClasses-1 {
		t.Errorf("%d classes, the last use is of %d", fit.Classes, fit.Class(uses[9]))
	}
}

// TestAPinIsOneBackend holds that the set which keeps a request to one backend lists the
// endpoints of that one and no other, however many there are and whatever classes they share.
func TestAPinIsOneBackend(t *testing.T) {
	var uses, backends []string
	for i := range 9 {
		backends = append(backends, fmt.Sprintf(`b%d: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}`, i))
		uses = append(uses, fmt.Sprintf("b%d/m", i), fmt.Sprintf("b%d/n", i))
	}
	for n := 2; n <= len(uses); n++ {
		m := parsed(t, "{version: 1, unpriced: flag, backends: {"+strings.Join(backends, ", ")+"}, models_like: {n: {images: refused}}, models: {m: {chain: [["+
			"{use: "+strings.Join(uses[:min(n, 3)], "}, {use: ")+"}]"+strings.Join(append([]string{""}, uses[min(n, 3):min(n, 10)]...), ", ")+"]}}}").Models["m"]
		fit := m.Fit()
		for _, pinned := range m.Uses() {
			pin := fit.Pin(pinned.Backend.Name, fit.own(pinned.Backend.Name))
			for _, u := range m.Uses() {
				if listed := slices.Contains(m.FitNames(u), pin); listed != (u.Backend == pinned.Backend) {
					t.Errorf("of %d uses, %s is listed as of the backend of %s (%s): %t", n, u, pinned, pin, listed)
				}
			}
		}
	}
}
