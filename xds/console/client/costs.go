package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/headgate/headgate/xds/console/costs"
)

// Costs returns what was consumed, as the query of costs.Routes asks.
func (c *Client) Costs(ctx context.Context, query url.Values) (text json.RawMessage, err error) {
	return text, c.ask(ctx, http.MethodGet, costs.Prefix+"?"+query.Encode(), nil, &text)
}
