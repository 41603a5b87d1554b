package app

import (
	"context"
	"slices"
	"time"

	"github.com/headgate/headgate/extproc"
	"github.com/headgate/headgate/extproc/limit"
	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/pairpb"
	"github.com/headgate/headgate/xds/key"
	"github.com/headgate/headgate/xds/store"
)

// keysIn are the keys in a database: who makes them, and which there are.
func keysIn(d *store.Database, inEffect func() *policy.Set) (*key.Service, *key.Directory) {
	known := key.NewDirectory(d, time.Now)
	return key.New(key.Options{Database: d, Policy: inEffect, Changed: known.Wake, Now: time.Now}), known
}

// balances says what is left to a key, by its id, at the pair of this process.
func (d *dataPlane) balances(ctx context.Context, id string) *pairpb.Balances {
	set, who := d.newest.Load(), d.keys.Caller(id)
	if set == nil || who == nil {
		return &pairpb.Balances{}
	}
	i := slices.IndexFunc(d.kinds, func(k extproc.Kind) bool { _, ok := k.(*limit.Kind); return ok })
	all, err := d.kinds[i].(*limit.Kind).Balances(ctx, set, who)
	if err != nil {
		return &pairpb.Balances{Trouble: err.Error()}
	}
	out := &pairpb.Balances{Shared: set.Redis.URL != policy.Credential{}}
	for _, b := range all {
		out.Balances = append(out.Balances, &pairpb.Balance{
			Owner: b.Owner, Name: b.Name, Unit: b.Unit, Max: b.Max, Left: b.Left, ResetNanos: b.Reset.Nanoseconds(), Shadow: b.Shadow,
		})
	}
	return out
}

// askWithin bounds how long pairs are waited for that do not answer.
const askWithin = 2 * time.Second

// balancesOf asks the pairs of this control plane what is left to a key, by its id.
func (c *controlPlane) balancesOf(ctx context.Context, id string) key.Balances {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	said := c.links.Balances(ctx, id)
	all := key.Balances{Pairs: said.Asked}
	for _, one := range said.Pairs {
		all.Add(one.Node, one.Balances)
	}
	return all
}
