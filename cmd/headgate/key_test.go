package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// keyDatabase is where keys and what was changed are kept.
type keyDatabase struct{ *store.Store }

func (d keyDatabase) Open(context.Context) (*store.Store, error) { return d.Store, nil }

func (d keyDatabase) Wrote(*store.Store, error) {}

// newKeyRig is an admin API that makes keys and keeps what was changed.
func newKeyRig(t *testing.T) *adminRig {
	t.Helper()
	r := newAdminRig(t)
	d := keyDatabase{storetest.SQLite(t)}
	r.keys, r.audit = d, audit.New(d, "", time.Now, zap.NewNop())
	r.serve(r.policies)
	return r
}

var varying = regexp.MustCompile(`hg_[a-z2-7]{16}_[a-z2-7]{32}|[a-z2-7]{16}\b|\d{4}-\d\d-\d\d(T[0-9:.]+Z)?`)

// steady replaces what differs from run to run.
func steady(text string) string {
	return varying.ReplaceAllStringFunc(text, func(found string) string {
		switch {
		case strings.HasPrefix(found, "hg_"):
			return "KEY"
		case strings.Contains(found, "-"):
			return "TIME"
		}
		return "ID"
	})
}

// prints holds what a command prints.
func (r *adminRig) prints(want string, line ...string) string {
	r.t.Helper()
	got := r.run(line...)
	if text := steady(got.out); got.code != 0 || got.err != "" || text != want {
		r.t.Errorf("headgate %s: exit code %d, %s\n%s\nwant\n%s", strings.Join(line, " "), got.code, got.err, text, want)
	}
	return got.out
}

// TestKeyCommands holds a key from its making to its end, as a person sees it.
func TestKeyCommands(t *testing.T) {
	r := newKeyRig(t)
	text := r.prints(`key      KEY
name     ci
id       ID
for      callers
state    active
team     red
models   fast
tags     a, b
quota    10 requests/min, 0.5 USD/day, only counted
created  TIME by ann
expires  TIME

The key is not shown again.
Warning: the policy in effect does not take it: it does not say managed_keys: true.
`, "key", "create", "ci", "--team", "red", "--model", "fast", "--tag", "a", "--tag", "b", "--rpm", "10", "--usd-per-day", "0.50", "--shadow", "--expires", "90d")
	secret := strings.Fields(text)[1]
	r.prints(`key      KEY
name     board
id       ID
for      admin read
state    active
created  TIME by ann
expires  never

The key is not shown again.
`, "key", "create", "board", "--role", "read")
	r.prints(`NAME   ID                FOR         TEAM  TIER  STATE   CREATED     EXPIRES
board  ID  admin read  -     -     active  TIME  never
ci     ID  callers     red   -     active  TIME  TIME
`, "key", "list")
	r.prints(`name     ci
id       ID
for      callers
state    active
user     bob
models   fast
tags     a, b
quota    0.5 USD/day, only counted
created  TIME by ann
expires  TIME
`, "key", "assign", secret, "--team", "", "--user", "bob", "--rpm", "0")
	if got := r.prints(`key      KEY
name     ci
id       ID
for      callers
state    active
user     bob
models   fast
tags     a, b
quota    0.5 USD/day, only counted
created  TIME by ann
expires  TIME
before   the text of TIME is taken until TIME

The key is not shown again.
Warning: the policy in effect does not take it: it does not say managed_keys: true.
`, "key", "rotate", "ci", "--overlap", "7d"); strings.Contains(got, secret) {
		t.Error("the text before is shown")
	}
	r.prints("name     board\nid       ID\nfor      admin read\nstate    active\ncreated  TIME by ann\nexpires  TIME\n", "key", "expire", "board", "2100-01-31")
	r.prints("name     board\nid       ID\nfor      admin read\nstate    active\ncreated  TIME by ann\nexpires  never\n", "key", "expire", "board", "never")
	r.prints("name     board\nid       ID\nfor      admin read\nstate    revoked\ncreated  TIME by ann\nexpires  never\nrevoked  TIME by eve\n", "key", "revoke", "board", "--author", "eve", "--reason", "lost")
	r.prints(`NAME  ID                FOR      TEAM  TIER  STATE   CREATED     EXPIRES
ci    ID  callers  -     -     active  TIME  TIME
`, "key", "list")
	var all keys.List
	if err := json.Unmarshal([]byte(r.run("key", "list", "--all", "-o", "json").out), &all); err != nil || len(all.Keys) != 2 {
		t.Errorf("all keys are %+v, %v", all, err)
	}
}

// TestKeyCommandsThatCannotBe holds what is said, and with which exit code.
func TestKeyCommandsThatCannotBe(t *testing.T) {
	r := newKeyRig(t)
	r.run("key", "create", "ci")
	for line, want := range map[string]printed{
		"key create ci":                 {exitFault, "", "there is a key ci already"},
		"key create x --tier gold":      {exitFault, "", "tier"},
		"key create x --role owner":     {exitFault, "", `role: "owner" is not known`},
		"key create x --expires soon":   {exitUsage, "", `--expires: "soon" is no expiry`},
		"key create x --expires 01d":    {exitUsage, "", "is no expiry"},
		"key create x --usd-per-day -1": {exitUsage, "", "--usd-per-day"},
		"key create":                    {exitUsage, "", "accepts 1 arg"},
		"key rotate ci --overlap soon":  {exitUsage, "", "--overlap"},
		"key rotate other":              {exitFault, "", "there is no key other"},
		"key show other":                {exitFault, "", "there is no key other"},
		"key revoke other":              {exitFault, "", "there is no key other"},
		"key expire ci yesterday":       {exitUsage, "", "is no expiry"},
		"key expire ci 2020-01-01":      {exitFault, "", "expires"},
		"key list -o yaml":              {exitUsage, "", "must be table or json"},
		"key show hg_aaaaaaaaaaaaaaaa_" + strings.Repeat("b", 32): {exitFault, "", "there is no key"},
	} {
		got := r.run(strings.Fields(line)...)
		if got.code != want.code || got.out != "" || !strings.Contains(got.err, want.err) || strings.Contains(got.err, "bbbb") {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
}

// TestAuditCommand holds that what was changed, or should have been, is listed, and no key is.
func TestAuditCommand(t *testing.T) {
	r := newKeyRig(t)
	secret := strings.Fields(r.run("key", "create", "ci", "--reason", "builds").out)[1]
	r.run("policy", "push", r.write("p.yaml", secondPolicy), "--reason", "less", "--author", "bob", "--wait", "0")
	r.run("key", "revoke", "other")
	r.prints(`TIME                  AUTHOR  KEY  ACTION       OUTCOME      SUBJECT    CHANGE                        REASON
TIME  ann     -    key.revoke   unknown_key  key other  -                             -
TIME  bob     -    policy.push  done         policy     FIRST------- -> SECOND------  less
TIME  ann     -    key.create   done         key ci     (-o json)                     builds
`, "audit")
	if got := r.run("audit", "--author", "ann", "--limit", "1"); !strings.Contains(got.out, "key.revoke") || strings.Contains(got.out, "bob") || !strings.Contains(got.out, "there are more: repeat it with --cursor ") {
		t.Errorf("a part of it: %+v", got)
	}
	whole := r.run("audit", "-o", "json")
	var p audits.Page
	if err := json.Unmarshal([]byte(whole.out), &p); err != nil || len(p.Rows) != 3 || !strings.Contains(p.Rows[2].To, `"name":"ci"`) || strings.Contains(whole.out, secret) {
		t.Errorf("as JSON: %v, %+v", err, p)
	}
	if got := r.run("audit", "--limit", "0"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
	if got := r.run("audit", "--since", "later"); got.code != exitUsage || !strings.Contains(got.err, "since") {
		t.Errorf("%+v", got)
	}
}
