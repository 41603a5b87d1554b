package purges_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/zap"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/console/purges"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
	"github.com/headgate/headgate/xds/store"
	"github.com/headgate/headgate/xds/store/storetest"
)

// rig is an API of purges in a database, with pairs that note what they are to forget and what its
// changes left behind.
type rig struct {
	consoletest.API
	t       *testing.T
	store   *store.Store // nil: it is away
	asked   []purge.Purge
	records []console.Record
}

// Open implements purge.Database.
func (r *rig) Open(context.Context) (*store.Store, error) {
	if r.store == nil {
		return nil, unavailable{}
	}
	return r.store, nil
}

// Wrote implements purge.Database.
func (*rig) Wrote(*store.Store, error) {}

type unavailable struct{}

func (unavailable) Error() string { return "it is away" }

func (unavailable) Unavailable() string { return "it is away" }

// Purge implements purges.Pairs.
func (r *rig) Purge(p purge.Purge) func(context.Context) pair.Forgotten {
	r.asked = append(r.asked, p)
	return func(context.Context) pair.Forgotten {
		return pair.Forgotten{Pairs: 3, Silent: []string{"n"}, Elsewhere: 2, Things: 5}
	}
}

func newRig(t *testing.T, who func(*http.Request) (console.Principal, error)) *rig {
	r := &rig{t: t, store: storetest.SQLite(t)}
	c := console.New(console.Options{Who: who, Audit: func(rec console.Record) { r.records = append(r.records, rec) }})
	book := purge.New(purge.Options{Database: r, Active: func([]purge.Purge) {}, Now: time.Now})
	c.Mount(purges.Prefix, purges.Routes(book, r, zap.NewNop()))
	r.API = consoletest.Serve(t, c)
	return r
}

// order asks for a purge, which must leave a record of the outcome.
func (r *rig) order(body, outcome string) consoletest.Answer {
	r.t.Helper()
	before := len(r.records)
	a := r.Ask("POST", "/api/v1/cache/purges", body)
	if len(r.records) != before+1 || r.records[before].Outcome != outcome || r.records[before].Action != "cache.purge" {
		r.t.Fatalf("%s is answered %s and leaves %+v, want %s", body, a.Body, r.records[before:], outcome)
	}
	return a
}

// TestAPurge holds what is answered to one, asked of the pairs, recorded and listed.
func TestAPurge(t *testing.T) {
	r := newRig(t, consoletest.Anyone)
	made := consoletest.Want[purges.Made](t, r.order(`{"model": "m", "tag": "a", "author": "ann", "reason": " wrong "}`, console.Done), 200)
	if len(r.asked) != 1 {
		t.Fatalf("the pairs are asked for %v", r.asked)
	}
	asked := r.asked[0]
	want := purges.Made{Purge: purges.Purge{Purge: asked, Until: asked.At.Add(purge.Life)}, Pairs: 3, Silent: []string{"n"}, Elsewhere: 2, Entries: 5}
	if diff := cmp.Diff(want, made, cmpopts.EquateEmpty()); diff != "" || asked.By != "ann" || asked.Reason != "wrong" || asked.String() != "model m, tag a" {
		t.Errorf("asked for %+v, answered (-want +got):\n%s", asked, diff)
	}
	if rec := r.records[0]; rec.Subject != "cache: model m, tag a" || rec.Author != "ann" || rec.Reason != "wrong" || rec.From != "" || !strings.Contains(rec.To, `"id":"`+asked.ID+`"`) || !strings.Contains(rec.To, `"model":"m","tag":"a"`) {
		t.Errorf("the record is %+v", rec)
	}
	r.order(`{"ids": ["01JZ8Q4C7T3V5W6X7Y8Z9A0B1C"]}`, console.Done)
	list := consoletest.Want[purges.List](t, r.Ask("GET", "/api/v1/cache/purges", nil), 200)
	if len(list.Purges) != 2 || list.Purges[0].IDs[0] != "01JZ8Q4C7T3V5W6X7Y8Z9A0B1C" {
		t.Fatalf("listed: %+v", list)
	}
	if diff := cmp.Diff(made.Purge, list.Purges[1]); diff != "" {
		t.Errorf("listed (-made +listed):\n%s", diff)
	}
}

// TestWhatCannotBePurged holds which failure comes, with all that is wrong, that no pair hears of
// it, and that no record or answer has a secret.
func TestWhatCannotBePurged(t *testing.T) {
	r := newRig(t, consoletest.Anyone)
	secret := keyform.New(keyform.NewID())
	for body, kind := range map[string]*console.Kind{
		`{}`:                            purges.Invalid,
		`{"all": false}`:                purges.Invalid,
		`{"all": true, "model": "m"}`:   purges.Invalid,
		`{"ids": ["x"], "team": "\n"}`:  purges.Invalid,
		`{"caller": "` + secret + `"}`:  purges.Invalid,
		`{"model": "m", "models": "n"}`: console.BadRequest,
		`{"model": ["m"]}`:              console.BadRequest,
		``:                              console.BadRequest,
	} {
		consoletest.Fails(t, r.order(body, kind.Code), kind)
	}
	a := r.order(`{"ids": ["x"], "team": "\n", "tag": "`+strings.Repeat("x", 300)+`"}`, purges.Invalid.Code)
	for _, field := range []string{"ids[0]", "team", "tag"} {
		if !strings.Contains(string(a.Body), field) {
			t.Errorf("%s is not in %s", field, a.Body)
		}
	}
	r.store = nil
	consoletest.Fails(t, r.order(`{"all": true}`, "unavailable"), console.Unavailable)
	consoletest.Fails(t, r.Ask("GET", "/api/v1/cache/purges", nil), console.Unavailable)
	if len(r.asked) != 0 || strings.Contains(fmt.Sprint(r.records), secret) {
		t.Errorf("the pairs are asked for %v, the records are %v", r.asked, r.records)
	}
}

// TestWhoMayOnlyReadPurgesNothing holds that purges are seen with that right, and none is made.
func TestWhoMayOnlyReadPurgesNothing(t *testing.T) {
	r := newRig(t, func(*http.Request) (console.Principal, error) {
		return console.Principal{Name: "board", Rights: []console.Right{console.Read}}, nil
	})
	consoletest.Fails(t, r.Ask("POST", "/api/v1/cache/purges", `{"all": true}`), console.Forbidden)
	if list := consoletest.Want[purges.List](t, r.Ask("GET", "/api/v1/cache/purges", nil), 200); len(list.Purges) != 0 || len(r.asked) != 0 {
		t.Errorf("listed: %+v, asked for: %v", list, r.asked)
	}
}

// TestThePrincipalIsTheAuthor holds that whose key it is stands above whom the request names.
func TestThePrincipalIsTheAuthor(t *testing.T) {
	r := newRig(t, func(*http.Request) (console.Principal, error) {
		return console.Principal{Key: "k1", Name: "bob", Rights: []console.Right{console.Change}}, nil
	})
	r.order(`{"all": true, "author": "ann"}`, console.Done)
	if rec := r.records[0]; rec.Author != "bob" || rec.Key != "k1" || r.asked[0].By != "bob" {
		t.Errorf("the record is %+v, the purge by %s", rec, r.asked[0].By)
	}
}
