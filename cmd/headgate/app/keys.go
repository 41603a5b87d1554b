package app

import (
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/store"
)

// keysIn are the keys in a database: who makes them, and which there are.
func keysIn(d *store.Database, inEffect func() *policy.Set) (*key.Service, *key.Directory) {
	known := key.NewDirectory(d, time.Now)
	return key.New(key.Options{Database: d, Policy: inEffect, Changed: known.Wake, Now: time.Now}), known
}
