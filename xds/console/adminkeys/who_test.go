package adminkeys_test

import (
	"errors"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/consoletest"
	"github.com/headgate/headgate/xds/key"
)

const own = "/api/v1/admin-keys/own"

// served is an API that takes the key in a file.
func served(t *testing.T) (api consoletest.API, secret string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), adminkey.FileName)
	file, err := adminkey.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if secret, err = adminkey.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	c := console.New(console.Options{Who: adminkeys.Who(adminkey.New(file, none{}))})
	c.Mount(adminkeys.Prefix, adminkeys.Routes())
	return consoletest.Serve(t, c), secret
}

// TestTheAPITakesAKey holds that nothing but a key is taken, whatever form a request gives it.
func TestTheAPITakesAKey(t *testing.T) {
	api, secret := served(t)
	for _, header := range []string{"Bearer " + secret, "bearer  " + secret} {
		got := consoletest.Want[adminkeys.Own](t, api.Ask("GET", own, nil, "Authorization", header), 200)
		if got.ID != adminkey.Local || len(got.Rights) != 2 {
			t.Errorf("%q asks as %+v", header, got)
		}
	}
	for _, header := range []string{"", secret, "Bearer", "Bearer ", "Bearer x", "Basic " + secret, "Bearer " + secret + "x", "Bearer " + secret + ", Bearer " + secret} {
		got := api.Ask("GET", own, nil, "Authorization", header)
		f := consoletest.Fails(t, got, console.Unauthenticated)
		if got.Header.Get("WWW-Authenticate") != "Bearer" || f.AdminKey != nil {
			t.Errorf("%q is answered %+v with %v", header, f, got.Header)
		}
	}
	consoletest.Fails(t, api.Ask("GET", "/api/v1/openapi.yaml", nil), console.Unauthenticated)
	if got := api.Ask("GET", "/api/v1/openapi.yaml", nil, "Authorization", "Bearer "+secret); got.Status != 200 {
		t.Errorf("the description is answered %d", got.Status)
	}
}

// TestWhereTheKeyIs holds that a challenge without a key is answered, for the port that was
// asked, and one with a wrong key is not.
func TestWhereTheKeyIs(t *testing.T) {
	api, secret := served(t)
	at, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	challenge := adminkey.NewChallenge()
	hint := consoletest.Fails(t, api.Ask("GET", own, nil, adminkey.ChallengeHeader, challenge), console.Unauthenticated).AdminKey
	if hint == nil {
		t.Fatal("no file is named")
	}
	if got, err := (*adminkey.Hint)(hint).Secret(challenge, at.Port()); err != nil || got != secret {
		t.Errorf("the file's key is not found: %v", err)
	}
	wrong := consoletest.Fails(t, api.Ask("GET", own, nil, adminkey.ChallengeHeader, challenge, "Authorization", "Bearer x"), console.Unauthenticated)
	if wrong.AdminKey != nil {
		t.Error("who has a wrong key is led to the right one")
	}
}

// TestARoleHasItsRights holds what each may do.
func TestARoleHasItsRights(t *testing.T) {
	for role, want := range map[key.Role]int{key.Read: 200, key.Write: 200, "": 403, "owner": 403} {
		c := console.New(console.Options{Who: adminkeys.Who(one{key: &key.Key{ID: "1", Name: "ann", Role: role}})})
		c.Mount(adminkeys.Prefix, adminkeys.Routes())
		c.Mount("tea", []console.Route{{Method: "PUT", Right: console.Change, Action: "tea.pour", Answer: "it", Handle: func(*console.Call) (any, error) { return "", nil }}})
		api := consoletest.Serve(t, c)
		if got := api.Ask("GET", own, nil); got.Status != want {
			t.Errorf("%s reads: %d", role, got.Status)
		}
		change := 403
		if role == key.Write {
			change = 200
		}
		if got := api.Ask("PUT", "/api/v1/tea", "{}"); got.Status != change {
			t.Errorf("%s changes: %d", role, got.Status)
		}
	}
}

// TestAKeyThatCannotBeKnownIsNotWrong holds that whoever asks is not sent for another key.
func TestAKeyThatCannotBeKnownIsNotWrong(t *testing.T) {
	c := console.New(console.Options{Who: adminkeys.Who(one{err: errors.New("the disk is gone")})})
	c.Mount(adminkeys.Prefix, adminkeys.Routes())
	consoletest.Fails(t, consoletest.Serve(t, c).Ask("GET", own, nil), console.Internal)
}

// one is every key.
type one struct {
	adminkeys.Keys
	key *key.Key
	err error
}

func (o one) Find(string) (*key.Key, error) { return o.key, o.err }

func (o one) Hint(string, string) *adminkey.Hint { return nil }

// none is a database without keys.
type none struct{}

func (none) Find(string) *key.Key { return nil }

func (none) Known() bool { return true }
