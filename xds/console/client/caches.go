package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/caches"
)

// Cache returns what the cache made of exchanges.
func (c *Client) Cache(ctx context.Context, asked *caches.Asked) (r caches.Report, err error) {
	return r, c.ask(ctx, http.MethodGet, caches.Prefix+"?"+asked.Query(), nil, &r)
}
