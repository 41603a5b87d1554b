// Package adminkeys is the part of the admin API that knows who asks, by admin keys, and makes
// and revokes them.
package adminkeys

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
)

// Keys are the admin keys, as adminkey.Keys.
type Keys interface {
	// Find returns the key that a secret is, or adminkey.ErrUnknown. Another error says that
	// it cannot be known now.
	Find(ctx context.Context, secret string) (adminkey.Key, error)
	// Hint says where this control plane's own key is; nil: nowhere.
	Hint(challenge, port string) *adminkey.Hint
}

// rights are those of each role.
var rights = map[adminkey.Role][]console.Right{
	adminkey.Read:  {console.Read},
	adminkey.Write: {console.Read, console.Change},
}

// Who is console.Options.Who by admin keys.
func Who(keys Keys) func(*http.Request) (console.Principal, error) {
	return func(r *http.Request) (console.Principal, error) {
		secret, shown := bearer(r)
		k, err := keys.Find(r.Context(), secret)
		if err == nil {
			return console.Principal{Key: k.ID, Name: k.Name, Rights: rights[k.Role]}, nil
		}
		if !errors.Is(err, adminkey.ErrUnknown) {
			return console.Principal{}, err
		}
		if shown {
			return console.Principal{}, console.Unauthenticated.New("%v", err)
		}
		f := console.Unauthenticated.New("this takes an admin key, as Authorization: Bearer KEY")
		f.AdminKey = (*console.KeyFile)(keys.Hint(r.Header.Get(adminkey.ChallengeHeader), portOf(r)))
		return console.Principal{}, f
	}
}

// bearer is the secret that a request shows, if it shows any.
func bearer(r *http.Request) (secret string, shown bool) {
	text := r.Header.Get("Authorization")
	scheme, secret, _ := strings.Cut(text, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		secret = ""
	}
	return strings.TrimSpace(secret), text != ""
}

// portOf is the port of this process that a request came through.
func portOf(r *http.Request) string {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return ""
	}
	_, port, _ := net.SplitHostPort(addr.String()) // empty: nobody can prove anything
	return port
}
