package app

import (
	"github.com/headgate/headgate/xds"
	"github.com/headgate/headgate/xds/console"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/console/policies"
)

// adminAPI is the admin API of a control plane: a line per capability. Nobody signs in,
// so its port must be loopback.
func adminAPI(changes *publisher, status func() xds.Status, out func() []fleet.OutOfService) *console.Console {
	api := console.New(console.Options{Who: console.Anyone})
	api.Mount(policies.Prefix, policies.Routes(changes))
	api.Mount(fleet.Prefix, fleet.Routes(changes, status, out))
	return api
}
