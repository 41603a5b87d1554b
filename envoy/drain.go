package envoy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Drain makes Envoy accept no more connections and waits until no request is in
// flight, or until ctx is done.
func (c *Child) Drain(ctx context.Context) error { return drain(ctx, c.admin, "requests") }

// active are the statistics of what is under way, by what it is.
var active = map[string]string{"requests": "http.gateway.downstream_rq_active", "connections": "http.gateway.downstream_cx_active"}

// drain makes an Envoy accept no more connections, has it close those that it has after the answers
// that are under way, and waits until nothing of a kind is there, or until ctx is done.
func drain(ctx context.Context, admin *http.Client, kind string) error {
	for _, path := range []string{"/healthcheck/fail", "/drain_listeners"} {
		if _, err := ask(ctx, admin, http.MethodPost, path); err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := ask(ctx, admin, http.MethodGet, "/stats?filter=^"+active[kind]+"$")
		if err != nil {
			return fmt.Errorf("draining Envoy: %w", err)
		}
		// Without a listener there is no such number, and nothing under way either.
		if text = strings.TrimSpace(text); text == "" || strings.HasSuffix(text, ": 0") {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("draining Envoy: %s are still there: %w", kind, ctx.Err())
		}
	}
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
