package envoy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Drain makes Envoy accept no more connections and waits until no request is in
// flight, or until ctx is done.
func (c *Child) Drain(ctx context.Context) error {
	return drain(ctx, c.admin, func(u use) bool { return u.requests == 0 })
}

// use is what clients do at an Envoy. Without a listener it is zero.
type use struct {
	connections, requests int64 // that are there
	begun                 int64 // requests, since the start
}

// drain makes an Envoy accept no more connections, has it close those that it has after the answers
// that are under way, and waits until what is left is little enough, or until ctx is done.
func drain(ctx context.Context, admin *http.Client, enough func(use) bool) error {
	for _, path := range []string{"/healthcheck/fail", "/drain_listeners"} {
		if _, err := ask(ctx, admin, http.MethodPost, path); err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		u, err := useOf(ctx, admin)
		if err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
		if enough(u) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("draining Envoy: %d requests are still in flight: %w", u.requests, ctx.Err())
		}
	}
}

// useOf asks an Envoy for its use.
func useOf(ctx context.Context, admin *http.Client) (u use, err error) {
	text, err := ask(ctx, admin, http.MethodGet, "/stats?filter=^http.gateway.downstream_(cx_active|rq_active|rq_total)$")
	if err != nil {
		return use{}, err
	}
	into := map[string]*int64{"cx_active": &u.connections, "rq_active": &u.requests, "rq_total": &u.begun}
	for line := range strings.Lines(text) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if n := into[strings.TrimPrefix(name, "http.gateway.downstream_")]; n != nil {
			if *n, err = strconv.ParseInt(number, 10, 64); err != nil {
				return use{}, fmt.Errorf("reading Envoy's statistic %q: %w", line, err)
			}
		}
	}
	return u, nil
}

// ReopenLogs has Envoy open the files of its access logs anew.
func (c *Child) ReopenLogs(ctx context.Context) error {
	if _, err := ask(ctx, c.admin, http.MethodPost, "/reopen_logs"); err != nil {
		return fmt.Errorf("reopening Envoy's logs: %w", err)
	}
	return nil
}

// ask asks an admin interface.
func ask(ctx context.Context, admin *http.Client, method, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://envoy"+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := admin.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	return string(b), nil
}
