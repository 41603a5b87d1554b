package app

import (
	"context"
	"sync"
	"time"

	"github.com/headgate/headgate/xds/balance"
	"github.com/headgate/headgate/xds/console/fleet"
	"github.com/headgate/headgate/xds/journal"
	"github.com/headgate/headgate/xds/pair"
	"github.com/headgate/headgate/xds/purge"
	"github.com/headgate/headgate/xds/replica"
	"github.com/headgate/headgate/xds/signal"
)

// startLinks makes the control plane's end of the links of pairs, and what is decided on by
// what they see.
func (c *controlPlane) startLinks(l *lifecycle, j *journal.Journal, o controlOptions) {
	log := o.log.Named("pairs")
	view := signal.New(time.Now, o.reg, log)
	c.balance = balance.New(balance.Options{
		Tries: view.Tries, Regions: func() []string { return c.links.Regions() }, Decided: func() { c.links.Wake() }, Log: log,
	}, o.reg)
	c.links = pair.New(pair.Options{Journal: j, Signals: view, Shares: c.balance, Keys: c.known, Now: time.Now, Log: log}, o.reg)
	c.purges = purge.New(purge.Options{Database: c.database, Active: c.links.Active, Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.balance.Run(ctx) })
	running.Go(func() { c.purges.Run(ctx) })
	running.Go(func() { c.known.Run(ctx, c.links.Wake) })
	running.Go(func() { replica.New(c.database, c.links).Run(ctx) })
	l.started("what pairs see", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
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
