package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/client"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/store"
)

const (
	first  = "version: 1\n"
	second = "version: 1\nlimits: {body: 1MiB}\n"
	split  = "version: 1\nunpriced: flag\nbackends: {a: {provider: simulated}, b: {provider: simulated}}\nmodels: {m: {chain: [[{use: a/x}, {use: b/x}]]}}\n"
)

func files(text string) []policy.File {
	return []policy.File{{Name: "p.yaml", Data: []byte(text)}}
}

// serve returns a client of a policy's history and of a fleet.
func serve(t *testing.T, pairs xds.Status) (*client.Client, *consoletest.Policies) {
	t.Helper()
	p := consoletest.New(t, first)
	c := console.New(console.Options{Who: consoletest.Anyone})
	c.Mount(policies.Prefix, policies.Routes(p))
	c.Mount(fleet.Prefix, fleet.Routes(p, func() xds.Status { return pairs }, func() store.Status { return store.Status{} }, fleet.Seen{}))
	return client.New(strings.TrimPrefix(consoletest.Serve(t, c).URL, "http://"), ""), p
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// canonical is the canonical form without the newline at its end.
func canonical(s *policy.Set) string { return strings.TrimSpace(string(s.Canonical())) }

// TestEveryCall holds that each method reads what the API has, with every field.
func TestEveryCall(t *testing.T) {
	pairs := xds.Status{Groups: []xds.GroupStatus{{Cluster: "headgate", Revision: "1"}}, Pairs: []xds.PairStatus{{Node: "a", Connected: consoletest.Start}}}
	c, p := serve(t, pairs)
	same := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-API +client):\n%s", what, diff)
		}
	}
	bare := func(c source.Change) source.Change { c.Files = nil; return c }
	ctx, was := t.Context(), p.Current()
	same("the current change", was, must(c.Current(ctx))(t))
	d := must(c.Diff(ctx, files(second)))(t)
	pushed := must(c.Push(ctx, source.Proposal{Files: files(second), Author: "ann", Reason: "less", Expect: was.Revision}))(t)
	same("the pushed change", bare(p.Current()), pushed)
	same("the diff", policies.Diff{From: was.Revision, To: pushed.Revision, Changes: d.Changes}, d)
	if len(d.Changes) != 1 || d.Changes[0].Kind != policies.Added {
		t.Errorf("the differences are %+v", d.Changes)
	}
	same("an earlier change", was, must(c.Find(ctx, was.Revision))(t))
	same("what it means", canonical(must(policy.ParseFiles(was.Files))(t)), string(must(c.Canonical(ctx, was.Revision))(t)))
	same("what is in effect", canonical(p.Latest()), string(must(c.Canonical(ctx, ""))(t)))
	same("the status", fleet.Status{Policy: pushed, Groups: pairs.Groups, Pairs: pairs.Pairs}, must(c.Status(ctx))(t))
	back := must(c.Rollback(ctx, policies.Rollback{Author: "bob", Reason: "oops"}))(t)
	same("the history", []source.Change{back, pushed, bare(was)}, must(c.History(ctx))(t))
}

// TestOverlayCalls holds that what is laid over a policy is read as the API has it.
func TestOverlayCalls(t *testing.T) {
	c, p := serve(t, xds.Status{})
	ctx := t.Context()
	document := must(c.Push(ctx, source.Proposal{Files: files(split), Author: "ann", Reason: "more"}))(t)
	weights := []source.LinkWeights{{Target: source.Target{Model: "m"}, Uses: map[string]uint32{"b/x": 7}}}
	laid := must(c.Lay(ctx, policies.Laying{Weights: weights, For: "1h", Author: "ann", Reason: "more"}))(t)
	current := p.Current()
	current.Files = nil
	for what, diff := range map[string]string{
		"the change":         cmp.Diff(current, laid),
		"what lies over it":  cmp.Diff(policies.Overlay{Revision: laid.Revision, Document: document.Revision, InEffect: laid.Overlay}, must(c.Overlay(ctx))(t)),
		"the document below": cmp.Diff(canonical(p.Latest().Document()), string(must(c.CanonicalDocument(ctx, ""))(t))),
		"what is in effect":  cmp.Diff(canonical(p.Latest()), string(must(c.Canonical(ctx, laid.Revision))(t))),
	} {
		if diff != "" {
			t.Errorf("%s (-API +client):\n%s", what, diff)
		}
	}
	if len(laid.Overlay.Weights) != 1 || laid.Revision == document.Revision {
		t.Errorf("laid is %+v", laid)
	}
}

func TestFailuresAreTyped(t *testing.T) {
	c, p := serve(t, xds.Status{})
	ctx, by := t.Context(), policies.Rollback{Author: "ann", Reason: "less"}
	push := func(text, expect string) error {
		_, err := c.Push(ctx, source.Proposal{Files: files(text), Author: "ann", Reason: "less", Expect: expect})
		return err
	}
	failure := func(err error, kind *console.Kind) console.Failure {
		t.Helper()
		var f *console.Failure
		if !errors.As(err, &f) || !errors.Is(err, kind) || f.Error() == "" {
			t.Fatalf("%v is no failure of kind %s", err, kind.Code)
		}
		return *f
	}
	if f := failure(push(second, "0123456789ab"), policies.Conflict); f.Expected != "0123456789ab" || f.InEffect != p.Current().Revision {
		t.Errorf("a conflict of %q with %q", f.Expected, f.InEffect)
	}
	if f := failure(push("version: 1\nlisten: 1\nmodles: {}\n", ""), policies.Invalid); len(f.Faults) != 2 || f.Faults[1].Line != 3 || f.Faults[1].Hint == "" {
		t.Errorf("the faults are %+v", f.Faults)
	}
	failure(push("", ""), policies.Invalid)
	failure(func() error { _, err := c.Push(ctx, source.Proposal{Files: files(second)}); return err }(), console.BadRequest)
	for _, revision := range []string{"0123", "../../x?y", "a/b", "%2e"} {
		_, err := c.Find(ctx, revision)
		failure(err, policies.UnknownRevision)
		_, err = c.Canonical(ctx, revision)
		failure(err, policies.UnknownRevision)
		by.Revision = revision
		_, err = c.Rollback(ctx, by)
		failure(err, policies.UnknownRevision)
	}
}

// TestNobodyToAsk holds that what is not the API is another error than what it refuses.
func TestNobodyToAsk(t *testing.T) {
	answer := func(status int, body string) *client.Client {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return client.New(s.Listener.Addr().String(), "")
	}
	var stranger *client.StrangerError
	for _, body := range []string{"404 page not found", `{"error": "no"}`, `{}`, ""} {
		if _, err := answer(404, body).Status(t.Context()); !errors.As(err, &stranger) || stranger.Status != 404 {
			t.Errorf("%q: %v", body, err)
		}
	}
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	redirects := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirects.Close()
	_, err := client.New(redirects.Listener.Addr().String(), "").Push(t.Context(), source.Proposal{Files: files(second), Author: "ann", Reason: "less"})
	if !errors.As(err, &stranger) || stranger.Status != http.StatusTemporaryRedirect {
		t.Errorf("a policy is sent to where a stranger says: %v", err)
	}
	if _, err := answer(200, "<html>").Status(t.Context()); err == nil || !strings.Contains(err.Error(), "may not be Headgate") {
		t.Errorf("a page: %v", err)
	}
	var unreachable *client.UnreachableError
	gone := httptest.NewServer(nil)
	gone.Close()
	if _, err := client.New(gone.Listener.Addr().String(), "").Status(t.Context()); !errors.As(err, &unreachable) || unreachable.Addr != gone.Listener.Addr().String() {
		t.Errorf("a closed port: %v", err)
	}
	if _, err := client.New("not an address", "").Status(t.Context()); err == nil || !strings.HasPrefix(err.Error(), `address "not an address" of the admin API: `) {
		t.Errorf("no address: %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.New(s.Listener.Addr().String(), "").Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call returned %v", err)
	}
	if client.Timeout <= console.Timeout {
		t.Errorf("a client waits %s, less than the API takes: %s", client.Timeout, console.Timeout)
	}
}
