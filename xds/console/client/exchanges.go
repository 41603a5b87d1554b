package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/headgate/headgate/xds/console/exchanges"
	"github.com/headgate/headgate/xds/journal"
)

// Exchanges returns a page of exchanges, the newest first.
func (c *Client) Exchanges(ctx context.Context, asked *exchanges.Asked) (p journal.Page, err error) {
	return p, c.ask(ctx, http.MethodGet, exchanges.Prefix+"?"+asked.Query(), nil, &p)
}

// Tail returns what ended since a cursor, which must be none at first, and the next cursor.
func (c *Client) Tail(ctx context.Context, asked *exchanges.Asked) (p journal.Page, err error) {
	return p, c.ask(ctx, http.MethodGet, exchanges.Prefix+"/tail?"+asked.Query(), nil, &p)
}

// Trace returns an exchange. Failures are of exchanges.Unknown.
func (c *Client) Trace(ctx context.Context, id string) (e journal.Exchange, err error) {
	return e, c.ask(ctx, http.MethodGet, exchanges.Prefix+"/"+url.PathEscape(id), nil, &e)
}
