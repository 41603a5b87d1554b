package policies_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

// split is a policy with a link to lay weights over.
const split = `version: 1
unpriced: flag
backends: {a: {provider: simulated}, b: {provider: simulated}}
models: {m: {chain: [[{use: a/x, weight: 5}, {use: b/x}]]}}
`

const overlayPath = "/api/v1/policy/overlay"

func splitRig(t *testing.T) rig {
	t.Helper()
	p := consoletest.New(t, split)
	return rig{serve(t, p), p}
}

// laying is a body that gives a use of the link another weight.
func laying(more string) string {
	return `{"weights": [{"model": "m", "uses": {"a/x": 70}}], "author": "ann", "reason": "test"` + more + `}`
}

func TestAnOverlayIsLaidAndTakenBack(t *testing.T) {
	r := splitRig(t)
	document := revision(t, split)
	same(t, "nothing laid", policies.Overlay{Revision: document, Document: document}, consoletest.Want[policies.Overlay](t, r.Ask("GET", overlayPath, nil), 200))
	got := r.Ask("POST", overlayPath, laying(`, "for": "90m", "expect": "`+document+`"`))
	laid := consoletest.Want[source.Change](t, got, 200)
	at := consoletest.Start.Add(time.Minute)
	want := policy.Overlay{Weights: []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": 70},
		Laid: policy.Laid{Author: "ann", Reason: "test", Since: at, Expiry: at.Add(90 * time.Minute)}}}}
	same(t, "the change", source.Change{Number: 2, Revision: laid.Revision, Document: document, Parent: document, Origin: source.FromOverlay,
		Author: "ann", Reason: "test", At: at, Overlay: want}, laid)
	same(t, "its tag", `"`+laid.Revision+`"`, got.Header.Get("ETag"))
	got = r.Ask("GET", overlayPath, nil)
	same(t, "what lies over the document", policies.Overlay{Revision: laid.Revision, Document: document, InEffect: want}, consoletest.Want[policies.Overlay](t, got, 200))
	same(t, "its tag", `"`+laid.Revision+`"`, got.Header.Get("ETag"))
	back := consoletest.Want[source.Change](t, r.Ask("POST", overlayPath, `{"clear": [{"model": "m", "link": 0}], "author": "bob", "reason": "over"}`, "If-Match", `"`+laid.Revision+`"`), 200)
	same(t, "taken back", source.Change{Number: 3, Revision: document, Parent: laid.Revision, Origin: source.FromOverlay,
		Author: "bob", Reason: "over", At: consoletest.Start.Add(2 * time.Minute)}, back)
}

// TestCanonicalFormsUnderAnOverlay holds that either form can be had, now and from the
// history.
func TestCanonicalFormsUnderAnOverlay(t *testing.T) {
	r := splitRig(t)
	laid := consoletest.Want[source.Change](t, r.Ask("POST", overlayPath, laying("")), 200)
	set := r.policies.Latest()
	for _, path := range []string{"/api/v1/policy", "/api/v1/policy/history/" + laid.Revision} {
		same(t, "what is in effect", string(set.Canonical()), string(r.Ask("GET", path+"?canonical", nil).Body))
		same(t, "its document", string(set.Document().Canonical()), string(r.Ask("GET", path+"?canonical=document", nil).Body))
	}
	if !strings.Contains(string(set.Canonical()), `"weight":70`) || strings.Contains(string(set.Document().Canonical()), `"weight":70`) {
		t.Errorf("the forms are\n%s%s", set.Canonical(), set.Document().Canonical())
	}
}

func TestLayingsThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, body string
		kind       *console.Kind
		text       string
	}{
		{"no author", strings.Replace(laying(""), "ann", " ", 1), console.BadRequest, "a change needs an author and a reason"},
		{"no JSON", "m", console.BadRequest, ""},
		{"nothing", `{"author": "ann", "reason": "test"}`, console.BadRequest, "the proposal is incomplete: it lays nothing and takes nothing back"},
		{"no duration", laying(`, "for": "soon"`), console.BadRequest, `for must be a duration above 0, such as 1h30m, is "soon"`},
		{"no time", laying(`, "for": "0s"`), console.BadRequest, `for must be a duration above 0, such as 1h30m, is "0s"`},
		{"another revision", laying(`, "expect": "0123456789ab"`), policies.Conflict, ""},
		{"a key that does not exist", laying(`, "drained": []`), console.BadRequest, ""},
		{"faults", strings.NewReplacer(`"a/x"`, `"a/y"`, `"author"`, `"clear": [{"model": "n"}], "author"`).Replace(laying("")), policies.InvalidOverlay, "the overlay has faults"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := splitRig(t)
			f := consoletest.Fails(t, r.Ask("POST", overlayPath, row.body), row.kind)
			if row.text != "" && f.Cause.Message != row.text {
				t.Errorf("it says %q, want %q", f.Cause.Message, row.text)
			}
			if row.kind == policies.InvalidOverlay {
				same(t, "the faults", []console.Fault{
					{Path: `models.m.chain[0]["a/y"]`, Message: "the link has no such use", Hint: `did you mean "a/x"?`},
					{Path: "models.n", Message: "no weights are laid over it"},
				}, f.Faults)
			}
			if len(r.policies.History()) != 1 {
				t.Error("something changed")
			}
		})
	}
}

// TestDiffUnderAnOverlay holds that a diff is of documents, and says what would become of
// what lies over the one in effect.
func TestDiffUnderAnOverlay(t *testing.T) {
	r := splitRig(t)
	whole := strings.Replace(split, "{use: a/x, weight: 5}, ", "", 1)
	laid := consoletest.Want[source.Change](t, r.Ask("POST", overlayPath, laying("")), 200)
	entry := policy.Describe(laid.Overlay.Weights[0])
	ask := func(text string) policies.Diff {
		t.Helper()
		return consoletest.Want[policies.Diff](t, r.Ask("POST", "/api/v1/policy/diff", map[string]any{"files": one(text)}), 200)
	}
	same(t, "no difference", policies.Diff{From: laid.Revision, To: laid.Revision, Changes: []policies.Difference{},
		Overlay: []policies.EntryDiff{{Entry: entry, Before: policies.InEffect, After: policies.InEffect}}}, ask(split))
	const gone = `models.m.chain[0]["a/x"]: the link has no such use`
	got := ask(whole)
	same(t, "no place for it", []policies.EntryDiff{{Entry: entry, Before: policies.InEffect, After: policies.LeftOut, Reason: gone}}, got.Overlay)
	same(t, "the revision", revision(t, whole), got.To)
	consoletest.Want[json.RawMessage](t, r.Ask("PUT", "/api/v1/policy", proposal(whole, "")), 200)
	same(t, "what lies over the document", []string{entry + " (left out: " + gone + ")"},
		consoletest.Want[policies.Overlay](t, r.Ask("GET", overlayPath, nil), 200).LeftOut)
	same(t, "a place again", []policies.EntryDiff{{Entry: entry, Before: policies.LeftOut, After: policies.InEffect}}, ask(split).Overlay)
	same(t, "still no place", policies.LeftOut, ask(whole).Overlay[0].After)
}

// TestDocumentsWithoutOverlay holds that a push and a rollback keep what lies over the
// policy unless they are asked not to.
func TestDocumentsWithoutOverlay(t *testing.T) {
	for _, body := range []string{`, "without_overlay": true`, ""} {
		r := splitRig(t)
		consoletest.Want[source.Change](t, r.Ask("POST", overlayPath, laying("")), 200)
		consoletest.Want[source.Change](t, r.Ask("PUT", "/api/v1/policy", proposal(split+"limits: {body: 1MiB}\n", "")), 200)
		c := consoletest.Want[source.Change](t, r.Ask("POST", "/api/v1/policy/rollback", fmt.Sprintf(`{"author": "ann", "reason": "test"%s}`, body)), 200)
		if c.Overlay.IsZero() != (body != "") {
			t.Errorf("rolled back with %q: %+v", body, c)
		}
	}
}
