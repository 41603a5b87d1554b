package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fleets = `
version: 1
backends:
  a: {provider: simulated, region: us}
  b: {provider: simulated, region: eu}
  c: {provider: simulated}
  idle: {provider: simulated}
models:
  chain: {nearest: true, balance: health, chain: [[{use: a/gpt-5.5, weight: 3}, {use: b/gpt-5.5}], a/gpt-5.5, c/gpt-5.5]}
  sole: a/gpt-5.5
  two: {chain: [a/gpt-5.5, [{use: a/gpt-5, weight: 2}, {use: a/gpt-5-mini}]]}
`

// TestDrained holds what drained backends and models are taken out of, and that a chain
// keeps all that it has if everything of it is drained.
func TestDrained(t *testing.T) {
	set := parsed(t, fleets)
	for name, c := range map[string]struct {
		drained   []Drained
		want      map[string]string // chains that change
		undrained []string
	}{
		"a backend":               {[]Drained{{Backend: "a"}}, map[string]string{"chain": "b/gpt-5.5=1 | c/gpt-5.5=1"}, []string{"sole", "two"}},
		"another backend":         {[]Drained{{Backend: "c"}}, map[string]string{"chain": "a/gpt-5.5=3 b/gpt-5.5=1 | a/gpt-5.5=1"}, nil},
		"two backends":            {[]Drained{{Backend: "a"}, {Backend: "c"}}, map[string]string{"chain": "b/gpt-5.5=1"}, []string{"sole", "two"}},
		"all backends of a chain": {[]Drained{{Backend: "a"}, {Backend: "b"}, {Backend: "c"}}, nil, []string{"chain", "sole", "two"}},
		"for one model":           {[]Drained{{Backend: "a", Model: "chain"}}, map[string]string{"chain": "b/gpt-5.5=1 | c/gpt-5.5=1"}, nil},
		"one model of it": {[]Drained{{Backend: "a", Use: "gpt-5.5"}},
			map[string]string{"chain": "b/gpt-5.5=1 | c/gpt-5.5=1", "two": "a/gpt-5=2 a/gpt-5-mini=1"}, []string{"sole"}},
		"one model of it, for one model": {[]Drained{{Backend: "a", Use: "gpt-5", Model: "two"}}, map[string]string{"two": "a/gpt-5.5=1 | a/gpt-5-mini=1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			out := laid(t, set, Overlay{Drained: c.drained})
			want := map[string]string{"chain": chainOf(set, "chain"), "sole": chainOf(set, "sole"), "two": chainOf(set, "two")}
			for model, chain := range c.want {
				want[model] = chain
			}
			sent, err := FromWire(out.Wire())
			if err != nil {
				t.Fatal(err)
			}
			for where, s := range map[string]*Set{"here": out, "at a pair": sent} {
				for model := range want {
					if got := chainOf(s, model); got != want[model] {
						t.Errorf("%s: chain of %s is %s, want %s", where, model, got, want[model])
					}
				}
			}
			if !slices.Equal(out.Undrained(), c.undrained) {
				t.Errorf("undrained are %v, want %v", out.Undrained(), c.undrained)
			}
			if (out.Shape == set.Shape) != (c.want == nil) || out.Revision == set.Revision {
				t.Errorf("shape %s, revision %s; were %s, %s", out.Shape, out.Revision, set.Shape, set.Revision)
			}
		})
	}
}

// TestDrainedGoesWithWeights holds that a use which weights have taken out is not what a
// chain is left with.
func TestDrainedGoesWithWeights(t *testing.T) {
	o := weights("two", 1, map[string]uint32{"a/gpt-5": 0})
	o.Drained = []Drained{{Backend: "a", Use: "gpt-5.5", Model: "two"}, {Backend: "a", Use: "gpt-5-mini", Model: "two"}}
	out := laid(t, parsed(t, fleets), o)
	if got := chainOf(out, "two"); got != "a/gpt-5.5=1 | a/gpt-5-mini=1" || len(out.Undrained()) != 1 {
		t.Errorf("chain is %s, undrained %v", got, out.Undrained())
	}
}

// TestNothingToDrain holds what is said of an entry that could never act.
func TestNothingToDrain(t *testing.T) {
	set := parsed(t, fleets)
	for _, c := range []struct {
		d    Drained
		want string
	}{
		{Drained{Backend: "aa"}, `backends.aa: backend "aa" is not defined`},
		{Drained{Backend: "a", Model: "chian"}, `models.chian: the policy has no such model; did you mean "chain"?`},
		{Drained{Backend: "idle"}, `backends.idle: no chain has it`},
		{Drained{Backend: "a", Use: "gpt-4o"}, `backends["a/gpt-4o"]: no chain has it`},
		{Drained{Backend: "a", Model: "two"}, `models.two["a"]: nothing would be left of the chain of two; add another backend to the chain first`},
	} {
		faults := Overlay{Drained: []Drained{c.d}}.Faults(set)
		if len(faults) != 1 || faults[0].String() != c.want {
			t.Errorf("faults are %v, want %s", faults, c.want)
		}
	}
}

// TestDrainedIsDescribed holds what status and log say of an entry.
func TestDrainedIsDescribed(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	var got []string
	for _, d := range []Drained{{Backend: "a"}, {Backend: "a", Use: "gpt-5.5"}, {Backend: "a", Model: "two"}} {
		d.Laid = Laid{Author: "health", Reason: "connection refused", Since: at}
		got = append(got, Describe(d))
	}
	want := []string{
		"backends.a: drained, by health since 2026-11-26T12:00:00Z: connection refused",
		`backends["a/gpt-5.5"]: drained, by health since 2026-11-26T12:00:00Z: connection refused`,
		`models.two["a"]: drained, by health since 2026-11-26T12:00:00Z: connection refused`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}
