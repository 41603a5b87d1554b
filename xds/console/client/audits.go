package client

import (
	"context"
	"net/http"

	"github.com/headgate/headgate/xds/console/audits"
)

// Audit returns a page of what was changed through the API, the newest first.
func (c *Client) Audit(ctx context.Context, asked *audits.Asked) (p audits.Page, err error) {
	return p, c.ask(ctx, http.MethodGet, audits.Prefix+"?"+asked.Query(), nil, &p)
}
