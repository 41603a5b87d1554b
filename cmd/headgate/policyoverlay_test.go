package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

// splitPolicy has a link to lay weights over, wholePolicy has none.
const (
	splitPolicy = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nmodels: {m: {chain: [[{use: a/x}, {use: b/x}]]}}\n"
	wholePolicy = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nmodels: {m: a/x}\n"
)

// overlaid is run with revisions and the moments of the test by name.
func (r *adminRig) overlaid(line ...string) printed {
	r.t.Helper()
	got := r.run(line...)
	names := []string{revisionOf(r.t, splitPolicy), "SPLIT", revisionOf(r.t, wholePolicy), "WHOLE"}
	for _, c := range r.policies.History() {
		if c.Document != "" {
			names = append(names, c.Revision, "LAID")
		}
	}
	in := strings.NewReplacer(names...)
	return printed{got.code, in.Replace(got.out), in.Replace(got.err)}
}

func (r *adminRig) wantOverlaid(want printed, line ...string) {
	r.t.Helper()
	if got := r.overlaid(line...); got != want {
		r.t.Errorf("%s:\n%+v\nwant\n%+v", strings.Join(line, " "), got, want)
	}
}

func TestWeightsAreLaidAndTakenBack(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC), splitPolicy))
	r.write("split.yaml", splitPolicy)
	r.write("whole.yaml", wholePolicy)
	const entry = "models.m.chain[0]: a/x=70, by ann since 2126-03-01T12:01:00Z: slow"
	r.wantOverlaid(printed{out: "revision LAID is published; before it was SPLIT\noverlay " + entry + "\n"}, "policy", "weight", "m", "a/x=70", "--reason", "slow")
	r.wantOverlaid(printed{out: splitPolicy + "# overlay, over document SPLIT:\n#   " + entry + "\n"}, "policy", "show")
	r.wantOverlaid(printed{out: splitPolicy}, "policy", "show", revisionOf(t, splitPolicy))
	r.wantOverlaid(printed{out: splitPolicy + "# overlay, over document SPLIT:\n#   " + entry + "\n"}, "policy", "show", r.policies.Latest().Revision)
	set := r.policies.Latest()
	r.wantOverlaid(printed{out: string(set.Canonical()), err: "revision LAID: document SPLIT with what lies over it\n"}, "policy", "show", "--canonical")
	r.wantOverlaid(printed{out: string(set.Document().Canonical()), err: "document SPLIT, without what lies over it in revision LAID\n"}, "policy", "show", "--canonical", "--document")
	r.wantOverlaid(printed{out: "no difference to revision LAID, which is in effect\n"}, "policy", "diff", "DIR/split.yaml")
	diff := r.overlaid("policy", "diff", "DIR/whole.yaml")
	if !strings.HasPrefix(diff.out, "revision LAID, which is in effect, to WHOLE\n~ models.m.chain[0]: ") ||
		!strings.HasSuffix(diff.out, "\n- overlay "+entry+" (left out: models.m.chain[0]: the link has one use, which gets every request)\n") {
		t.Errorf("the diff is %+v", diff)
	}
	r.wantOverlaid(printed{out: "revision WHOLE is published; before it was LAID\noverlay " + entry + " (left out: models.m.chain[0]: the link has one use, which gets every request)\n"},
		"policy", "push", "DIR/whole.yaml", "--reason", "one")
	r.wantOverlaid(printed{out: "revision LAID is published; before it was WHOLE\noverlay " + entry + "\n"}, "policy", "rollback", "--reason", "two")
	r.wantOverlaid(printed{out: "revision SPLIT is published; before it was LAID\n"}, "policy", "weight", "m", "--clear", "--reason", "fast again")
	r.wantOverlaid(printed{out: `NUMBER  REVISION      AT                    ORIGIN    AUTHOR  REASON      PAIRS
5       SPLIT  2126-03-01T12:04:00Z  overlay   ann     fast again  -
4       LAID  2126-03-01T12:03:00Z  rollback  ann     two         -
3       WHOLE  2126-03-01T12:02:00Z  push      ann     one         -
2       LAID  2126-03-01T12:01:00Z  overlay   ann     slow        -
1       SPLIT  2126-03-01T12:00:00Z  file      file    -           -
`}, "policy", "history")
}

// TestDocumentsWithoutOverlay holds that the flag of a push and of a rollback takes back
// what lies over the policy.
func TestDocumentsWithoutOverlay(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	r.write("whole.yaml", wholePolicy)
	for _, line := range []string{"policy push DIR/whole.yaml --reason x --without-overlay", "policy rollback --reason x --without-overlay"} {
		if got := r.run("policy", "weight", "m", "a/x=70", "--reason", "slow"); got.code != 0 {
			t.Fatalf("%+v", got)
		}
		if got := r.run(strings.Fields(line)...); got.code != 0 || !r.policies.Current().Overlay.IsZero() {
			t.Errorf("%s: %+v, %+v", line, got, r.policies.Current())
		}
		if _, err := r.policies.Push(source.Proposal{Files: []policy.File{{Name: "p", Data: []byte(splitPolicy)}}, Author: "ann", Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatChangesNothingIsSaid holds that a command which found what it asks for, and one
// that changed only what does not act, say so.
func TestWhatChangesNothingIsSaid(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	r.write("whole.yaml", wholePolicy)
	const entry = "overlay models.m.chain[0]: a/x=70, by ann"
	if got := r.run("policy", "weight", "m", "a/x=70", "--reason", "slow"); !strings.Contains(got.out, entry) {
		t.Fatalf("%+v", got)
	}
	for _, row := range [][2]string{
		{"policy push DIR/whole.yaml --reason x", "revision WHOLE is published; before it was LAID\n" + entry},
		{"policy push DIR/whole.yaml --reason x", "revision WHOLE is published already; nothing changed\n" + entry},
		{"policy rollback " + revisionOf(t, wholePolicy) + " --reason x", "revision WHOLE is published already; nothing changed\n" + entry},
		{"policy weight m --clear --reason x", "revision WHOLE stays published: what changed of the overlay does not act\n"},
	} {
		if got := r.overlaid(strings.Fields(row[0])...); got.code != 0 || !strings.HasPrefix(got.out, row[1]) {
			t.Errorf("%s: %+v", row[0], got)
		}
	}
}

// TestStatusNamesTheOverlay holds that the status says what lies over the policy and how
// long it stays, what is left out, and what is simulated.
func TestStatusNamesTheOverlay(t *testing.T) {
	r := adminRigOf(t, consoletest.At(t, ago(3), splitPolicy))
	until := time.Now().Add(2*time.Hour + 30*time.Minute).UTC()
	laid := policy.Laid{Author: "ann", Reason: "slow\n", Expiry: until}
	if got := r.run("policy", "weight", "m", "a/x=70", "--reason", "slow", "--for", "24h"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	r.fleet.Overlay = policy.Overlay{
		Simulated: []policy.Simulated{{Backend: "a", Laid: policy.Laid{Author: "headgate", Reason: "not set: KEY"}}},
		Weights:   []policy.Weights{{Model: "m", Uses: map[string]uint32{"a/x": 70}, Laid: laid}},
	}
	want := "policy  LAID, for 3h\norigin  overlay\nauthor  ann\nreason  slow\ndocument  SPLIT, under the overlay\n\noverlay\n" +
		"  backends.a: the simulated provider answers, by headgate: not set: KEY\n" +
		"  models.m.chain[0]: a/x=70, by ann until " + until.Format(time.RFC3339) + `: slow\n (2h left)` + "\n\nno pair is connected\n"
	r.wantOverlaid(printed{out: want}, "status")
	if _, err := r.policies.Push(source.Proposal{Files: []policy.File{{Name: "p", Data: []byte(wholePolicy)}}, Author: "ann", Reason: "one"}); err != nil {
		t.Fatal(err)
	}
	r.fleet.Overlay = policy.Overlay{}
	if got := r.run("status"); !strings.Contains(got.out, "\noverlay\n  models.m.chain[0]: a/x=70, by ann") || !strings.Contains(got.out, " (left out: ") {
		t.Errorf("what is left out is not named: %+v", got)
	}
}

func TestWeightsThatCannotBe(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	for _, row := range []struct {
		line string
		want printed
	}{
		{"policy weight", printed{code: exitUsage, err: "headgate: requires at least 1 arg(s), only received 0\n"}},
		{"policy weight m a/x=1", printed{code: exitUsage, err: "headgate: a change needs a reason: --reason\n"}},
		{"policy weight m --reason x", printed{code: exitUsage, err: "headgate: name at least one weight, such as backend/model=10, or --clear\n"}},
		{"policy weight m a/x --reason x", printed{code: exitUsage, err: "headgate: weight \"a/x\": must be BACKEND/MODEL=WEIGHT\n"}},
		{"policy weight m a/x=-1 --reason x", printed{code: exitUsage, err: "headgate: weight \"a/x=-1\": must be a whole number from 0 to 10000\n"}},
		{"policy weight m a/x=1 a/x=2 --reason x", printed{code: exitUsage, err: "headgate: weight \"a/x=2\": a/x is given twice\n"}},
		{"policy weight m a/x=1 --for 0s --reason x", printed{code: exitUsage, err: "headgate: --for must be above 0, is 0s\n"}},
		{"policy weight m a/x=1 --clear --reason x", printed{code: exitUsage, err: "headgate: --clear takes back what lies over the model: it takes neither weights nor --for\n"}},
		{"policy show --document", printed{code: exitUsage, err: "headgate: --document is for --canonical: without it the document is printed anyway\n"}},
		{"policy weight m --clear --reason x", printed{code: exitFault, out: "models.m: no weights are laid over it\n", err: "headgate: the overlay has 1 fault; nothing changed\n"}},
		{"policy weight n a/x=1 --reason x", printed{code: exitFault, out: "models.n: the policy has no such model\n", err: "headgate: the overlay has 1 fault; nothing changed\n"}},
		{"policy weight m a/x=10001 a/y=1 --link 0 --reason x", printed{code: exitFault,
			out: "models.m.chain[0][\"a/y\"]: the link has no such use; did you mean \"a/x\"?\n" +
				"models.m.chain[0][\"a/x\"]: a weight is from 1 to 10000, or 0, which takes the use out of the link; this is 10001\n",
			err: "headgate: the overlay has 2 faults; nothing changed\n"}},
	} {
		r.want(row.want, strings.Fields(row.line)...)
	}
	if len(r.policies.History()) != 1 {
		t.Error("something changed")
	}
}

// TestOverlaysForPrograms holds that the JSON of a change has what was laid.
func TestOverlaysForPrograms(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	var c source.Change
	got := r.run("policy", "weight", "m", "a/x=0", "--reason", "x", "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &c); err != nil || got.code != 0 || len(c.Overlay.Weights) != 1 || c.Overlay.Weights[0].Uses["a/x"] != 0 {
		t.Errorf("%v in %+v", err, got)
	}
}

// TestWeightsLieOverWhatWasSeen holds that weights are not laid over a policy that came
// after the command began.
func TestWeightsLieOverWhatWasSeen(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	r.serve(&overtaken{Policies: r.policies, by: splitPolicy + "limits: {body: 1MiB}\n"})
	got := r.run("policy", "weight", "m", "a/x=70", "--reason", "slow")
	if got.code != exitFault || !strings.Contains(got.err, "is in effect, not ") || !r.policies.Current().Overlay.IsZero() {
		t.Errorf("overtaken by another: %+v", got)
	}
}

// TestShowOfAControlPlaneWithoutOverlays holds that the policy of a control plane of the
// release before is shown.
func TestShowOfAControlPlaneWithoutOverlays(t *testing.T) {
	r := adminRigOf(t, consoletest.New(t, splitPolicy))
	routes := slices.DeleteFunc(policies.Routes(r.policies), func(route console.Route) bool { return route.Path == "/overlay" })
	r.addr = strings.TrimPrefix(consoletest.Mounted(t, policies.Prefix, routes).URL, "http://")
	r.want(printed{out: splitPolicy}, "policy", "show")
	if got := r.run("policy", "weight", "m", "a/x=1", "--reason", "x"); got.code != exitUsage || !strings.Contains(got.err, "/api/v1/policy/overlay") {
		t.Errorf("weights: %+v", got)
	}
}
