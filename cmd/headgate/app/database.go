package app

import (
	"context"
	"path/filepath"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/store"
)

// followStore makes the database of a control plane, which its policies name.
func followStore(l *lifecycle, o controlOptions) *store.Database {
	d := store.New(o.reg, o.log.Named("store"))
	o.ops.say(func() string { return storeDetail(d.Status()) })
	l.started("database", func(context.Context) error { return d.Close() })
	return d
}

// storeFile is the database of a policy that names none, in the state folder.
const storeFile = "headgate.db"

// placeOf is where a policy says that the database is. Without a state folder there is no
// place for one that the policy does not name.
func placeOf(s policy.Store, state string) store.Place {
	path := s.SQLite
	switch {
	case s.Postgres != policy.Credential{}:
		return store.Place{Env: s.Postgres.Env, File: s.Postgres.File}
	case path == "":
		path = storeFile
	}
	if filepath.IsAbs(path) {
		return store.Place{SQLite: path}
	}
	if state == "" {
		return store.Place{}
	}
	return store.Place{SQLite: filepath.Join(state, path)}
}

// storeDetail is what /readyz says of the database, without which policies are served.
func storeDetail(s store.Status) string {
	if s.Trouble == "" || s.Kind == "" {
		return ""
	}
	return "the database (" + s.Place + ") cannot be used since " + s.Since.UTC().Format("2006-01-02T15:04:05Z") + ": " + s.Trouble + "; pairs keep their rows\n"
}
