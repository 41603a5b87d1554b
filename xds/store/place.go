package store

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/headgate/headgate/policy/regular"
)

// Place is where a database is. The zero value is nowhere.
type Place struct {
	SQLite    string // its file
	Env, File string // what holds the URL of one of PostgreSQL
}

// Kind is "sqlite" or "postgres"; empty: the place is nowhere.
func (p Place) Kind() string {
	switch {
	case p == Place{}:
		return ""
	case p.SQLite != "":
		return "sqlite"
	}
	return "postgres"
}

// String names the place, never the URL.
func (p Place) String() string {
	switch {
	case p.SQLite != "":
		return p.SQLite
	case p.Env != "":
		return "URL in environment variable " + p.Env
	case p.File != "":
		return "URL in file " + p.File
	}
	return "nowhere"
}

// opened is a database, and what it was opened by.
type opened struct {
	*Store
	place Place
	url   string      // of PostgreSQL
	file  os.FileInfo // of SQLite
}

func (p Place) open(ctx context.Context) (*opened, error) {
	if p.SQLite != "" {
		s, err := OpenSQLite(ctx, p.SQLite)
		if err != nil {
			return nil, err
		}
		o := &opened{Store: s, place: p}
		o.file, _ = os.Stat(p.SQLite) // nil: it is gone already, which moved finds
		return o, nil
	}
	url, err := p.url()
	if err != nil {
		return nil, err
	}
	s, err := OpenPostgres(ctx, url)
	if err != nil {
		return nil, err
	}
	return &opened{Store: s, place: p, url: url}, nil
}

// maxURL bounds a file with a URL, in bytes.
const maxURL = 16 << 10

// url reads the URL.
func (p Place) url() (string, error) {
	if p.File != "" {
		text, err := regular.Read(p.File, maxURL)
		return strings.TrimSpace(string(text)), err
	}
	url, ok := os.LookupEnv(p.Env)
	if !ok {
		return "", fmt.Errorf("environment variable %s is not set", p.Env)
	}
	return strings.TrimSpace(url), nil
}

// Check reports whether a place names a database, as far as the environment of this process
// shows. No error quotes a URL.
func (p Place) Check() error {
	if p.Kind() != "postgres" {
		return nil
	}
	url, err := p.url()
	if err == nil {
		_, err = parseURL(url)
	}
	return err
}

// moved reports whether the place holds another database by now: another URL, or another file.
// One that cannot be seen at the moment is not another.
func (o *opened) moved() bool {
	if o.file != nil {
		now, err := os.Stat(o.place.SQLite)
		return os.IsNotExist(err) || err == nil && !os.SameFile(o.file, now)
	}
	url, err := o.place.url()
	return err == nil && url != o.url
}
