package policies_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/policies"
)

func proposal(text, expect string) source.Proposal {
	return source.Proposal{Files: one(text), Author: "ann", Reason: "less", Expect: expect}
}

func TestAChangeAndItsHistory(t *testing.T) {
	r := newRig(t)
	a, b := revision(t, first), revision(t, second)
	was := source.Change{Number: 1, Revision: a, Origin: source.FromFile, Author: "file", At: consoletest.Start, Files: one(first)}
	got := r.Ask("GET", "/api/v1/policy", nil)
	same(t, "the policy at the start", was, consoletest.Want[source.Change](t, got, 200))
	same(t, "its tag", `"`+a+`"`, got.Header.Get("ETag"))

	is := source.Change{Number: 2, Revision: b, Parent: a, Origin: source.FromPush, Author: "ann", Reason: "less", At: consoletest.Start.Add(time.Minute)}
	got = r.Ask("PUT", "/api/v1/policy", proposal(second, a))
	same(t, "the answer to a push", is, consoletest.Want[source.Change](t, got, 200))
	same(t, "the new tag", `"`+b+`"`, got.Header.Get("ETag"))

	back := source.Change{Number: 3, Revision: a, Parent: b, Origin: source.FromRollback, Author: "bob", Reason: "oops", At: consoletest.Start.Add(2 * time.Minute)}
	got = r.Ask("POST", "/api/v1/policy/rollback", policies.Rollback{Revision: a, Author: "bob", Reason: "oops", Expect: b})
	same(t, "the answer to a rollback", back, consoletest.Want[source.Change](t, got, 200))

	was.Files = nil
	same(t, "the history", []source.Change{back, is, was}, consoletest.Want[[]source.Change](t, r.Ask("GET", "/api/v1/policy/history", nil), 200))
	is.Files = one(second)
	same(t, "one entry of it", is, consoletest.Want[source.Change](t, r.Ask("GET", "/api/v1/policy/history/"+b, nil), 200))
	back.Files = one(first)
	same(t, "the policy at the end", back, consoletest.Want[source.Change](t, r.Ask("GET", "/api/v1/policy", nil), 200))
}

func TestTheCanonicalFormIsExact(t *testing.T) {
	r := newRig(t)
	set, err := policy.Parse("p", []byte(strings.Replace(second, "fast", "a&b<c>", 1)))
	if err != nil {
		t.Fatal(err)
	}
	consoletest.Want[source.Change](t, r.Ask("PUT", "/api/v1/policy", proposal(string(set.Canonical()), "")), 200)
	got := r.Ask("GET", "/api/v1/policy?canonical", nil)
	same(t, "the policy in effect", string(set.Canonical()), string(got.Body))
	same(t, "its tag", `"`+set.Revision+`"`, got.Header.Get("ETag"))
	same(t, "the same by its revision", string(set.Canonical()), string(r.Ask("GET", "/api/v1/policy/history/"+set.Revision+"?canonical", nil).Body))
}

func TestChangesThatAreRefused(t *testing.T) {
	a, b := revision(t, first), revision(t, second)
	const push, rollback = "PUT /api/v1/policy", "POST /api/v1/policy/rollback"
	ok := proposal(second, "")
	nobody, blank, mute, none, nameless := ok, ok, ok, ok, ok
	nameless.Files = append(one(first), policy.File{Name: " ", Data: []byte("limits: {body: 1MiB}\n")})
	nobody.Author, blank.Author, mute.Reason, none.Files = "", " \t", "", nil
	rows := []struct {
		name, to string
		body     any
		headers  []string
		kind     *console.Kind
	}{
		{"no author", push, nobody, nil, console.BadRequest},
		{"a blank author", push, blank, nil, console.BadRequest},
		{"no reason", push, mute, nil, console.BadRequest},
		{"no files", push, none, nil, console.BadRequest},
		{"a file without a name", push, nameless, nil, console.BadRequest},
		{"a file without a name to compare", "POST /api/v1/policy/diff", map[string]any{"files": nameless.Files}, nil, console.BadRequest},
		{"no JSON", push, "version: 1", nil, console.BadRequest},
		{"nothing", push, "", nil, console.BadRequest},
		{"two values", push, `{} {}`, nil, console.BadRequest},
		{"an unknown key", push, `{"fiels":[]}`, nil, console.BadRequest},
		{"another revision expected", push, proposal(second, b), nil, policies.Conflict},
		{"another revision expected by header", push, ok, []string{"If-Match", `"` + b + `"`}, policies.Conflict},
		{"two revisions expected", push, proposal(second, a), []string{"If-Match", `"` + b + `"`}, console.BadRequest},
		{"a weak tag", push, ok, []string{"If-Match", `W/"` + a + `"`}, console.BadRequest},
		{"a list of tags", push, ok, []string{"If-Match", `"` + a + `", "` + b + `"`}, console.BadRequest},
		{"a faulty policy", push, proposal("version: 2", ""), nil, policies.Invalid},
		{"too much", push, proposal(strings.Repeat("#", 8<<20), ""), nil, console.TooLarge},
		{"back to nowhere", rollback, policies.Rollback{Author: "a", Reason: "r"}, nil, policies.UnknownRevision},
		{"back to what never was", rollback, policies.Rollback{Revision: b, Author: "a", Reason: "r"}, nil, policies.UnknownRevision},
		{"back by nobody", rollback, policies.Rollback{Revision: a, Reason: "r"}, nil, console.BadRequest},
		{"back from another revision", rollback, policies.Rollback{Revision: a, Author: "a", Reason: "r", Expect: b}, nil, policies.Conflict},
		{"removing", "DELETE /api/v1/policy", nil, nil, console.NotAllowed},
		{"removing with no content type", "DELETE /api/v1/policy", nil, []string{"Content-Type", ""}, console.NotAllowed},
		{"a form", push, ok, []string{"Content-Type", "application/x-www-form-urlencoded"}, console.NotJSON},
		{"plain text", push, ok, []string{"Content-Type", "text/plain"}, console.NotJSON},
		{"no content type", push, ok, []string{"Content-Type", ""}, console.NotJSON},
		{"another site", push, ok, []string{"Sec-Fetch-Site", "cross-site"}, console.Forbidden},
		{"another port of the site", push, ok, []string{"Sec-Fetch-Site", "same-site"}, console.Forbidden},
		{"another origin", push, ok, []string{"Origin", "http://evil.example"}, console.Forbidden},
		{"another port as the origin", rollback, ok, []string{"Origin", "http://127.0.0.1:1"}, console.Forbidden},
		{"a hidden origin", push, ok, []string{"Origin", "null"}, console.Forbidden},
		{"a name that somebody points here", push, ok, []string{"Host", "rebound.example"}, console.Forbidden},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			method, path, _ := strings.Cut(row.to, " ")
			consoletest.Fails(t, r.Ask(method, path, row.body, row.headers...), row.kind)
			if len(r.policies.History()) != 1 {
				t.Fatal("something changed")
			}
		})
	}
	same(t, "what may be asked of the policy", "GET, PUT", newRig(t).Ask("DELETE", "/api/v1/policy", nil).Header.Get("Allow"))
}

func TestChangesThatAreTaken(t *testing.T) {
	rows := []struct {
		name    string
		expect  string
		headers []string
	}{
		{"against any revision", "", nil},
		{"against the revision in the body", revision(t, first), nil},
		{"against the revision in the header", "", []string{"If-Match", `"` + revision(t, first) + `"`}},
		{"with a character set", "", []string{"Content-Type", "application/json; charset=utf-8"}},
		{"from its own pages", "", []string{"Sec-Fetch-Site", "same-origin"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			consoletest.Want[source.Change](t, r.Ask("PUT", "/api/v1/policy", proposal(second, row.expect), append(row.headers, "Origin", r.URL)...), 200)
		})
	}
}

func TestAConflictNamesBothRevisions(t *testing.T) {
	r := newRig(t)
	got := consoletest.Want[console.Failure](t, r.Ask("PUT", "/api/v1/policy", proposal(second, "0123456789ab")), http.StatusConflict)
	same(t, "the revisions", [2]string{"0123456789ab", revision(t, first)}, [2]string{got.Expected, got.InEffect})
}

func TestEveryFaultIsAnswered(t *testing.T) {
	r := newRig(t)
	faulty := "version: 1\nlisten: 1\nmodles: {}\n"
	wanted := []console.Fault{
		{File: "policy.yaml", Line: 2, Col: 9, Path: "listen"},
		{File: "policy.yaml", Line: 3, Col: 1, Hint: `did you mean "models"?`},
	}
	for _, to := range []string{"PUT /api/v1/policy", "POST /api/v1/policy/diff"} {
		method, path, _ := strings.Cut(to, " ")
		body := any(proposal(faulty, ""))
		if method == "POST" {
			body = map[string]any{"files": one(faulty)}
		}
		got := consoletest.Want[console.Failure](t, r.Ask(method, path, body), http.StatusUnprocessableEntity)
		for i := range got.Faults {
			if got.Faults[i].Message == "" {
				t.Errorf("%s: fault %d says nothing", to, i)
			}
			got.Faults[i].Message = ""
		}
		same(t, to, wanted, got.Faults)
	}
}

func TestARevisionThatIsNotThere(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/api/v1/policy/history/0123456789ab", "/api/v1/policy/history/0123456789ab?canonical"} {
		consoletest.Fails(t, r.Ask("GET", path, nil), policies.UnknownRevision)
	}
}

// TestAProvenNameIsTheAuthor holds that who signed in cannot change the policy in the
// name of another.
func TestAProvenNameIsTheAuthor(t *testing.T) {
	p := consoletest.New(t, split)
	c := console.New(console.Options{Who: func(*http.Request) (console.Principal, error) {
		return console.Principal{Name: "eve", Rights: []console.Right{console.Change}}, nil
	}})
	c.Mount(policies.Prefix, policies.Routes(p))
	api := consoletest.Serve(t, c)
	mute := proposal(split+"limits: {body: 1MiB}\n", "")
	mute.Author = ""
	for i, call := range []consoletest.Answer{
		api.Ask("PUT", "/api/v1/policy", mute),
		api.Ask("POST", "/api/v1/policy/rollback", policies.Rollback{Author: "ann", Reason: "oops"}),
		api.Ask("POST", overlayPath, laying("")),
	} {
		if c := consoletest.Want[source.Change](t, call, 200); c.Author != "eve" || c.Number != i+2 {
			t.Errorf("change %d is by %q", c.Number, c.Author)
		}
	}
	if by := p.Latest().Overlay.Weights[0].Author; by != "eve" {
		t.Errorf("the weights are of %q", by)
	}
}

// TestCodesOfFailures holds what clients compare.
func TestCodesOfFailures(t *testing.T) {
	want := map[*console.Kind]string{
		policies.UnknownRevision: "404 unknown_revision", policies.Conflict: "409 conflict",
		policies.Invalid: "422 invalid_policy", policies.InvalidOverlay: "422 invalid_overlay", policies.Unfit: "422 unfit_policy",
	}
	for _, r := range policies.Routes(nil) {
		for _, k := range r.Fails {
			same(t, k.When, want[k], fmt.Sprint(k.Status, " ", k.Code))
		}
	}
}

func TestErrorsOfASourceAreAnswered(t *testing.T) {
	unset := errors.New(`backend "o": environment variable KEY: credential is not set`)
	for _, row := range []struct {
		name string
		err  error
		kind *console.Kind
		want string
	}{
		{"unknown", errors.New("storing the change: disk full"), console.Internal, "storing the change: disk full"},
		{"a policy that cannot be in effect", fmt.Errorf("pushing: %w", &source.ApplyError{Revision: "0123456789ab", Err: unset}), policies.Unfit,
			`pushing: applying revision 0123456789ab: backend "o": environment variable KEY: credential is not set`},
		{"incomplete", fmt.Errorf("%w: it does not say author", source.ErrIncomplete), console.BadRequest,
			"the proposal is incomplete: it does not say author"},
	} {
		t.Run(row.name, func(t *testing.T) {
			api := serve(t, broken{consoletest.New(t, first), row.err})
			got := consoletest.Fails(t, api.Ask("PUT", "/api/v1/policy", proposal(second, "")), row.kind)
			same(t, "the message", row.want, got.Cause.Message)
		})
	}
}

// broken takes no change.
type broken struct {
	*consoletest.Policies
	err error
}

func (b broken) Push(source.Proposal) (source.Change, error) { return source.Change{}, b.err }
