package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/fleet"
)

// Status returns the policy in effect, the change that was refused last, and which pairs
// have taken what.
func (c *Client) Status(ctx context.Context) (s fleet.Status, err error) {
	return s, c.ask(ctx, http.MethodGet, fleet.Prefix, nil, &s)
}
