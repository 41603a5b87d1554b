package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/policies"
)

func TestAPolicyIsPushedAndTakenBack(t *testing.T) {
	r := newAdminRig(t)
	r.write("p.yaml", secondPolicy)
	r.want(printed{out: firstPolicy}, "policy", "show")
	r.want(printed{out: "revision FIRST-------, which is in effect, to SECOND------\n+ limits: {\"body\":\"1048576B\"}\n"}, "policy", "diff", "DIR/p.yaml")
	r.want(printed{out: "revision SECOND------ is published; before it was FIRST-------\n"}, "policy", "push", "DIR/p.yaml", "--reason", "less")
	r.want(printed{out: "no difference to revision SECOND------, which is in effect\n"}, "policy", "diff", "DIR/p.yaml")
	r.want(printed{out: secondPolicy}, "policy", "show")
	r.want(printed{out: firstPolicy}, "policy", "show", revisionOf(t, firstPolicy))
	r.want(printed{out: "revision FIRST------- is published; before it was SECOND------\n"}, "policy", "rollback", "--reason", "too little", "--author", "bob")
	r.want(printed{out: "revision SECOND------ is published; before it was FIRST-------\n"}, "policy", "rollback", revisionOf(t, secondPolicy), "--reason", "on again")
	r.want(printed{out: `NUMBER  REVISION      AT                    ORIGIN    AUTHOR  REASON      PAIRS
4       SECOND------  2026-03-01T12:03:00Z  rollback  ann     on again    -
3       FIRST-------  2026-03-01T12:02:00Z  rollback  bob     too little  -
2       SECOND------  2026-03-01T12:01:00Z  push      ann     less        -
1       FIRST-------  2026-03-01T12:00:00Z  file      file    -           -
`}, "policy", "history")
}

func TestAFolderIsPushedAndShown(t *testing.T) {
	r := newAdminRig(t)
	r.write("d/2-models.yml", "version: 1\nmodels: {fast: b/m}")
	r.write("d/1-base.yaml", "version: 1\nunpriced: flag\nbackends: {b: {provider: simulated}}\n")
	r.write("d/.hidden.yaml", faultyPolicy)
	r.write("d/notes.txt", faultyPolicy)
	r.write("d/sub/3.yaml", faultyPolicy)
	if got := r.run("policy", "push", "DIR/d", "--reason", "two files"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	r.want(printed{out: "# file: 1-base.yaml\nversion: 1\nunpriced: flag\nbackends: {b: {provider: simulated}}\n# file: 2-models.yml\nversion: 1\nmodels: {fast: b/m}\n"}, "policy", "show")
	r.want(printed{out: string(r.policies.Latest().Canonical())}, "policy", "show", "--canonical")
	r.want(printed{out: string(r.policies.Latest().Canonical())}, "policy", "show", "--canonical", r.policies.Latest().Revision)
}

func TestEveryFaultIsPrintedWithItsPlace(t *testing.T) {
	r := newAdminRig(t)
	r.write("d/p.yaml", faultyPolicy)
	check := r.run("check", "DIR/d/p.yaml")
	if check.code != exitFault || strings.Count(check.out, "\n") != 2 {
		t.Fatalf("check: %+v", check)
	}
	want := printed{code: exitFault, out: check.out, err: "headgate: the policy has 2 faults; nothing changed\n"}
	r.want(want, "policy", "push", "DIR/d/p.yaml", "--reason", "x")
	r.want(want, "policy", "push", "DIR/d", "--reason", "x")
	r.want(want, "policy", "diff", "DIR/d/p.yaml")
	if len(r.policies.History()) != 1 {
		t.Error("a faulty policy is in effect")
	}
}

func TestAPushReplacesOnlyWhatItKnows(t *testing.T) {
	r := newAdminRig(t)
	r.write("p.yaml", secondPolicy)
	r.want(printed{code: exitFault, err: "headgate: revision FIRST------- is in effect, not SECOND------: see what changed with headgate policy show and headgate policy diff, then repeat with --expect FIRST-------\n"},
		"policy", "push", "DIR/p.yaml", "--reason", "x", "--expect", revisionOf(t, secondPolicy))
	r.want(printed{out: "revision SECOND------ is published; before it was FIRST-------\n"},
		"policy", "push", "DIR/p.yaml", "--reason", "x", "--expect", revisionOf(t, firstPolicy))
	third := strings.Replace(firstPolicy, "fast", "slow", 1)
	for _, line := range [][]string{{"push", r.write("q.yaml", firstPolicy)}, {"rollback"}} {
		r.serve(&overtaken{Policies: r.policies, by: third})
		got := r.run(append([]string{"policy", "--reason", "x"}, line...)...)
		if got.code != exitFault || !strings.Contains(got.err, "is in effect, not ") || r.policies.Latest().Revision != revisionOf(t, third) {
			t.Errorf("%s, overtaken by another: %+v", line[0], got)
		}
		third = strings.Replace(firstPolicy, "fast", "slower", 1)
	}
}

// overtaken is a history that somebody else changes right after it was looked at.
type overtaken struct {
	*consoletest.Policies
	by string
}

func (o *overtaken) Current() source.Change {
	c := o.Policies.Current()
	if o.by != "" {
		_, _ = o.Push(source.Proposal{Files: []policy.File{{Name: "p.yaml", Data: []byte(o.by)}}, Author: "eve", Reason: "faster"})
		o.by = ""
	}
	return c
}

func TestWhatCannotBeDone(t *testing.T) {
	r := newAdminRig(t)
	r.write("p.yaml", secondPolicy)
	r.write("empty/notes.txt", "")
	for _, row := range []struct {
		line string
		want printed
	}{
		{"policy push DIR/p.yaml", printed{code: exitUsage, err: "headgate: a change needs a reason: --reason\n"}},
		{"policy push DIR/p.yaml --reason x --author=", printed{code: exitUsage, err: "headgate: a change needs an author: --author\n"}},
		{"policy push DIR/none.yaml --reason x", printed{code: exitUsage, err: "headgate: reading policy: stat DIR/none.yaml: no such file or directory\n"}},
		{"policy push DIR/empty --reason x", printed{code: exitUsage, err: "headgate: reading policy: folder DIR/empty holds no *.yaml, *.yml or *.json\n"}},
		{"policy push", printed{code: exitUsage, err: "headgate: accepts 1 arg(s), received 0\n"}},
		{"policy psuh DIR/p.yaml", printed{code: exitUsage, err: "headgate: unknown command \"psuh\" for \"headgate policy\"\n"}},
		{"policy rollback", printed{code: exitUsage, err: "headgate: a change needs a reason: --reason\n"}},
		{"policy rollback --reason x", printed{code: exitFault, err: "headgate: there is no policy before FIRST------- to go back to: the history holds no such revision\n"}},
		{"policy rollback 0123 --reason x", printed{code: exitFault, err: "headgate: the history holds no such revision: \"0123\"\n"}},
		{"policy show 0123", printed{code: exitFault, err: "headgate: the history holds no such revision: \"0123\"\n"}},
		{"policy show ../../x?y", printed{code: exitFault, err: "headgate: the history holds no such revision: \"../../x?y\"\n"}},
		{"status -o yaml", printed{code: exitUsage, err: "headgate: output \"yaml\": must be table or json\n"}},
	} {
		r.want(row.want, strings.Fields(row.line)...)
	}
	if len(r.policies.History()) != 1 {
		t.Error("something changed")
	}
}

func TestNobodyThere(t *testing.T) {
	r := newAdminRig(t)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	r.addr = other.Listener.Addr().String()
	r.want(printed{code: exitUsage, err: "headgate: ADDR answers with status 404 and is not Headgate's admin API: name its address with --admin\n"}, "status")
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = lis.Addr().String()
	lis.Close()
	got := r.run("policy", "show")
	if got.code != exitUsage || !strings.HasPrefix(got.err, "headgate: no admin API at ADDR (") || !strings.Contains(got.err, "connection refused): headgate run or headgate xds must be running there") {
		t.Errorf("%+v", got)
	}
}

func TestTheAddressMayComeFromTheEnvironment(t *testing.T) {
	r := newAdminRig(t)
	t.Setenv("HEADGATE_ADMIN", r.addr)
	root := newRoot()
	var out strings.Builder
	root.SetOut(&out)
	root.SetArgs([]string{"policy", "show"})
	if code := execute(t.Context(), root); code != 0 || out.String() != firstPolicy {
		t.Errorf("code %d, printed %q", code, out.String())
	}
}

func TestJSONForPrograms(t *testing.T) {
	r := newAdminRig(t)
	r.write("p.yaml", secondPolicy)
	r.write("faulty.yaml", faultyPolicy)
	into := func(v any, code int, line string) {
		t.Helper()
		got := r.run(strings.Fields(line)...)
		if err := json.Unmarshal([]byte(got.out), v); err != nil || got.code != code {
			t.Fatalf("%s: %v, %+v", line, err, got)
		}
	}
	var c source.Change
	if into(&c, 0, "policy show -o json"); string(c.Files[0].Data) != firstPolicy {
		t.Errorf("show: %+v", c)
	}
	var d policies.Diff
	if into(&d, 0, "policy diff DIR/p.yaml -o json"); len(d.Changes) != 1 {
		t.Errorf("diff: %+v", d)
	}
	var f console.Failure
	if into(&f, exitFault, "policy push DIR/faulty.yaml --reason x -o json"); !errors.Is(&f, policies.Invalid) || len(f.Faults) != 2 {
		t.Errorf("faults: %+v", f)
	}
	if into(&c, 0, "policy push DIR/p.yaml --reason x -o json"); c.Number != 2 || c.Author != "ann" {
		t.Errorf("push: %+v", c)
	}
	var all []source.Change
	if into(&all, 0, "policy history -o json"); len(all) != 2 {
		t.Errorf("history: %+v", all)
	}
	var s fleet.Status
	if into(&s, 0, "status -o json"); s.Policy.Number != 2 {
		t.Errorf("status: %+v", s)
	}
}
