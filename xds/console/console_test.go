package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
)

func proposal(text, expect string) source.Proposal {
	return source.Proposal{Files: one(text), Author: "ann", Reason: "less", Expect: expect}
}

func TestAChangeAndItsHistory(t *testing.T) {
	r := newRig(t)
	a, b := revision(t, first), revision(t, second)
	was := source.Change{Number: 1, Revision: a, Origin: source.FromFile, Author: "file", At: consoletest.Start, Files: one(first)}
	got := r.ask("GET", "/api/v1/policy", nil)
	same(t, "the policy at the start", was, want[source.Change](t, got, 200))
	same(t, "its tag", `"`+a+`"`, got.header.Get("ETag"))

	is := source.Change{Number: 2, Revision: b, Parent: a, Origin: source.FromPush, Author: "ann", Reason: "less", At: consoletest.Start.Add(time.Minute)}
	got = r.ask("PUT", "/api/v1/policy", proposal(second, a))
	same(t, "the answer to a push", is, want[source.Change](t, got, 200))
	same(t, "the new tag", `"`+b+`"`, got.header.Get("ETag"))

	back := source.Change{Number: 3, Revision: a, Parent: b, Origin: source.FromRollback, Author: "bob", Reason: "oops", At: consoletest.Start.Add(2 * time.Minute)}
	got = r.ask("POST", "/api/v1/policy/rollback", console.Rollback{Revision: a, Author: "bob", Reason: "oops", Expect: b})
	same(t, "the answer to a rollback", back, want[source.Change](t, got, 200))

	was.Files = nil
	same(t, "the history", []source.Change{back, is, was}, want[[]source.Change](t, r.ask("GET", "/api/v1/policy/history", nil), 200))
	is.Files = one(second)
	same(t, "one entry of it", is, want[source.Change](t, r.ask("GET", "/api/v1/policy/history/"+b, nil), 200))
	back.Files = one(first)
	same(t, "the policy at the end", back, want[source.Change](t, r.ask("GET", "/api/v1/policy", nil), 200))
}

func TestTheCanonicalFormIsExact(t *testing.T) {
	r := newRig(t)
	set, err := policy.Parse("p", []byte(strings.Replace(second, "fast", "a&b<c>", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want[source.Change](t, r.ask("PUT", "/api/v1/policy", proposal(string(set.Canonical()), "")), 200)
	got := r.ask("GET", "/api/v1/policy?canonical", nil)
	same(t, "the policy in effect", string(set.Canonical()), string(got.body))
	same(t, "its tag", `"`+set.Revision+`"`, got.header.Get("ETag"))
	same(t, "the same by its revision", string(set.Canonical()), string(r.ask("GET", "/api/v1/policy/history/"+set.Revision+"?canonical", nil).body))
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
		code     console.Code
		status   int
	}{
		{"no author", push, nobody, nil, console.BadRequest, 400},
		{"a blank author", push, blank, nil, console.BadRequest, 400},
		{"no reason", push, mute, nil, console.BadRequest, 400},
		{"no files", push, none, nil, console.BadRequest, 400},
		{"a file without a name", push, nameless, nil, console.BadRequest, 400},
		{"a file without a name to compare", "POST /api/v1/policy/diff", map[string]any{"files": nameless.Files}, nil, console.BadRequest, 400},
		{"no JSON", push, "version: 1", nil, console.BadRequest, 400},
		{"nothing", push, "", nil, console.BadRequest, 400},
		{"two values", push, `{} {}`, nil, console.BadRequest, 400},
		{"an unknown key", push, `{"fiels":[]}`, nil, console.BadRequest, 400},
		{"another revision expected", push, proposal(second, b), nil, console.Conflict, 409},
		{"another revision expected by header", push, ok, []string{"If-Match", `"` + b + `"`}, console.Conflict, 409},
		{"two revisions expected", push, proposal(second, a), []string{"If-Match", `"` + b + `"`}, console.BadRequest, 400},
		{"a weak tag", push, ok, []string{"If-Match", `W/"` + a + `"`}, console.BadRequest, 400},
		{"a list of tags", push, ok, []string{"If-Match", `"` + a + `", "` + b + `"`}, console.BadRequest, 400},
		{"a faulty policy", push, proposal("version: 2", ""), nil, console.InvalidPolicy, 422},
		{"too much", push, proposal(strings.Repeat("#", 8<<20), ""), nil, console.TooLarge, 413},
		{"back to nowhere", rollback, console.Rollback{Author: "a", Reason: "r"}, nil, console.UnknownRevision, 404},
		{"back to what never was", rollback, console.Rollback{Revision: b, Author: "a", Reason: "r"}, nil, console.UnknownRevision, 404},
		{"back by nobody", rollback, console.Rollback{Revision: a, Reason: "r"}, nil, console.BadRequest, 400},
		{"back from another revision", rollback, console.Rollback{Revision: a, Author: "a", Reason: "r", Expect: b}, nil, console.Conflict, 409},
		{"removing", "DELETE /api/v1/policy", nil, nil, console.NotAllowed, 405},
		{"removing with no content type", "DELETE /api/v1/policy", nil, []string{"Content-Type", ""}, console.NotAllowed, 405},
		{"a form", push, ok, []string{"Content-Type", "application/x-www-form-urlencoded"}, console.NotJSON, 415},
		{"plain text", push, ok, []string{"Content-Type", "text/plain"}, console.NotJSON, 415},
		{"no content type", push, ok, []string{"Content-Type", ""}, console.NotJSON, 415},
		{"another site", push, ok, []string{"Sec-Fetch-Site", "cross-site"}, console.Forbidden, 403},
		{"another port of the site", push, ok, []string{"Sec-Fetch-Site", "same-site"}, console.Forbidden, 403},
		{"another origin", push, ok, []string{"Origin", "http://evil.example"}, console.Forbidden, 403},
		{"another port as the origin", rollback, ok, []string{"Origin", "http://127.0.0.1:1"}, console.Forbidden, 403},
		{"a hidden origin", push, ok, []string{"Origin", "null"}, console.Forbidden, 403},
		{"a name that somebody points here", push, ok, []string{"Host", "rebound.example"}, console.Forbidden, 403},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			method, path, _ := strings.Cut(row.to, " ")
			got := want[console.Failure](t, r.ask(method, path, row.body, row.headers...), row.status)
			if got.Cause.Code != row.code || got.Cause.Message == "" {
				t.Errorf("answered %+v, want code %s", got.Cause, row.code)
			}
			if len(r.policies.History()) != 1 {
				t.Fatal("something changed")
			}
		})
	}
	same(t, "what may be asked of the policy", "GET, PUT", newRig(t).ask("DELETE", "/api/v1/policy", nil).header.Get("Allow"))
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
			want[source.Change](t, r.ask("PUT", "/api/v1/policy", proposal(second, row.expect), append(row.headers, "Origin", r.url)...), 200)
		})
	}
}

func TestAConflictNamesBothRevisions(t *testing.T) {
	r := newRig(t)
	got := want[console.Failure](t, r.ask("PUT", "/api/v1/policy", proposal(second, "0123456789ab")), http.StatusConflict)
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
		got := want[console.Failure](t, r.ask(method, path, body), http.StatusUnprocessableEntity)
		for i := range got.Faults {
			if got.Faults[i].Message == "" {
				t.Errorf("%s: fault %d says nothing", to, i)
			}
			got.Faults[i].Message = ""
		}
		same(t, to, wanted, got.Faults)
	}
}

func TestOnlyLoopbackNamesAreServed(t *testing.T) {
	r := newRig(t)
	for host, status := range map[string]int{
		"localhost": 200, "localhost:8081": 200, "LOCALHOST:1": 200, "127.0.0.1": 200, "127.9.9.9:8081": 200, "[::1]": 200, "[::1]:8081": 200,
		"[::ffff:127.0.0.1]:80": 200,
		"evil.example":          403, "evil.example:8081": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
		"10.0.0.1:8081": 403, "0.0.0.0:8081": 403, "[::]:8081": 403, "[fe80::1]": 403,
	} {
		for _, path := range []string{"/api/v1/policy", "/api/v1/status"} {
			if got := r.ask("GET", path, nil, "Host", host); got.status != status {
				t.Errorf("host %s: answered %d, want %d: %s", host, got.status, status, got.body)
			}
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	r := newRig(t)
	for path, code := range map[string]console.Code{
		"/": console.NotFound, "/api/v1/polici": console.NotFound, "/api/v1/policy/history/0123456789ab": console.UnknownRevision,
	} {
		if got := want[console.Failure](t, r.ask("GET", path, nil), 404); got.Cause.Code != code {
			t.Errorf("%s: code %s, want %s", path, got.Cause.Code, code)
		}
	}
}

func TestStatus(t *testing.T) {
	r := newRig(t)
	a := revision(t, first)
	current := r.policies.Current()
	current.Files = nil
	got := r.ask("GET", "/api/v1/status", nil)
	same(t, "without a fleet", console.Status{Policy: current, Groups: []xds.GroupStatus{}, Pairs: []xds.PairStatus{}}, want[console.Status](t, got, 200))
	if !strings.Contains(string(got.body), `"refused":null,"groups":[],"pairs":[]`) {
		t.Errorf("lists and a missing refusal are not written out: %s", got.body)
	}
	nack := &xds.Refusal{Node: "n2", Type: "listener", Revision: a, Reason: "port taken", At: consoletest.Start}
	r.fleet = xds.Status{
		Groups: []xds.GroupStatus{{Cluster: "headgate", Region: "eu", Revision: a, LastGood: "0123456789ab", Refused: nack}},
		Pairs:  []xds.PairStatus{{Node: "n2", Cluster: "headgate", Region: "eu", Connected: consoletest.Start, Refused: nack}},
	}
	want[console.Failure](t, r.ask("PUT", "/api/v1/policy", proposal("version: 2", "")), 422)
	status := want[console.Status](t, r.ask("GET", "/api/v1/status", nil), 200)
	same(t, "with a fleet", console.Status{Policy: current, Refused: r.policies.Refused(), Groups: r.fleet.Groups, Pairs: r.fleet.Pairs}, status)
	if status.Refused == nil || !strings.HasPrefix(status.Refused.Reason, "policy.yaml:1:10 version: ") {
		t.Errorf("the refused change is %+v", status.Refused)
	}
}

func TestErrorsOfASourceAreTold(t *testing.T) {
	unset := errors.New(`backend "o": environment variable KEY: credential is not set`)
	for _, row := range []struct {
		name   string
		err    error
		status int
		cause  console.Cause
	}{
		{"unknown", errors.New("storing the change: disk full"), 500, console.Cause{Code: console.Internal, Message: "storing the change: disk full"}},
		{"a policy that cannot be in effect", fmt.Errorf("pushing: %w", &source.ApplyError{Revision: "0123456789ab", Err: unset}), 422,
			console.Cause{Code: console.UnfitPolicy, Message: `pushing: applying revision 0123456789ab: backend "o": environment variable KEY: credential is not set`}},
		{"incomplete", fmt.Errorf("%w: it does not say author", source.ErrIncomplete), 400,
			console.Cause{Code: console.BadRequest, Message: "the proposal is incomplete: it does not say author"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := console.Options{Policies: broken{newRig(t).policies, row.err}, Fleet: func() xds.Status { return xds.Status{} }, Compile: consoletest.Compile}
			got := want[console.Failure](t, serve(t, o).ask("PUT", "/api/v1/policy", proposal(second, "")), row.status)
			same(t, "the cause", row.cause, got.Cause)
		})
	}
}

// broken takes no change.
type broken struct {
	*consoletest.Policies
	err error
}

func (b broken) Push(source.Proposal) (source.Change, error) { return source.Change{}, b.err }
