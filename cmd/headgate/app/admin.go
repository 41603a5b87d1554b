package app

import (
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/adminkey"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/adminkeys"
	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store"
)

// adminAPI is the admin API of a control plane: a line per capability. It takes admin keys, over
// plain HTTP, so its port must be loopback.
func adminAPI(keys *adminkey.Keys, changes *publisher, status func() xds.Status, database func() store.Status, seen fleet.Seen, pairs backends.Pairs, j *journal.Journal, log *zap.Logger) *console.Console {
	api := console.New(console.Options{Who: adminkeys.Who(keys)})
	api.Mount(adminkeys.Prefix, adminkeys.Routes())
	api.Mount(policies.Prefix, policies.Routes(changes))
	api.Mount(fleet.Prefix, fleet.Routes(changes, status, database, seen))
	api.Mount(backends.Prefix, backends.Routes(changes, pairs, log.Named("backends")))
	api.Mount(costs.Prefix, costs.Routes(j, time.Now))
	api.Mount(exchanges.Prefix, exchanges.Routes(j, time.Now))
	return api
}

// adminKeys are the admin keys of a control plane, with the one in its state folder.
func adminKeys(o controlOptions) (*adminkey.Keys, error) {
	if o.state == "" {
		o.log.Warn("without a state folder there is no first admin key: the admin API takes those of the database alone")
		return adminkey.New(nil, time.Now), nil
	}
	file, err := adminkey.OpenFile(filepath.Join(o.state, adminkey.FileName))
	if err != nil {
		return nil, err
	}
	if file.Exposed() {
		o.log.Error("others than its owner can read the admin key, and change everything: chmod 600", zap.String("file", file.Path()))
	}
	return adminkey.New(file, time.Now), nil
}
