package source

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
)

// split is a policy with a link of two uses, of which the first has a weight.
func split(weight string) string {
	return `
version: 1
backends: {a: {provider: simulated}, b: {provider: simulated}, c: {provider: simulated}}
models: {m: {chain: [[{use: a/x, weight: ` + weight + `}, {use: b/x}], c/x]}}
unpriced: flag
`
}

// withoutA is a policy whose link lacks the use that tests lay weights over.
var withoutA = strings.Replace(split("5"), "use: a/x", "use: c/x", 1)

// chain are the weights in effect of the first link, by use.
func chain(s *Source) map[string]uint32 {
	all := make(map[string]uint32)
	for _, u := range s.Latest().Models["m"].Chain[0].Uses {
		all[u.Backend.Name] = u.Weight
	}
	return all
}

func weighs(t *testing.T, what string, s *Source, want map[string]uint32) {
	t.Helper()
	if diff := cmp.Diff(want, chain(s)); diff != "" {
		t.Errorf("%s: the weights in effect differ (-want +got):\n%s", what, diff)
	}
}

// laying gives a use another weight.
func laying(use string, weight uint32) Laying {
	return Laying{Weights: []LinkWeights{{Target{Model: "m"}, map[string]uint32{use: weight}}}, Author: "ann", Reason: "test"}
}

func lay(t *testing.T, s *Source, l Laying) Change {
	t.Helper()
	c, err := s.Lay(l)
	must(t, err)
	return c
}

// TestLay holds that what is laid acts and is a change like others, that it is taken back

// alone, and that the document stays as it was.
func TestLay(t *testing.T) {
	path := policyFile(t, split("5"))
	s := open(t, Options{Path: path})
	document := s.Latest().Revision
	laid := lay(t, s, laying("a/x", 70))
	weighs(t, "laid", s, map[string]uint32{"a": 70, "b": 1})
	over := laid.Overlay
	laid.Overlay = policy.Overlay{}
	want := Change{Number: 2, Revision: s.Latest().Revision, Document: document, Parent: document, Origin: FromOverlay,
		Author: "ann", Reason: "test", At: noon, Files: s.History()[1].Files}
	if diff := cmp.Diff(want, laid); diff != "" || laid.Revision == document {
		t.Errorf("the change differs (-want +got):\n%s", diff)
	}
	entry := policy.Weights{Model: "m", Link: 0, Uses: map[string]uint32{"a/x": 70}, Laid: policy.Laid{Author: "ann", Reason: "test", Since: noon}}
	if diff := cmp.Diff(policy.Overlay{Weights: []policy.Weights{entry}}, over); diff != "" {
		t.Errorf("the overlay differs (-want +got):\n%s", diff)
	}
	if again := lay(t, s, laying("b/x", 3)); again.Number != 3 || len(again.Overlay.Weights) != 1 {
		t.Errorf("laid anew: %+v", again)
	}
	weighs(t, "laid anew", s, map[string]uint32{"a": 5, "b": 3})
	back := lay(t, s, Laying{Clear: []Target{{Model: "m"}}, Author: "bob", Reason: "over"})
	if back.Revision != document || back.Document != "" || !back.Overlay.IsZero() || back.Origin != FromOverlay {
		t.Errorf("taken back: %+v", back)
	}
	if c := s.Brought(); c.Number != 1 || c.Origin != FromFile {
		t.Errorf("the document is of %+v", c)
	}
	if c, err := s.Find(document); err != nil || c.Number != 4 {
		t.Errorf("found change %d, %v", c.Number, err)
	}
}

// TestLayIsRefused holds that a fault, a conflict and what is incomplete change nothing,

// and that they are nobody's refused policy.
func TestLayIsRefused(t *testing.T) {
	s := open(t, Options{Path: policyFile(t, split("5"))})
	one := 1
	for name, c := range map[string]struct {
		change func(*Laying)
		want   string
	}{
		"a model that is not there": {func(l *Laying) { l.Weights[0].Model = "n" }, "models.n: the policy has no such model"},
		"a use that is not there":   {func(l *Laying) { l.Weights[0].Uses = map[string]uint32{"a/y": 1} }, `models.m: no link has the use "a/y"; did you mean "a/x"?`},
		"a link of one use":         {func(l *Laying) { l.Weights[0].Link, l.Weights[0].Uses = &one, map[string]uint32{"c/x": 1} }, "models.m.chain[1]: the link has one use, which gets every request"},
		"nothing left":              {func(l *Laying) { l.Weights[0].Uses = map[string]uint32{"a/x": 0, "b/x": 0} }, "models.m.chain[0]: every use of the link has weight 0: nothing would answer; leave one of them a weight"},
		"every fault at once": {func(l *Laying) {
			l.Weights = append(l.Weights, LinkWeights{Target{"n", nil}, nil})
			l.Clear = []Target{{"m", nil}}
		}, "models.n: the policy has no such model\nmodels.m: no weights are laid over it"},
		"no author":         {func(l *Laying) { l.Author = "" }, "the proposal is incomplete: it does not say author"},
		"nothing":           {func(l *Laying) { l.Weights = nil }, "the proposal is incomplete: it lays nothing and takes nothing back"},
		"less than no time": {func(l *Laying) { l.For = -1 }, "the proposal is incomplete: it must lay something for more than no time"},
		"another revision":  {func(l *Laying) { l.Expect = "000000000000" }, "another revision is in effect: expected 000000000000"},
	} {
		l := laying("a/x", 7)
		c.change(&l)
		if _, err := s.Lay(l); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	var fault *OverlayError
	if _, err := s.Lay(laying("a/y", 7)); !errors.As(err, &fault) {
		t.Errorf("the error is %T", err)
	}
	if s.Refused() != nil || len(s.History()) != 1 {
		t.Errorf("refused: %+v; the history has %d changes", s.Refused(), len(s.History()))
	}
}

// TestOverlayOutlivesDocuments holds that a push, a file and a rollback leave what lies

// TestRollbackPassesOverlays holds that a rollback goes from document to document,

// TestOverlaySurvivesARestart holds that what was laid acts again in another process, and

// that the file below, which stayed, does not undo it.
func TestOverlaySurvivesARestart(t *testing.T) {
	folder, path := t.TempDir(), policyFile(t, split("5"))
	before := open(t, Options{Path: path, History: history(t, folder)})
	l := laying("a/x", 0)
	l.For = time.Hour
	laid := lay(t, before, l)
	after := open(t, Options{Path: path, History: history(t, folder)})
	weighs(t, "after a restart", after, map[string]uint32{"b": 1})
	if diff := cmp.Diff(laid, after.Current()); diff != "" {
		t.Errorf("the change differs after a restart (-before +after):\n%s", diff)
	}
}

// TestOverlayForTheReleaseBefore holds that a control plane which knows no overlays and

// reads this history serves what is in effect.
func TestOverlayForTheReleaseBefore(t *testing.T) {
	folder := t.TempDir()
	s := open(t, Options{Path: policyFile(t, split("5")), History: history(t, folder)})
	lay(t, s, laying("a/x", 0))
	data, err := os.ReadFile(filepath.Join(folder, "000002.json"))
	must(t, err)
	var before struct {
		Revision string        `json:"revision"`
		Files    []policy.File `json:"files"`
	}
	must(t, json.Unmarshal(data, &before))
	set, err := policy.ParseFiles(before.Files)
	must(t, err)
	if uses := set.Models["m"].Chain[0].Uses; len(uses) != 1 || uses[0].Backend.Name != "b" || before.Revision != s.Latest().Revision {
		t.Errorf("the release before would serve %+v as %s", uses, before.Revision)
	}
}

// TestOverlayOfALaterRelease holds that what this version does not know how to lay is not

// served without it, neither from the history nor under another document.
func TestOverlayOfALaterRelease(t *testing.T) {
	folder := t.TempDir()
	s := open(t, Options{Path: policyFile(t, split("5")), History: history(t, folder)})
	data, err := os.ReadFile(filepath.Join(folder, "000001.json"))
	must(t, err)
	later := strings.Replace(withoutSum(string(data)), `"number": 1,`, `"number": 2, "overlay": {"clamped": [{"backend": "a"}]},`, 1)
	write(t, filepath.Join(folder, "000002.json"), strings.Replace(later, split("5"), split("6"), 1))
	const want = `an overlay of a later version of Headgate: unknown field "clamped"`
	if changed, err := s.Sync(); changed || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Sync returned %t, %v", changed, err)
	}
	if _, err := s.Push(push(split("7"), "")); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a push returned %v", err)
	}
	weighs(t, "what was before", s, map[string]uint32{"a": 5, "b": 1})
	if r := s.Refused(); r == nil || len(s.History()) != 2 {
		t.Errorf("refused: %v; the history has %d changes", r, len(s.History()))
	}
}

// TestExpiry holds that what expires is taken back at its time, that the history says so

// TestExpiryOfAnEarlierOne holds that an expiry which is laid later and comes sooner is

// TestExpiryWhileNobodyRan holds that what expired between two processes never acts in

// TestExpiryIsTriedAgain holds that an expiry which could not be recorded is not

// TestRollbackThroughOverlays holds that what a rollback has undone is not brought back

// TestFileUnderAnOverlay holds that a file which was read under an overlay is not read

// TestTakingBackWhatDoesNotAct holds that this is a change, though nothing that acts

// TestRollbackPassesTheSameDocument holds that a document under an overlay is none to go
