package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/headgate/headgate/policy"
	"github.com/headgate/headgate/policy/source"
	"github.com/headgate/headgate/xds/console"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 256 << 20

// adminClient asks the admin API. A refusal is a *console.Failure; every other error
// says that the API could not be asked.
type adminClient struct {
	addr string
	http http.Client
}

// newAdminClient makes a client that goes to the address itself: no proxy leads to
// loopback.
func newAdminClient(addr string) *adminClient {
	return &adminClient{addr: addr, http: http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
}

func (c *adminClient) status(ctx context.Context) (s console.Status, err error) {
	return s, c.ask(ctx, http.MethodGet, "status", nil, &s)
}

func (c *adminClient) current(ctx context.Context) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodGet, "policy", nil, &r)
}

func (c *adminClient) history(ctx context.Context) (all []source.Change, err error) {
	return all, c.ask(ctx, http.MethodGet, "policy/history", nil, &all)
}

// find returns a change by its revision; empty: the one in effect.
func (c *adminClient) find(ctx context.Context, revision string) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodGet, pathOf(revision), nil, &r)
}

// canonical is find for the canonical form.
func (c *adminClient) canonical(ctx context.Context, revision string) (form json.RawMessage, err error) {
	return form, c.ask(ctx, http.MethodGet, pathOf(revision)+"?canonical", nil, &form)
}

func (c *adminClient) push(ctx context.Context, p source.Proposal) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodPut, "policy", p, &r)
}

func (c *adminClient) rollback(ctx context.Context, to console.Rollback) (r source.Change, err error) {
	return r, c.ask(ctx, http.MethodPost, "policy/rollback", to, &r)
}

func (c *adminClient) diff(ctx context.Context, files []policy.File) (d console.Diff, err error) {
	return d, c.ask(ctx, http.MethodPost, "policy/diff", map[string]any{"files": files}, &d)
}

func pathOf(revision string) string {
	if revision == "" {
		return "policy"
	}
	return "policy/history/" + url.PathEscape(revision)
}

// ask sends one request and decodes the answer.
func (c *adminClient) ask(ctx context.Context, method, path string, body, into any) error {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("no admin API at %s (%w): headgate run or headgate xds must be running there, or name another address with --admin", c.addr, err)
	}
	defer resp.Body.Close()
	answer := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode == http.StatusOK {
		if err := answer.Decode(into); err != nil {
			return fmt.Errorf("reading the answer of %s, which may not be Headgate: %w", c.addr, err)
		}
		return nil
	}
	var f console.Failure
	if err := answer.Decode(&f); err != nil || f.Cause.Code == "" {
		return fmt.Errorf("%s answers with status %d and is not Headgate's admin API: name its address with --admin", c.addr, resp.StatusCode)
	}
	return &f
}

func (c *adminClient) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("asking the admin API: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+"/api/v1/"+path, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("address %q of the admin API: %w", c.addr, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// filesToSend reads a policy's files under their base names: where they lie here is
// nobody else's business.
func filesToSend(ctx context.Context, path string) ([]policy.File, error) {
	files, err := source.ReadOnce(ctx, path)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Name = filepath.Base(files[i].Name)
	}
	return files, nil
}
