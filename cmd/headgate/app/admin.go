package app

import (
	"time"

	"go.uber.org/zap"

	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/backends"
	"github.com/headgate/headgate/xds/console/costs"
	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/policies"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/store"
)

// adminAPI is the admin API of a control plane: a line per capability. Nobody signs in,
// so its port must be loopback.
func adminAPI(changes *publisher, status func() xds.Status, database func() store.Status, seen fleet.Seen, pairs backends.Pairs, j *journal.Journal, log *zap.Logger) *console.Console {
	api := console.New(console.Options{Who: console.Anyone})
	api.Mount(policies.Prefix, policies.Routes(changes))
	api.Mount(fleet.Prefix, fleet.Routes(changes, status, database, seen))
	api.Mount(backends.Prefix, backends.Routes(changes, pairs, log.Named("backends")))
	api.Mount(costs.Prefix, costs.Routes(j, time.Now))
	api.Mount(exchanges.Prefix, exchanges.Routes(j, time.Now))
	return api
}
