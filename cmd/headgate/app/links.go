package app

import (
	"time"

	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/pair"
)

// newLinks makes the control plane's end of the links of pairs.
func newLinks(j *journal.Journal, o controlOptions) *pair.Server {
	return pair.New(pair.Options{Journal: j, Now: time.Now, Log: o.log.Named("pairs")}, o.reg)
}

// outOfService lists what the pairs of this control plane do not ask, or ask last.
func (c *controlPlane) outOfService() (all []fleet.OutOfService) {
	for _, o := range c.links.Out() {
		one := fleet.OutOfService{
			Backend: o.Backend, Model: o.Model, Pool: o.Pool, Address: o.Address, Reason: o.Reason, Since: o.Since, Pairs: o.Nodes,
		}
		if !o.Until.IsZero() {
			one.Until = &o.Until
		}
		all = append(all, one)
	}
	return all
}
