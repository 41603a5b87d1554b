package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/console/purges"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/purge"
	"github.com/headgate/headgate/xds/store"
)

const (
	firstPolicy = `# the first
version: 1
unpriced: flag
backends: {b: {provider: openai-compatible, url: "http://127.0.0.1:1/v1"}}
models: {fast: b/m}
`
	secondPolicy = firstPolicy + "limits: {body: 1MiB}\n"
	faultyPolicy = "version: 1\nlisten: 1\nmodles: {}\n"
)

// adminRig is a control plane's admin API and the command line that asks it.
type adminRig struct {
	t        *testing.T
	policies *consoletest.Policies
	fleet    xds.Status
	store    store.Status
	out      []fleet.OutOfService
	balance  []balance.Status
	journal  *journal.Journal // nil: none is served
	keys     key.Database     // nil: none are made
	left     key.Balances     // of each
	audit    *audit.Log       // nil: nothing is kept of changes
	purged   purges.Pairs     // nil: no cache is purged
	answer   string           // to what a command asks
	addr     string
	folder   string // of the files that commands read
}

func newAdminRig(t *testing.T) *adminRig {
	t.Helper()
	return adminRigOf(t, consoletest.New(t, firstPolicy))
}

func adminRigOf(t *testing.T, policies *consoletest.Policies) *adminRig {
	t.Helper()
	r := &adminRig{t: t, policies: policies, folder: t.TempDir()}
	r.serve(r.policies)
	t.Setenv("USER", "ann")
	return r
}

func (r *adminRig) serve(p policiesOfRig) {
	options := console.Options{Who: consoletest.Anyone}
	if r.audit != nil {
		options.Audit = func(rec console.Record) { r.audit.Add(audits.RowOf(rec)) }
	}
	api := console.New(options)
	api.Mount(policies.Prefix, policies.Routes(p))
	api.Mount(fleet.Prefix, fleet.Routes(p, func() xds.Status { return r.fleet }, func() store.Status { return r.store }, fleet.Seen{
		Out: func() []fleet.OutOfService { return r.out }, Balance: func() []balance.Status { return r.balance },
	}))
	if r.journal != nil {
		api.Mount(costs.Prefix, costs.Routes(r.journal, time.Now))
		api.Mount(exchanges.Prefix, exchanges.Routes(r.journal, time.Now))
		api.Mount(caches.Prefix, caches.Routes(r.journal, time.Now))
		api.Mount(guards.Prefix, guards.Routes(r.journal, time.Now))
	}
	if r.keys != nil {
		api.Mount(keys.Prefix, keys.Routes(key.New(key.Options{Database: r.keys, Policy: p.Latest, Now: time.Now}), keys.Options{
			Takes: func() bool { return p.Latest().ManagedKeys }, Balances: func(context.Context, string) key.Balances { return r.left }, Now: time.Now,
		}))
		api.Mount(audits.Prefix, audits.Routes(r.audit, time.Now))
	}
	if r.purged != nil {
		book := purge.New(purge.Options{Database: r.keys, Active: func([]purge.Purge) {}, Now: time.Now})
		api.Mount(purges.Prefix, purges.Routes(book, r.purged, zap.NewNop()))
	}
	s := httptest.NewServer(api)
	r.t.Cleanup(s.Close)
	r.addr = s.Listener.Addr().String()
}

// policiesOfRig is what all routes take.
type policiesOfRig interface {
	policies.Source
	fleet.Policies
}

// write makes a file in the folder and returns its path.
func (r *adminRig) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// printed is what a command printed, with its exit code.
type printed struct {
	code     int
	out, err string
}

// run runs a command line; DIR stands for the rig's folder.
func (r *adminRig) run(line ...string) printed {
	r.t.Helper()
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(r.answer))
	var args []string
	for _, a := range line {
		args = append(args, strings.ReplaceAll(a, "DIR", r.folder))
	}
	if line[0] != "check" {
		args = append(args, "--admin", r.addr)
	}
	root.SetArgs(args)
	code := execute(r.t.Context(), root)
	short := func(text string) string {
		return strings.NewReplacer(r.folder, "DIR", r.addr, "ADDR", revisionOf(r.t, firstPolicy), "FIRST-------", revisionOf(r.t, secondPolicy), "SECOND------").Replace(text)
	}
	return printed{code, short(out.String()), short(errs.String())}
}

func (r *adminRig) want(want printed, line ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.run(line...), cmp.AllowUnexported(printed{})); diff != "" {
		r.t.Errorf("%s (-want +got):\n%s", strings.Join(line, " "), diff)
	}
}

func revisionOf(t *testing.T, text string) string {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set.Revision
}

// ago is a time so long ago that its age in hours does not change under a test.
func ago(hours int) time.Time {
	return time.Now().Add(-time.Duration(hours)*time.Hour - 30*time.Minute)
}

// unsafeOutput is what no command may print: what a terminal acts on.
var unsafeOutput = regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f\x{80}-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)
