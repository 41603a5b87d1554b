package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/costs"
)

// Costs returns what was consumed and what that costs.
func (c *Client) Costs(ctx context.Context, asked *costs.Asked) (r costs.Report, err error) {
	return r, c.ask(ctx, http.MethodGet, costs.Prefix+"?"+asked.Query(), nil, &r)
}
