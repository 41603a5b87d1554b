// Package adminkeys is the part of the admin API that knows who asks, by admin keys.
package adminkeys

import (
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/key"
)

// Keys are the admin keys, as adminkey.Keys.
type Keys interface {
	// Find returns the key that a text is, or adminkey.ErrUnknown. Another error says that
	// it cannot be known now.
	Find(text string) (*key.Key, error)
	// Hint says where this control plane's own key is; nil: nowhere.
	Hint(challenge, port string) *adminkey.Hint
}

// rights are those of each role.
var rights = map[key.Role][]console.Right{
	key.Read:  {console.Read},
	key.Write: {console.Read, console.Change},
}

// Who is console.Options.Who by admin keys.
func Who(keys Keys) func(*http.Request) (console.Principal, error) {
	return func(r *http.Request) (console.Principal, error) {
		text, shown := bearer(r)
		k, err := keys.Find(text)
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

// bearer is the text that a request shows as its key, if it shows any.
func bearer(r *http.Request) (text string, shown bool) {
	header := r.Header.Get("Authorization")
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		text = ""
	}
	return strings.TrimSpace(text), header != ""
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
