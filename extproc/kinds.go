package extproc

import (
	"github.com/headgate/headgate/extproc/cache"
	"github.com/headgate/headgate/extproc/caller"
	"github.com/headgate/headgate/extproc/guard"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/extproc/meter"
	"github.com/headgate/headgate/extproc/provider"
	"github.com/headgate/headgate/extproc/record"
	"github.com/headgate/headgate/extproc/route"
	"github.com/headgate/headgate/extproc/self"
)

// Options are what the kinds of stages need beside policies.
type Options struct {
	Closer   *record.Closer // of rows
	Keeper   record.Keeper  // of rows that are not closed yet; nil: nothing keeps them
	Region   string         // that the gateway runs in; may be empty
	Shares   *route.Shares  // of uses, that a control plane decides on; nil: all keep their weights
	Managed  caller.Managed // keys that the control plane has made; nil: none will come
	Own      *self.Client   // for stages that make calls of their own; nil: none are made
	Limits   limit.Options
	Guards   guard.Options
	Cache    cache.Options
	Provider provider.Options
}

// Kinds are the kinds of stages in their order: requests go down it, so that record
// sees every ending and provider is next to the wire. CloseKinds closes them.
func Kinds(o Options) []Kind {
	all := []Kind{
		record.NewKind(o.Closer),
		caller.NewKind(caller.Options{LookupEnv: o.Provider.LookupEnv, Managed: o.Managed, Warn: o.Provider.Warn, Now: o.Provider.Now}),
		limit.NewKind(o.Limits),
		guard.NewKind(o.Guards),
		route.NewKind(o.Region, o.Shares),
		cache.NewKind(o.Cache),
		meter.NewKind(o.Provider.Now, o.Limits.Reg),
		provider.NewKind(o.Provider),
	}
	if o.Keeper != nil {
		all = append(all, record.NewOpeningKind(o.Keeper))
	}
	return all
}
