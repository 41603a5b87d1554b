package app

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/audit"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/audits"
	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/caches"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/guards"
	"github.com/headgate/headgate/xds/console/keys"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/console/purges"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/store"
)

// administered is what the admin API of a control plane shows and changes.
type administered struct {
	admins   *adminkey.Keys
	audit    *audit.Log
	keys     *key.Service
	balances func(ctx context.Context, key string) key.Balances // what is left to a key; nil: nobody is asked
	changes  *publisher
	status   func() xds.Status
	database func() store.Status
	seen     fleet.Seen
	pairs    *pair.Server
	purges   purges.Book
	journal  *journal.Journal
	log      *zap.Logger
}

// adminAPI is the admin API of a control plane: a line per capability. It takes admin keys, over
// plain HTTP, so its port must be loopback.
func adminAPI(a *administered) *console.Console {
	api := console.New(console.Options{Who: adminkeys.Who(a.admins), Audit: func(r console.Record) { a.audit.Add(audits.RowOf(r)) }})
	api.Mount(adminkeys.Prefix, adminkeys.Routes())
	api.Mount(keys.Prefix, keys.Routes(a.keys, keys.Options{
		Takes: func() bool { return a.changes.Latest().ManagedKeys }, Balances: a.balances, Now: time.Now,
	}))
	api.Mount(audits.Prefix, audits.Routes(a.audit, time.Now))
	api.Mount(policies.Prefix, policies.Routes(a.changes))
	api.Mount(fleet.Prefix, fleet.Routes(a.changes, a.status, a.database, a.seen))
	api.Mount(backends.Prefix, backends.Routes(a.changes, a.pairs, a.log))
	api.Mount(purges.Prefix, purges.Routes(a.purges, a.pairs, a.log))
	api.Mount(costs.Prefix, costs.Routes(a.journal, time.Now))
	api.Mount(exchanges.Prefix, exchanges.Routes(a.journal, time.Now))
	api.Mount(guards.Prefix, guards.Routes(a.journal, time.Now))
	api.Mount(caches.Prefix, caches.Routes(a.journal, time.Now))
	return api
}

// serveAdmin serves the admin API of a control plane.
func (c *controlPlane) serveAdmin(l *lifecycle, j *journal.Journal, o controlOptions) (err error) {
	a := &administered{
		audit: followAudit(l, c.database, o), keys: c.keys, balances: c.balancesOf, changes: c.changes, status: c.server.Status, database: c.database.Status,
		seen: fleet.Seen{Out: c.outOfService, Balance: c.balance.List}, pairs: c.links, purges: c.purges, journal: j, log: o.log.Named("admin"),
	}
	if a.admins, err = adminKeys(c.known, o); err != nil {
		return err
	}
	c.admin, err = serveLoopback(l, port{"admin", o.admin, "--admin"}, adminAPI(a).Server())
	return err
}

// followAudit keeps what is changed in a database, and in the state folder while that is away.
func followAudit(l *lifecycle, d *store.Database, o controlOptions) *audit.Log {
	rows := audit.New(d, o.state, time.Now, o.log.Named("audit"))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { rows.Run(ctx) })
	l.started("audit", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
	return rows
}

// adminKeys are the admin keys of a control plane, with the one in its state folder.
func adminKeys(known *key.Directory, o controlOptions) (*adminkey.Keys, error) {
	if o.state == "" {
		o.log.Warn("without a state folder there is no first admin key: the admin API takes those of the database alone")
		return adminkey.New(nil, known), nil
	}
	file, err := adminkey.OpenFile(filepath.Join(o.state, adminkey.FileName))
	if err != nil {
		return nil, err
	}
	if file.Exposed() {
		o.log.Error("others than its owner can read the admin key, and change everything: chmod 600", zap.String("file", file.Path()))
	}
	return adminkey.New(file, known), nil
}
