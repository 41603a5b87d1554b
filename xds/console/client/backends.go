package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/headgate/headgate/xds/console/backends"
)

// ResetBackend has every pair forget what it found out of a backend. A failure is of
// backends.Unknown.
func (c *Client) ResetBackend(ctx context.Context, name string, by backends.Order) (r backends.Reset, err error) {
	return r, c.ask(ctx, http.MethodPost, backends.Prefix+"/"+url.PathEscape(name)+"/reset", by, &r)
}
