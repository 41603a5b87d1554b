package policies_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

// TestWhatAChangeLeavesBehind holds that the record of each change of the policy says what was to
// be changed, by whom and why, and from which revision it went to which.
func TestWhatAChangeLeavesBehind(t *testing.T) {
	var last console.Record
	p := consoletest.New(t, split)
	c := console.New(console.Options{Who: consoletest.Anyone, Audit: func(r console.Record) { last = r }})
	c.Mount(policies.Prefix, policies.Routes(p))
	api := consoletest.Serve(t, c)
	before := p.Current().Revision
	next := split + "limits: {body: 1MiB}\n"
	for _, row := range []struct {
		method, path string
		body         any
		want         console.Record // without author, reason and outcome, unless they differ
	}{
		{"PUT", "", proposal(next, before), console.Record{Action: "policy.push", Subject: "policy", From: before, To: revision(t, next)}},
		{"PUT", "", proposal(next, ""), console.Record{Action: "policy.push", Subject: "policy", From: revision(t, next), To: revision(t, next)}},
		{"PUT", "", proposal(next, before), console.Record{Action: "policy.push", Subject: "policy", Outcome: "conflict"}},
		{"PUT", "", proposal("version: 2\n", ""), console.Record{Action: "policy.push", Subject: "policy", Outcome: "invalid_policy"}},
		{"POST", "/rollback", `{"author": "ann", "reason": "test", "without_overlay": true}`, console.Record{Action: "policy.rollback", Subject: "policy, without overlay", From: revision(t, next), To: before}},
		{"POST", "/overlay", `{"weights": [{"model": "m", "link": 0, "uses": {"b/x": 7, "a/x": 1}}], "clear": [{"model": "n"}], "drain": [{"backend": "a", "use": "x", "model": "m"}], "undrain": [{"backend": "b"}], "for": "1h", "author": "ann", "reason": "test"}`,
			console.Record{Action: "policy.overlay", Subject: "weights of m[0]: a/x=1 b/x=7, weights of n taken back, drain a/x of m, undrain b, for 1h", Outcome: "invalid_overlay"}},
	} {
		api.Ask(row.method, "/api/v1/policy"+row.path, row.body)
		want := row.want
		want.Author, want.Reason = last.Author, last.Reason
		if want.Outcome == "" {
			want.Outcome = console.Done
		}
		if diff := cmp.Diff(want, last); diff != "" || last.Author == "" || last.Reason == "" {
			t.Errorf("%s %s leaves (-want +got):\n%s", row.method, row.path, diff)
		}
	}
}
