package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console/policies"
)

// Current returns the change in effect.
func (c *Client) Current(ctx context.Context) (source.Change, error) { return c.Find(ctx, "") }

// History returns every change, the newest first, without files.
func (c *Client) History(ctx context.Context) (all []source.Change, err error) {
	return all, c.ask(ctx, http.MethodGet, policies.Prefix+"/history", nil, &all)
}

// Find returns the newest change to a revision; empty: the one in effect.
func (c *Client) Find(ctx context.Context, revision string) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodGet, pathOf(revision), nil, &r)
}

// Canonical is Find for the canonical form of what is, or was, in effect.
func (c *Client) Canonical(ctx context.Context, revision string) (form json.RawMessage, err error) {
	return form, c.ask(ctx, http.MethodGet, pathOf(revision)+"?canonical", nil, &form)
}

// CanonicalDocument is Canonical without what lies over the document.
func (c *Client) CanonicalDocument(ctx context.Context, revision string) (form json.RawMessage, err error) {
	return form, c.ask(ctx, http.MethodGet, pathOf(revision)+"?canonical=document", nil, &form)
}

// Push puts a policy into effect and returns its change. Failures are of
// policies.Conflict, policies.Invalid with every fault, or policies.Unfit.
func (c *Client) Push(ctx context.Context, p source.Proposal) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodPut, policies.Prefix, p, &r)
}

// Rollback puts an earlier policy into effect again. Failures are those of Push, and of
// policies.UnknownRevision.
func (c *Client) Rollback(ctx context.Context, to policies.Rollback) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodPost, policies.Prefix+"/rollback", to, &r)
}

// Diff returns what a push would change.
func (c *Client) Diff(ctx context.Context, files []policy.File) (d policies.Diff, err error) {
	return d, c.ask(ctx, http.MethodPost, policies.Prefix+"/diff", policies.Candidate{Files: files}, &d)
}

// Overlay returns what lies over the document in effect.
func (c *Client) Overlay(ctx context.Context) (o policies.Overlay, err error) {
	return o, c.ask(ctx, http.MethodGet, policies.Prefix+"/overlay", nil, &o)
}

// Lay lays something over the document in effect, or takes it back, and returns the
// change. Failures are of policies.Conflict, policies.InvalidOverlay with every fault, or
// policies.Unfit.
func (c *Client) Lay(ctx context.Context, l policies.Laying) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodPost, policies.Prefix+"/overlay", l, &r)
}

func pathOf(revision string) string {
	if revision == "" {
		return policies.Prefix
	}
	return policies.Prefix + "/history/" + url.PathEscape(revision)
}
