package keys_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// database is one that may be away.
type database struct {
	*store.Store
	away bool
}

func (d *database) Open(context.Context) (*store.Store, error) {
	if d.away {
		return nil, unavailable{}
	}
	return d.Store, nil
}

func (d *database) Wrote(*store.Store, error) {}

type unavailable struct{}

func (unavailable) Error() string { return "it is away" }

func (unavailable) Unavailable() string { return "it is away" }

// rig is an API of keys in a database, with what its changes left behind.
type rig struct {
	consoletest.API
	t        *testing.T
	database *database
	takes    bool // the policy takes keys of callers
	records  []console.Record
}

func newRig(t *testing.T) *rig {
	t.Helper()
	set, err := policy.Parse("policy.yaml", []byte("version: 1\nunpriced: flag\nbackends: {b: {provider: simulated}}\nmodels: {m: b/x}\nmanaged_keys: true\ntiers: {free: {rpm: 10}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, takes: true, database: &database{Store: storetest.SQLite(t)}}
	c := console.New(console.Options{Who: consoletest.Anyone, Audit: func(rec console.Record) { r.records = append(r.records, rec) }})
	s := key.New(key.Options{Database: r.database, Policy: func() *policy.Set { return set }, Now: time.Now})
	c.Mount(keys.Prefix, keys.Routes(s, keys.Options{Takes: func() bool { return r.takes }, Balances: r.balances, Now: time.Now}))
	r.API = consoletest.Serve(t, c)
	return r
}

// do asks for a change, whose record must have an outcome and nothing that is secret.
func (r *rig) do(method, path, body, outcome string) consoletest.Answer {
	r.t.Helper()
	before := len(r.records)
	a := r.Ask(method, "/api/v1/keys"+path, body)
	if len(r.records) != before+1 || r.records[before].Outcome != outcome {
		r.t.Fatalf("%s %s with %s is answered %s and leaves %+v, want %s", method, path, body, a.Body, r.records[before:], outcome)
	}
	return a
}

// balances are those of every key.
func (r *rig) balances(_ context.Context, id string) key.Balances {
	return key.Balances{Pairs: 1, Answered: 1, Limits: []key.Balance{{Pair: "n", Owner: "key", Name: id, Unit: "requests", Max: 5, Left: 4}}}
}

// TestWhatIsLeftToAKey holds that it is said of a caller's that is active, where one is asked for.
func TestWhatIsLeftToAKey(t *testing.T) {
	r := newRig(t)
	made := r.made("POST", "", `{"name": "ci"}`)
	r.made("POST", "", `{"name": "board", "role": "read"}`)
	get := func(name string) *key.Balances {
		return consoletest.Want[keys.Key](t, r.Ask("GET", "/api/v1/keys/"+name, nil), 200).Balances
	}
	if got := get("ci"); got == nil || len(got.Limits) != 1 || got.Limits[0].Name != made.Key.ID || got.Limits[0].Left != 4 {
		t.Errorf("of a caller's key it is %+v", got)
	}
	if got := get("board"); got != nil {
		t.Errorf("of a key of the admin API it is %+v", got)
	}
	if made.Key.Balances != nil {
		t.Errorf("of one that was just made it is %+v", made.Key.Balances)
	}
	r.do("POST", "/ci/revoke", `{}`, console.Done)
	if got := get(made.Key.ID); got != nil {
		t.Errorf("of a revoked key it is %+v", got)
	}
}

// made is a key that was made.
func (r *rig) made(method, path, body string) keys.Made {
	r.t.Helper()
	m := consoletest.Want[keys.Made](r.t, r.do(method, path, body, console.Done), 200)
	if keyform.ID([]byte(m.Text)) == nil {
		r.t.Errorf("%q is no key", m.Text)
	}
	return m
}

// TestAKeyFromItsMakingToItsEnd holds each call, what it leaves behind, and that a text is in the
// answer that made it and nowhere else.
func TestAKeyFromItsMakingToItsEnd(t *testing.T) {
	r := newRig(t)
	first := r.made("POST", "", `{"name": "ci", "attributes": {"tier": "free", "models": ["m"], "quota": {"rpm": 5}}, "author": "ann", "reason": "builds"}`)
	if k := first.Key; k.Name != "ci" || k.State != key.Active || k.CreatedBy != "ann" || k.Attributes.Tier != "free" || k.Attributes.Quota.RPM != 5 {
		t.Errorf("the key is %+v", k)
	}
	for _, name := range []string{"ci", first.Key.ID} {
		if got := consoletest.Want[keys.Key](t, r.Ask("GET", "/api/v1/keys/"+name, nil), 200); got.ID != first.Key.ID {
			t.Errorf("%s is %+v", name, got)
		}
	}
	second := r.made("POST", "/ci/rotate", `{"overlap": "1h"}`)
	if second.Text == first.Text || second.Key.ID != first.Key.ID || len(second.Key.Secrets) != 2 {
		t.Errorf("rotated it is %+v", second.Key)
	}
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	if k := consoletest.Want[keys.Key](t, r.do("POST", "/ci/expire", fmt.Sprintf(`{"expires": %q}`, expires.Format(time.RFC3339)), console.Done), 200); !k.Expires.Equal(expires) {
		t.Errorf("it expires %s", k.Expires)
	}
	if k := consoletest.Want[keys.Key](t, r.do("PUT", "/ci/attributes", `{"attributes": {"team": "red"}}`, console.Done), 200); k.Attributes.Team != "red" || k.Attributes.Tier != "" {
		t.Errorf("its attributes are %+v", k.Attributes)
	}
	if k := consoletest.Want[keys.Key](t, r.do("POST", "/"+first.Text+"/revoke", `{"author": "bob"}`, console.Done), 200); k.State != key.Revoked || k.RevokedBy != "bob" {
		t.Errorf("revoked it is %+v", k)
	}
	for query, want := range map[string]int{"": 0, "?ended=false": 0, "?ended=true": 1} {
		if got := consoletest.Want[keys.List](t, r.Ask("GET", "/api/v1/keys"+query, nil), 200); len(got.Keys) != want {
			t.Errorf("%s lists %+v", query, got.Keys)
		}
	}
	var actions []string
	for _, rec := range r.records {
		actions = append(actions, rec.Action)
		for _, m := range []keys.Made{first, second} {
			if text := fmt.Sprint(rec); strings.Contains(text, m.Text[len(m.Text)-20:]) {
				t.Errorf("a record has the key: %s", text)
			}
		}
		if rec.Subject == "" || rec.To == "" || rec.From == "" && rec.Action != "key.create" || rec.From == rec.To {
			t.Errorf("the record is %+v", rec)
		}
	}
	if got := strings.Join(actions, " "); got != "key.create key.rotate key.expire key.assign key.revoke" || r.records[0].Author != "ann" || r.records[0].Reason != "builds" {
		t.Errorf("the records are %+v", r.records)
	}
}

// TestAKeyThatCannotBe holds which failure comes, and that it is recorded.
func TestAKeyThatCannotBe(t *testing.T) {
	r := newRig(t)
	r.made("POST", "", `{"name": "ci"}`)
	r.made("POST", "", `{"name": "over"}`)
	r.do("POST", "/over/revoke", `{}`, console.Done)
	for _, row := range []struct {
		method, path, body string
		kind               *console.Kind
	}{
		{"POST", "", `{"name": "ci"}`, keys.Taken},
		{"POST", "", `{}`, keys.Invalid},
		{"POST", "", `{"name": "x", "role": "owner"}`, keys.Invalid},
		{"POST", "", `{"name": "x", "attributes": {"tier": "gold"}}`, keys.Invalid},
		{"POST", "", `{"name": "x", "attributes": {"models": ["n"]}}`, keys.Invalid},
		{"POST", "", `{"name": "x", "role": "read", "attributes": {"team": "red"}}`, keys.Invalid},
		{"POST", "", `{"name": "x", "expires": "2020-01-01T00:00:00Z"}`, keys.Invalid},
		{"POST", "", `{"name": "x", "key": "mine"}`, console.BadRequest},
		{"POST", "/ci/rotate", `{"overlap": "soon"}`, console.BadRequest},
		{"POST", "/ci/rotate", `{"overlap": "-1h"}`, keys.Invalid},
		{"POST", "/other/rotate", `{}`, keys.Unknown},
		{"POST", "/other/revoke", `{}`, keys.Unknown},
		{"POST", "/over/rotate", `{}`, keys.Ended},
		{"POST", "/over/expire", `{}`, keys.Ended},
		{"PUT", "/over/attributes", `{"attributes": {}}`, keys.Ended},
		{"PUT", "/ci/attributes", `{"attributes": {"tier": "gold"}}`, keys.Invalid},
	} {
		consoletest.Fails(t, r.do(row.method, row.path, row.body, row.kind.Code), row.kind)
	}
	consoletest.Fails(t, r.Ask("GET", "/api/v1/keys/other", nil), keys.Unknown)
	consoletest.Fails(t, r.Ask("GET", "/api/v1/keys?ended=maybe", nil), console.BadRequest)
	r.database.away = true
	consoletest.Fails(t, r.do("POST", "", `{"name": "y"}`, "unavailable"), console.Unavailable)
	consoletest.Fails(t, r.Ask("GET", "/api/v1/keys", nil), console.Unavailable)
}

// TestAKeyThatIsNotTaken holds that who makes one under a policy that does not take it is warned,
// and nobody else is.
func TestAKeyThatIsNotTaken(t *testing.T) {
	r := newRig(t)
	for takes, want := range map[bool]bool{true: false, false: true} {
		r.takes = takes
		name := fmt.Sprint(takes)
		if m := r.made("POST", "", fmt.Sprintf(`{"name": %q}`, name)); (m.Warning != "") != want {
			t.Errorf("taken: %v: warned with %q", takes, m.Warning)
		}
		if m := r.made("POST", "/"+name+"/rotate", `{}`); (m.Warning != "") != want {
			t.Errorf("taken: %v: rotated it is warned with %q", takes, m.Warning)
		}
		if m := r.made("POST", "", fmt.Sprintf(`{"name": "admin-%s", "role": "read"}`, name)); m.Warning != "" {
			t.Errorf("a key of the admin API is warned of: %q", m.Warning)
		}
	}
}
