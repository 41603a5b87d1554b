package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/guards"
)

// Guards returns what guards made of exchanges, and what those in shadow would have done.
func (c *Client) Guards(ctx context.Context, asked *guards.Asked) (r guards.Report, err error) {
	return r, c.ask(ctx, http.MethodGet, guards.Prefix+"?"+asked.Query(), nil, &r)
}
