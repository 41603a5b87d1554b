package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/headgate/headgate/policy/keyform"
	"github.com/headgate/headgate/xds/console/keys"
)

// Keys returns the keys that are active, the newest first, or all.
func (c *Client) Keys(ctx context.Context, ended bool) (all keys.List, err error) {
	return all, c.ask(ctx, http.MethodGet, keys.Prefix+"?ended="+strconv.FormatBool(ended), nil, &all)
}

// Key returns a key by its id, its name or its text. Failures are of keys.Unknown.
func (c *Client) Key(ctx context.Context, name string) (k keys.Key, err error) {
	return k, c.ask(ctx, http.MethodGet, keyPath(name, ""), nil, &k)
}

// CreateKey makes a key. Failures are of keys.Invalid and keys.Taken.
func (c *Client) CreateKey(ctx context.Context, of keys.Creation) (m keys.Made, err error) {
	return m, c.ask(ctx, http.MethodPost, keys.Prefix, of, &m)
}

// RotateKey makes another text of a key. Failures are of keys.Unknown, keys.Invalid and keys.Ended.
func (c *Client) RotateKey(ctx context.Context, name string, of keys.Rotation) (m keys.Made, err error) {
	return m, c.ask(ctx, http.MethodPost, keyPath(name, "/rotate"), of, &m)
}

// RevokeKey ends a key. Failures are of keys.Unknown.
func (c *Client) RevokeKey(ctx context.Context, name string, of keys.Change) (k keys.Key, err error) {
	return k, c.ask(ctx, http.MethodPost, keyPath(name, "/revoke"), of, &k)
}

// ExpireKey says when a key expires. Failures are of keys.Unknown, keys.Invalid and keys.Ended.
func (c *Client) ExpireKey(ctx context.Context, name string, of keys.Expiry) (k keys.Key, err error) {
	return k, c.ask(ctx, http.MethodPost, keyPath(name, "/expire"), of, &k)
}

// AssignKey gives a key other attributes. Failures are of keys.Unknown, keys.Invalid and keys.Ended.
func (c *Client) AssignKey(ctx context.Context, name string, of keys.Assignment) (k keys.Key, err error) {
	return k, c.ask(ctx, http.MethodPut, keyPath(name, "/attributes"), of, &k)
}

// keyPath is the path of a key. The text of one, which is secret, stays out of it.
func keyPath(name, of string) string {
	if id := keyform.ID([]byte(name)); id != nil {
		name = string(id)
	}
	return keys.Prefix + "/" + url.PathEscape(name) + of
}
