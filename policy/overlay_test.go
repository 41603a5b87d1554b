package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// under is a document with everything that weights can change.
const under = `
version: 1
backends:
  a: {provider: openai, region: us, credential: {env: KEY}, without_credential: simulate}
  b: {provider: openai, region: eu, credential: {env: KEY}}
  c: {provider: openai, region: eu, credential: {env: KEY}}
  openai2: {provider: openai, credential: {env: KEY}}
  or: {provider: openrouter, credential: {env: KEY}}
models:
  m:
    nearest: true
    chain: [[{use: a/gpt-5.5, weight: 70}, {use: b/gpt-5.5, weight: 20}, {use: c/gpt-5.5, weight: 10}], b/gpt-5.5]
  n:
    chain: [[{use: or/openai/gpt-5.5}, {use: openai2/gpt-5.5}]]
  odd$name: a/gpt-5.5
prices:
  openai/gpt-5.5: {input: 1, output: 2}
models_like:
  openai/gpt-5.5: gpt-5.5
`

func parsed(t *testing.T, document string) *Set {
	t.Helper()
	set, err := Parse("policy.yaml", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// weights is an overlay of one entry.
func weights(model string, link int, uses map[string]uint32) Overlay {
	return Overlay{Weights: []Weights{{model, link, uses, Laid{Author: "ann", Reason: "test"}}}}
}

// laid returns what is in effect with every entry acting.
func laid(t *testing.T, set *Set, o Overlay) *Set {
	t.Helper()
	if faults := o.Faults(set); faults != nil {
		t.Fatal(faults)
	}
	out, left := set.Under(o)
	if len(left) > 0 {
		t.Fatalf("left out: %+v", left)
	}
	return out
}

// chainOf is a model's links with their weights.
func chainOf(set *Set, model string) string {
	var links []string
	for _, l := range set.Models[model].Chain {
		links = append(links, Weights{Uses: weightsOf(l)}.Effect())
	}
	return strings.Join(links, " | ")
}

func weightsOf(l Link) map[string]uint32 {
	all := make(map[string]uint32)
	for _, u := range l.Uses {
		all[u.String()] = u.Weight
	}
	return all
}

// TestUnder holds what entries do, that the set below stays as it was, and that what is
// in effect could be a document that any version reads.
func TestUnder(t *testing.T) {
	for name, c := range map[string]struct {
		o      Overlay
		model  string
		want   string
		envoys bool // the shape stays: Envoy is sent nothing
	}{
		"weights":        {weights("m", 0, map[string]uint32{"a/gpt-5.5": 1, "c/gpt-5.5": 500}), "m", "a/gpt-5.5=1 b/gpt-5.5=20 c/gpt-5.5=500 | b/gpt-5.5=1", true},
		"a use out":      {weights("m", 0, map[string]uint32{"b/gpt-5.5": 0}), "m", "a/gpt-5.5=70 c/gpt-5.5=10 | b/gpt-5.5=1", false},
		"all but one":    {weights("m", 0, map[string]uint32{"a/gpt-5.5": 0, "b/gpt-5.5": 0, "c/gpt-5.5": 7}), "m", "c/gpt-5.5=7 | b/gpt-5.5=1", false},
		"a priced use":   {weights("n", 0, map[string]uint32{"or/openai/gpt-5.5": 0}), "n", "openai2/gpt-5.5=1", false},
		"no region left": {weights("m", 0, map[string]uint32{"a/gpt-5.5": 0}), "m", "b/gpt-5.5=20 c/gpt-5.5=10 | b/gpt-5.5=1", false},
		"simulated":      {Overlay{Simulated: []Simulated{{Backend: "a"}}}, "m", "a/gpt-5.5=70 b/gpt-5.5=20 c/gpt-5.5=10 | b/gpt-5.5=1", false},
	} {
		t.Run(name, func(t *testing.T) {
			set, again := parsed(t, under), parsed(t, under)
			out := laid(t, set, c.o)
			if got := chainOf(out, c.model); got != c.want {
				t.Errorf("chain of %s is %s, want %s", c.model, got, c.want)
			}
			if diff := cmp.Diff(again, set, sameSet); diff != "" {
				t.Errorf("the set below changed:\n%s", diff)
			}
			if same := out.Shape == set.Shape; same != c.envoys {
				t.Errorf("the shape stayed: %t, want %t", same, c.envoys)
			}
			read, err := Parse("policy.yaml", out.chosen().Canonical())
			if err != nil {
				t.Fatalf("what is in effect is no document: %v", err)
			}
			if diff := cmp.Diff(out.chosen().Models, read.Models, sameSet); diff != "" {
				t.Errorf("what is in effect reads otherwise:\n%s", diff)
			}
		})
	}
}

// TestUnderIsOverTheDocument holds that one overlay takes the place of another, and that
// none gives the document again.
func TestUnderIsOverTheDocument(t *testing.T) {
	set := parsed(t, under)
	once := laid(t, set, weights("m", 0, map[string]uint32{"a/gpt-5.5": 0}))
	twice := laid(t, once, weights("m", 0, map[string]uint32{"b/gpt-5.5": 3}))
	if got, want := chainOf(twice, "m"), "a/gpt-5.5=70 b/gpt-5.5=3 c/gpt-5.5=10 | b/gpt-5.5=1"; got != want {
		t.Errorf("chain is %s, want %s", got, want)
	}
	if out := laid(t, twice, Overlay{}); out != set || once.Document() != set || set.Document() != set {
		t.Error("without an overlay it is not the document")
	}
}

// TestRevisionUnder holds that rows and acknowledgements name what is in effect: every
// overlay has a revision of its own, the same in each process, and simulated backends,
// which follow from the environment, have none.
func TestRevisionUnder(t *testing.T) {
	set := parsed(t, under)
	seen := map[string]string{set.Revision: "the document"}
	more := weights("m", 0, map[string]uint32{"a/gpt-5.5": 2})
	more.Weights[0].Expiry = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, o := range map[string]Overlay{
		"weights": weights("m", 0, map[string]uint32{"a/gpt-5.5": 2}), "others": weights("m", 0, map[string]uint32{"a/gpt-5.5": 3}),
		"a use out": weights("m", 0, map[string]uint32{"a/gpt-5.5": 0}), "an expiry": more,
	} {
		out := laid(t, set, o)
		if other, known := seen[out.Revision]; known {
			t.Errorf("%s and %s have revision %s", name, other, out.Revision)
		}
		seen[out.Revision] = name
		if again := laid(t, parsed(t, under), o); again.Revision != out.Revision || again.Shape != out.Shape {
			t.Errorf("%s: another process names it %s and %s, not %s and %s", name, again.Revision, again.Shape, out.Revision, out.Shape)
		}
		both := laid(t, set, o.With(Overlay{Simulated: []Simulated{{Backend: "a"}}}))
		if both.Revision != out.Revision || both.Shape == out.Shape {
			t.Errorf("%s: with a simulated backend revision %s, shape %s; without %s, %s", name, both.Revision, both.Shape, out.Revision, out.Shape)
		}
	}
}

// TestOverlayFaults holds that all the faults of an overlay are named at once, with
// their places.
func TestOverlayFaults(t *testing.T) {
	o := Overlay{Simulated: []Simulated{{Backend: "openai"}}, Weights: []Weights{
		{Model: "mm", Uses: map[string]uint32{"a/gpt-5.5": 1}},
		{Model: "m", Link: 2, Uses: map[string]uint32{"a/gpt-5.5": 1}},
		{Model: "m", Link: 0, Uses: map[string]uint32{"a/gpt-5": 1, "zz": 1, "c/gpt-5.5": 10001}},
		{Model: "m", Link: 1, Uses: map[string]uint32{"b/gpt-5.5": 5}},
		{Model: "n", Link: 0, Uses: map[string]uint32{"or/openai/gpt-5.5": 0, "openai2/gpt-5.5": 0}},
		{Model: "n", Link: 0},
		{Model: "odd$name", Link: 0, Uses: map[string]uint32{"x/y": 1}},
	}}
	set := parsed(t, under)
	want := strings.TrimSpace(`
backends.openai: backend "openai" is not defined; did you mean "openai2"?
models.mm: the policy has no such model
models.m.chain[2]: the chain has no such link: it has 2, counted from 0
models.m.chain[0]["a/gpt-5"]: the link has no such use; did you mean "a/gpt-5.5"?
models.m.chain[0]["zz"]: the link has no such use; its uses are a/gpt-5.5, b/gpt-5.5, c/gpt-5.5
models.m.chain[0]["c/gpt-5.5"]: a weight is from 1 to 10000, or 0, which takes the use out of the link; this is 10001
models.m.chain[1]: the link has one use, which gets every request
models.n.chain[0]: every use of the link has weight 0: nothing would answer; leave one of them a weight
models.n.chain[0]: no weight is given; name at least one use, such as or/openai/gpt-5.5=10
models.n.chain[0]: is in the overlay twice
models["odd$name"].chain[0]["x/y"]: the link has no such use; its uses are a/gpt-5.5`)
	if got := (&Faults{Faults: o.Faults(set)}).Error(); got != want {
		t.Errorf("faults are\n%s\nwant\n%s", got, want)
	}
	out, left := set.Under(o)
	if out != set || len(left) != 8 {
		t.Errorf("%d entries are left out, want 8; in effect is %s", len(left), out.Revision)
	}
}

// TestUnderALaterDocument holds that an entry which a later document has no place for is
// left out and named, and the others act.
func TestUnderALaterDocument(t *testing.T) {
	o := weights("m", 0, map[string]uint32{"a/gpt-5.5": 0}).With(weights("n", 0, map[string]uint32{"openai2/gpt-5.5": 9}))
	later := parsed(t, strings.Replace(under, "{use: a/gpt-5.5, weight: 70}", "{use: openai2/gpt-5.5, weight: 70}", 1))
	out, left := later.Under(o)
	if len(left) != 1 || left[0].Entry.Place() != "models.m.chain[0]" || left[0].Faults[0].Message != "the link has no such use" {
		t.Errorf("left out: %+v", left)
	}
	if got, want := chainOf(out, "n"), "openai2/gpt-5.5=9 or/openai/gpt-5.5=1"; got != want {
		t.Errorf("chain is %s, want %s", got, want)
	}
	if alone := laid(t, later, weights("n", 0, map[string]uint32{"openai2/gpt-5.5": 9})); alone.Revision != out.Revision {
		t.Error("an entry that does not act is part of the revision")
	}
}

// TestOverlayWith holds that an entry replaces the one of its kind at its place only.
func TestOverlayWith(t *testing.T) {
	o := weights("m", 0, map[string]uint32{"a": 1}).With(weights("n", 0, map[string]uint32{"b": 1})).
		With(weights("m", 0, map[string]uint32{"c": 1})).With(Overlay{Simulated: []Simulated{{Backend: "a"}}})
	var got []string
	for _, e := range o.Entries() {
		got = append(got, KindOf(e)+" "+e.Place()+" "+e.Effect())
	}
	want := []string{"simulated backends.a the simulated provider answers", "weights models.m.chain[0] c=1", "weights models.n.chain[0] b=1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOverlayExpires holds that an entry acts until its expiry, and no longer.
func TestOverlayExpires(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	o := weights("m", 0, map[string]uint32{"a": 1}).With(weights("n", 0, map[string]uint32{"b": 1}))
	o.Weights[0].Expiry = at
	if got := o.Expiry(); !got.Equal(at) {
		t.Errorf("the first expires at %s", got)
	}
	for _, c := range []struct {
		now     time.Time
		expired int
	}{{at.Add(-1), 0}, {at, 1}, {at.Add(1), 1}} {
		acts, expired := o.At(c.now)
		if len(expired.Weights) != c.expired || len(acts.Weights) != 2-c.expired {
			t.Errorf("at %s %d act and %d have expired", c.now, len(acts.Weights), len(expired.Weights))
		}
	}
	if acts, _ := o.At(at); !acts.Expiry().IsZero() {
		t.Error("an entry without expiry has one")
	}
}

// TestStoredOverlay holds that an overlay is read as it was stored, and that one which a
// later version has laid is not taken for less than it is.
func TestStoredOverlay(t *testing.T) {
	o := weights("m", 0, map[string]uint32{"a/x": 0})
	o.Weights[0].Since, o.Weights[0].Expiry = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var got Overlay
	if err := json.Unmarshal(data, &got); err != nil || !got.Equal(o) || got.Unknown() != nil || got.IsZero() {
		t.Errorf("%s is read as %+v, %v, %v", data, got, err, got.Unknown())
	}
	for _, later := range []string{`{"clamped":[{"backend":"a"}]}`, `{"weights":[{"model":"m","link":0,"uses":{},"ramp":1}]}`} {
		var got Overlay
		if err := json.Unmarshal([]byte(later), &got); err != nil || got.Unknown() == nil || got.IsZero() {
			t.Errorf("%s is read as %+v, %v", later, got, err)
		}
	}
}

// TestLinkOf holds that the link which is meant is found by its uses, or that it is said
// why not.
func TestLinkOf(t *testing.T) {
	m := parsed(t, `
version: 1
backends: {a: {provider: openai, credential: {env: KEY}}, b: {provider: openai, credential: {env: KEY}}}
models:
  m: {chain: [a/gpt-5.5, [{use: a/gpt-5.5}, {use: b/gpt-5.5}], [{use: b/gpt-5.5}, {use: b/gpt-5-nano}], b/gpt-5-mini]}
`).Models["m"]
	for _, c := range []struct {
		uses string
		link int
		want string
	}{
		{"a/gpt-5.5", 1, ""},
		{"b/gpt-5-nano", 2, ""},
		{"b/gpt-5-mini", 3, ""},
		{"a/gpt-5.5 b/gpt-5.5", 1, ""},
		{"b/gpt-5.5", 0, "models.m: its links [1 2] have these uses; name the one that is meant"},
		{"a/gpt-5.5 b/gpt-5-mini", 0, "models.m: no link has all of these uses; lay weights over one link at a time"},
		{"a/gpt-5.6", 0, `models.m: no link has the use "a/gpt-5.6"; did you mean "a/gpt-5.5"?`},
	} {
		uses := make(map[string]uint32)
		for _, u := range strings.Fields(c.uses) {
			uses[u] = 1
		}
		link, fault := m.LinkOf(uses)
		got := ""
		if fault != nil {
			got = fault.String()
		}
		if link != c.link || got != c.want {
			t.Errorf("%s: link %d, %q, want %d, %q", c.uses, link, got, c.link, c.want)
		}
	}
}
