package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/purges"
)

// PurgeCache has every pair forget answers in the cache. Failures are of purges.Invalid and
// purges.Full.
func (c *Client) PurgeCache(ctx context.Context, of purges.Order) (m purges.Made, err error) {
	return m, c.ask(ctx, http.MethodPost, purges.Prefix, of, &m)
}

// Purges returns the purges that are active, the newest first.
func (c *Client) Purges(ctx context.Context) (all purges.List, err error) {
	return all, c.ask(ctx, http.MethodGet, purges.Prefix, nil, &all)
}
