package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy/policypb"
)

func TestWireKeepsTheSet(t *testing.T) {
	set, err := Parse("policy.yaml", []byte("version: 1\nbackends:\n  a: {provider: openai, credential: {env: KEY}, without_credential: simulate}\n  b: {provider: openai, credential: {env: KEY}}\nmodels: {m: {chain: [a/gpt-5.5, b/gpt-5.5]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := set.Under(Overlay{Simulated: []Simulated{{"a", Laid{Author: "headgate", Reason: "not set: KEY"}}}})
	got, err := FromWire(want.Wire())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, sameSet); d != "" {
		t.Errorf("set differs (-want +got):\n%s", d)
	}
	if got.Backends["a"].Provider.Name != SimulatedProvider || got.Backends["b"].Provider.Name != "openai" {
		t.Errorf("providers %s and %s, want the simulated one for a only", got.Backends["a"].Provider.Name, got.Backends["b"].Provider.Name)
	}
}

// TestWireNamesThePolicy holds that revision and shape are the message's, whatever this
// version would call the document.
func TestWireNamesThePolicy(t *testing.T) {
	got, err := FromWire(&policypb.Policy{Revision: "a revision", Shape: "a shape", Document: []byte(`{"version":1,"listen":"127.0.0.1:8080"}`)})
	if err != nil || got.Revision != "a revision" || got.Shape != "a shape" {
		t.Errorf("set %+v, error %v", got, err)
	}
}

// TestWireOfANewerVersion holds that a pair which is older than its control plane says
// so, and what it does not understand: a key or a value that came later.
func TestWireOfANewerVersion(t *testing.T) {
	const older = "this pair is older than the control plane that sent policy revision r, and does not understand it: "
	for _, c := range []struct{ document, want string }{
		{`{"version":1,"later":{"a":1}}`, older + `unknown key "later"`},
		{`{"version":1,"queue":{}}`, older + `queue: is not supported yet`},
		{`{"version":1,"backends":{"b":{"provider":"simulated"}},"models":{"m":{"chain":["b/x"],"later":true}}}`, older + `models.m: unknown key "later"`},
		{`{"version":1,"backends":{"b":{"provider":"later","url":"https://llm.example.com"}}}`,
			older + `backends.b.provider: must be one of openai, anthropic, deepseek, groq, mistral, openrouter, openai-compatible, simulated, is "later"`},
		{`{"version":1,"a":1,"b":1,"c":1,"d":1,"e":1}`, older + `unknown key "a"; unknown key "b"; unknown key "c"; and 2 more`},
		{`{"version":2}`, older + `version: must be 1, is "2"`},
		{`{"version":1`, `policy revision "r" is damaged`},
	} {
		set, err := FromWire(&policypb.Policy{Revision: "r", Shape: "s", Document: []byte(c.document)})
		if set != nil || err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.document, err, c.want)
		}
	}
}

// TestWireWithoutNames holds that a message which does not name its policy is refused:
// routes could name it by nothing.
func TestWireWithoutNames(t *testing.T) {
	for _, p := range []*policypb.Policy{{Revision: "r"}, {Shape: "s"}} {
		p.Document = []byte(`{"version":1}`)
		if _, err := FromWire(p); err == nil {
			t.Errorf("%v is read", p)
		}
	}
}

// TestWirePriced holds that a model which only the control plane's catalogue has a price
// for is no reason to refuse the policy.
func TestWirePriced(t *testing.T) {
	const document = `{"version":1,"backends":{"b":{"provider":"openai","credential":{"env":"KEY"}}},"models":{"m":{"chain":["b/of-another-catalogue"]}}}`
	if _, err := Parse("policy.yaml", []byte(document)); err == nil {
		t.Fatal("the model has a price here")
	}
	if _, err := FromWire(&policypb.Policy{Revision: "r", Shape: "s", Document: []byte(document)}); err != nil {
		t.Error(err)
	}
}

// TestWireOfALargePolicy holds that a policy which was small enough to be read is so
// for pairs as well, though short forms are written out for them.
func TestWireOfALargePolicy(t *testing.T) {
	doc := []byte("version: 1\nunpriced: flag\nbackends: {b: {provider: openai, credential: {env: KEY}}}\nmodels:\n")
	for i := 0; len(doc) < MaxDocument-100; i++ {
		doc = fmt.Appendf(doc, "  model-%d: b/m\n", i)
	}
	set, err := Parse("policy.yaml", doc)
	if err != nil {
		t.Fatal(err)
	}
	p := set.Wire()
	if len(p.GetDocument()) <= MaxDocument {
		t.Fatalf("%d bytes are not too many for a file", len(p.GetDocument()))
	}
	if _, err := FromWire(p); err != nil {
		t.Error(err)
	}
}

// TestWireOfAnOverlay holds that the document of the message has the weights in effect,
// for pairs that know of no overlays, and that others can say what was laid by whom.
func TestWireOfAnOverlay(t *testing.T) {
	o := weights("m", 0, map[string]uint32{"a/gpt-5.5": 0, "c/gpt-5.5": 77})
	o.Weights[0].Since, o.Weights[0].Expiry = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	set := parsed(t, under)
	want := laid(t, set, o.With(Overlay{Simulated: []Simulated{{"a", Laid{Author: "headgate", Reason: "not set: KEY"}}}}))
	message := want.Wire()
	if got := message.GetOverlay().GetDocument(); got != set.Revision {
		t.Errorf("the overlay lies over %s, want %s", got, set.Revision)
	}
	got, err := FromWire(message)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, sameSet); diff != "" {
		t.Errorf("set differs (-want +got):\n%s", diff)
	}
	message.Overlay = nil // as a pair of a version without overlays reads it
	old, err := FromWire(message)
	if err != nil || chainOf(old, "m") != "b/gpt-5.5=20 c/gpt-5.5=77 | b/gpt-5.5=1" || old.Revision != want.Revision || old.Shape != want.Shape {
		t.Errorf("without the overlay it is %v, %v", old, err)
	}
}

// TestWireOfALaterOverlay holds that a kind of entry which came later is passed over: its
// effect is in the document.
func TestWireOfALaterOverlay(t *testing.T) {
	p := parsed(t, under).Wire()
	p.Overlay = &policypb.Overlay{Entries: []*policypb.OverlayEntry{{Author: "ann"}}}
	if set, err := FromWire(p); err != nil || !set.Overlay.IsZero() {
		t.Errorf("set %v, error %v", set, err)
	}
}
